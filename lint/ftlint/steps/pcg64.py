"""numpy's default random generator, as far as `choice` and `permutation` use it.

`default_rng(seed).choice(n, size, p=p)` draws one double an item and looks it up among the running
sums of p; `permutation(n)` exchanges each item, from the last on, with one before it. Interleaving
with probabilities and splits are reproducible because of it. Source: numpy
`random/bit_generator.pyx` (SeedSequence), `random/src/pcg64`, `random/_generator.pyx` (choice,
permutation), `random/src/distributions` (random_interval).
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_M32 = 0xFFFFFFFF
_M64 = (1 << 64) - 1
_M128 = (1 << 128) - 1
_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


def choices(seed: int, probabilities: Sequence[float]) -> Iterator[int]:
    """Yield without end what `default_rng(seed).choice(len(p), p=p)` would draw, one at a time.

    `seed` is 0 or above.
    """
    sums = []
    running = 0.0
    for probability in probabilities:
        running += probability
        sums.append(running)
    last = sums[-1]
    sums = [value / last for value in sums]
    places = range(len(sums))
    for draw in _doubles(seed):
        for place in places:
            if draw < sums[place]:
                yield place
                break
        else:
            yield len(sums) - 1


def permutation(seed: int, count: int) -> list[int]:
    """Return what `default_rng(seed).permutation(count)` does; `count` is below 2**32."""
    order = list(range(count))
    draws = _halves(seed)
    for place in range(count - 1, 0, -1):
        other = _up_to(place, draws)
        order[place], order[other] = order[other], order[place]
    return order


def _up_to(most: int, draws: Iterator[int]) -> int:
    """Draw an integer up to `most`: as many bits as it has, again until they are no more."""
    mask = (1 << most.bit_length()) - 1
    while (drawn := next(draws) & mask) > most:
        pass
    return drawn


def _halves(seed: int) -> Iterator[int]:
    for bits in _bits(seed):
        yield bits & _M32
        yield bits >> 32


def _doubles(seed: int) -> Iterator[float]:
    for bits in _bits(seed):
        yield (bits >> 11) * 1.1102230246251565e-16  # 2**-53


def _bits(seed: int) -> Iterator[int]:
    state, increment = _seeded(seed)
    while True:
        state = (state * _MULTIPLIER + increment) & _M128
        folded = (state >> 64) ^ (state & _M64)
        turn = state >> 122
        yield (folded >> turn) | ((folded << (64 - turn)) & _M64)


def _seeded(seed: int) -> tuple[int, int]:
    words = _seed_words(seed)
    initial = (words[0] << 64) | words[1]
    increment = (((words[2] << 64) | words[3]) << 1 | 1) & _M128
    state = (increment + initial) & _M128
    return (state * _MULTIPLIER + increment) & _M128, increment


def _seed_words(seed: int) -> list[int]:
    """Return four 64-bit words of numpy's SeedSequence for one non-negative integer."""
    entropy = []
    while True:
        entropy.append(seed & _M32)
        seed >>= 32
        if not seed:
            break
    constant = 0x43B0D7E5

    def hashed(value: int) -> int:
        nonlocal constant
        value ^= constant
        constant = constant * 0x931E8875 & _M32
        value = value * constant & _M32
        return value ^ value >> 16

    def mix(left: int, right: int) -> int:
        value = (left * 0xCA01F9DD - right * 0x4973F715) & _M32
        return value ^ value >> 16

    pool = [hashed(entropy[at] if at < len(entropy) else 0) for at in range(4)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = mix(pool[target], hashed(pool[source]))
    for extra in entropy[4:]:
        for target in range(4):
            pool[target] = mix(pool[target], hashed(extra))
    constant = 0x8B51F9DD
    halves = []
    for at in range(8):
        value = pool[at % 4] ^ constant
        constant = constant * 0x58F38DED & _M32
        value = value * constant & _M32
        halves.append(value ^ value >> 16)
    return [halves[at] | halves[at + 1] << 32 for at in range(0, 8, 2)]

"""Whether evaluations rise again at their end, or whether it is only their noise.

A likelihood-ratio test of two accounts of the same evaluations, from the first near the lowest on:

- *levelled*: they fall towards a level (exponentially, with an unknown time), and stay there;
- *risen*: they do that, and from some evaluation on they rise by some share of the level.

In both the noise of an evaluation is correlated with that of the one before: AR(1), with an
unknown scale and an unknown correlation of 0 to 0.7. Nothing is fitted: the likelihood of each
account is averaged over all that is unknown in it (the level and the size of the fall are
integrated out). So an account that could explain anything gains nothing by it. The quotient of
both averages is the evidence.

A rise that levelled off again has the course of neither. It is seen where all of the last
evaluations lie far above the lowest, by the scatter that they have among themselves.

For the same number of false rises, most true ones are found if in both accounts those courses count
most that are hardest to tell from the other account. Of levelled runs these have strong, correlated
noise, which wanders. Of risen runs they are the rises that are small beside their noise; the more
evaluations there are, the smaller a rise may be and still be seen, and the more it counts. The
weights were found by simulation, and so that a quotient of 1 calls one in forty levelled runs
risen, over 6 to 60 evaluations, for each noise of 0.2 % to 2 %, white or correlated by up to 0.7
(docs/cli.md has the shares, also of larger noise; tests/doctor/power.py counts them).
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median, stdev

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Basis = tuple[list[float], list[float]]

CRITICAL = 1.0
"""From this ratio on evaluations are taken to have risen."""
GOING_ON = 4.0
"""So many times the evidence is asked of a run that goes on: it is looked at again and again, and
may fall yet."""
NEAR, FARTHEST = 0.1, 0.5
"""The fall at the beginning, to within this share of the lowest loss, tells nothing of noise; where
noise reaches farther, to within its reach, but to no more than the other share."""
REACH = 4.0
"""Noise reaches so many times its scale, as that is told from one evaluation to the next: too small
where noise is correlated."""
UNTOLD = 0.032
"""Beside a rise noise that evaluations are too few to tell is at most this: more is rare."""
FAR = 10.0
"""Above that it does not matter how far."""
LEAST, MOST = 3, 60
"""Evaluations that can be judged; of more, neighbours are averaged."""
SCALES = (0.001, 0.002, 0.004, 0.0075, 0.0125, 0.02, 0.032, 0.05, 0.08, 0.13)
"""Standard deviations of the noise, as shares of the level."""
RARE = {0.02: 0.2, 0.04: 0.1}
"""Noise of a scale above each is so much rarer in levelled runs, above both by both."""
CORRELATIONS = {0.0: 0.2, 0.4: 0.4, 0.7: 1.0}
"""With the weight of each where evaluations levelled off."""
TIMES = (0.06, 0.15, 0.35, 0.8)
"""In which the fall goes on, as shares of what was evaluated; there may be no fall, too."""
SIZE = 0.1
"""Standard deviation of the size of that fall."""
STARTS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.85)
"""Where a rise begins, as shares of what was evaluated."""
BENDS = (0.6, 1.2)
"""Exponents of a rise over time: it slackens, or becomes steeper."""
RISES = (0.022, 0.035, 0.055, 0.09, 0.15, 0.3, 0.8)
"""How far it comes until the last evaluation."""
BALANCED = 18
"""With so many evaluations rises of all sizes count alike."""
SIGMAS = 3.0
"""A rise comes to as many standard deviations of an evaluation: a smaller one cannot be told."""
AFTER = 1.3
"""A rise is seen in more than one evaluation."""
BORDERS = (1 / 3, 1 / 2, 2 / 3)
"""Where a rise may have levelled off, as shares of what was evaluated."""
LEVEL, CLEAR = 7, 6.0
"""It did if the evaluations after that, so many at least, all lie above the lowest one before by
more than so many of their own standard deviations."""


class Evidence(NamedTuple):
    """What evaluations show."""

    ratio: float
    """How many times likelier they are where they rose than where they levelled off."""
    noise: float
    """Standard deviation of a single one, as a share of the level, by the likelier account."""
    judged: int
    """How many they are."""
    clear: bool
    """Whether they rose and levelled off again, clear of the lowest."""

    def risen(self, *, going_on: bool = False) -> bool:
        """Return whether they rose beyond what noise does."""
        return self.clear or self.ratio >= CRITICAL * (GOING_ON if going_on else 1)


def evidence(losses: Sequence[float]) -> Evidence | None:
    """Return what finite positive losses show; None where they are too few to tell anything."""
    lowest = min(losses, default=0.0)
    if lowest <= 0:
        return None
    near = _near(losses, lowest)
    shares = _averaged([min(loss / lowest - 1, FAR) for loss in near])
    if len(shares) < LEAST:
        return None
    levelled, risen = _Sum(), _Sum()
    for correlation, weight in CORRELATIONS.items():
        _weigh(shares, correlation, math.log(weight), levelled, risen)
    ahead = risen.logarithm() - levelled.logarithm()
    clear = _lie_clear(near)
    # a large rise is never quite of the form that is assumed: what it is off by is no noise
    rose = ahead > 0 or clear
    rough = _roughness(near)
    most = UNTOLD if rough == math.inf else rough
    noise = min(risen.noise(), most) if rose else levelled.noise()
    return Evidence(math.exp(min(700.0, ahead)), noise, len(near), clear)


def _lie_clear(losses: Sequence[float]) -> bool:
    """Return whether they rose and levelled off again, as they do when the rate has fallen.

    Either account could take that for correlated noise alone, which would have to be large; but
    where the loss is level the scatter shows that it is small.
    """
    for share in BORDERS:
        at = int(share * len(losses))
        before, after = losses[:at], losses[at:]
        if before and len(after) >= LEVEL and min(after) - min(before) > CLEAR * stdev(after):
            return True
    return False


def _near(losses: Sequence[float], lowest: float) -> Sequence[float]:
    """Return the evaluations from the first one on that is as near the lowest as noise reaches.

    Not from one that is nearer: that is low by chance, and noise alone looks like a rise after it.
    """

    def within(share: float) -> Sequence[float]:
        return losses[next(at for at, loss in enumerate(losses) if loss <= lowest * (1 + share)) :]

    near = within(NEAR)
    reach = REACH * _roughness(near)
    return near if reach <= NEAR or reach == math.inf else within(min(FARTHEST, reach))


def _averaged(shares: list[float]) -> list[float]:
    """Return the averages of neighbours, the last ones among themselves: few enough."""
    size = math.ceil(len(shares) / MOST)
    parts = [shares[max(0, end - size) : end] for end in range(len(shares), 0, -size)]
    return [sum(part) / len(part) for part in parts[::-1]]


def _roughness(losses: Sequence[float]) -> float:
    """Return the noise that bends a curve from one evaluation to the next, as a share of it.

    Second differences of white noise have a variance six times its own; half of them lie within
    0.67 standard deviations.
    """
    bends = [
        abs(before - 2 * one + after) / one
        for before, one, after in zip(losses, losses[1:], losses[2:], strict=False)
    ]
    return median(bends) / (math.sqrt(6) * 0.6745) if len(bends) >= LEAST else math.inf


class _Sum:
    """A weighted mean of likelihoods, all by their logarithms; by the scale of noise."""

    def __init__(self) -> None:
        self._largest = -math.inf
        self._by_scale = dict.fromkeys(SCALES, 0.0)
        self._weights = 0.0

    def add(self, logarithms: Sequence[float], scale: float, weight: float) -> None:
        """Count further likelihoods at one scale, each with a weight."""
        largest = max(logarithms) + weight
        if largest > self._largest:
            shrink = math.exp(self._largest - largest)
            for known in self._by_scale:
                self._by_scale[known] *= shrink
            self._largest = largest
        top = self._largest - weight
        self._by_scale[scale] += sum(math.exp(one - top) for one in logarithms)
        self._weights += len(logarithms) * math.exp(weight)

    def logarithm(self) -> float:
        """Return the logarithm of the mean."""
        return self._largest + math.log(sum(self._by_scale.values()) / self._weights)

    def noise(self) -> float:
        """Return the mean scale, each weighted by its likelihood."""
        whole = sum(self._by_scale.values())
        return sum(scale * part for scale, part in self._by_scale.items()) / whole


def _of_level(scale: float) -> float:
    """Return the logarithm of the weight of a scale where evaluations levelled off."""
    rarer = (math.log(share) for above, share in RARE.items() if scale > above)
    return 0.3 * math.log(scale) + sum(rarer)


def _of_rise(rise: float, scale: float, count: int) -> float:
    """Return the same of a rise in such noise."""
    return -0.5 * math.log(count / BALANCED) * math.log(rise / scale)


def _weigh(
    shares: list[float], correlation: float, weight: float, levelled: _Sum, risen: _Sum
) -> None:
    """Add the likelihoods at one correlation: those of the innovations, which are independent."""
    count, kept = len(shares), 1 - correlation**2
    seen, level = _innovations(shares, correlation), _innovations([1.0] * count, correlation)
    rises = [_innovations(rise, correlation) for rise in _rises(count)]
    for fall in _falls(count):
        basis = (level, _innovations(fall, correlation))
        plain = _Products(seen, seen, basis)
        pairs = [(_Products(seen, rise, basis), _Products(rise, rise, basis)) for rise in rises]
        for scale in SCALES:
            variance = scale**2 * kept
            ridge = variance / SIZE**2
            constant = (
                math.log(kept * ridge / plain.determinant(ridge)) - (count - 1) * math.log(variance)
            ) / 2
            left = plain.left(ridge)
            levelled.add([constant - left / (2 * variance)], scale, weight + _of_level(scale))
            sizes = [(along.left(ridge), size.left(ridge)) for along, size in pairs]
            for far in RISES:
                if far >= SIGMAS * scale:
                    risen.add([
                        constant - (left + far * (far * size - 2 * along)) / (2 * variance)
                        for along, size in sizes
                    ], scale, _of_rise(far, scale, count))  # fmt: skip


class _Products:
    """The product of two courses, a level and a fall of a size near 0 taken out of both."""

    def __init__(self, one: list[float], other: list[float], basis: Basis) -> None:
        level, fall = basis
        self._a, self._b, self._c = _dot(level, level), _dot(fall, fall), _dot(level, fall)
        p, q, r, s = _dot(level, one), _dot(fall, one), _dot(level, other), _dot(fall, other)
        self._whole, self._levels, self._mixed = _dot(one, other), p * r, p * s + q * r
        self._falls = q * s

    def determinant(self, ridge: float) -> float:
        """Return how far apart level and fall are, with the fall held by a ridge."""
        return self._a * (self._b + ridge) - self._c**2

    def left(self, ridge: float) -> float:
        """Return the product of what is left."""
        taken = self._levels * (self._b + ridge) - self._mixed * self._c + self._falls * self._a
        return self._whole - taken / self.determinant(ridge)


def _dot(one: list[float], other: list[float]) -> float:
    return sum(map(float.__mul__, one, other))


def _innovations(course: list[float], correlation: float) -> list[float]:
    first = course[0] * math.sqrt(1 - correlation**2)
    return [first, *(after - correlation * before for before, after in pairwise(course))]


def _falls(count: int) -> Iterator[list[float]]:
    yield [0.0] * count
    for time in TIMES:
        yield [math.exp(-at / (time * (count - 1))) for at in range(count)]


def _rises(count: int) -> Iterator[list[float]]:
    for start in STARTS:
        begin = start * (count - 1)
        if count - 1 - begin >= AFTER:
            for bend in BENDS:
                yield [(max(0.0, at - begin) / (count - 1 - begin)) ** bend for at in range(count)]

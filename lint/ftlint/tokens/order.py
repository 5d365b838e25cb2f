"""The order in which the trainer takes rows: that of torch's `randperm`, seeded as accelerate does.

Source: torch `aten/native/TensorFactories.cpp` randperm_cpu, `MT19937RNGEngine.h`; accelerate
`data_loader.py` SeedableRandomSampler (1.7, 1.11); transformers `trainer.py` (4.52 to 5.6).
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_WORDS = 624


def shuffled(seed: int, count: int) -> list[int]:
    """Return `torch.randperm(count)` of a generator with this seed."""
    order = list(range(count))
    draws = _draws(seed)
    for place in range(count - 1):
        other = place + next(draws) % (count - place)
        order[place], order[other] = order[other], order[place]
    return order


def order_of(values: Mapping[str, Any], count: int, epoch: int) -> list[int] | None:
    """Return the places of rows in one epoch, counted from 0; None where it is not known."""
    if values.get("streaming") or values.get("group_by_length"):
        return None
    strategy = values.get("train_sampling_strategy") or "random"
    if values.get("disable_shuffling") or strategy == "sequential":
        return list(range(count))
    seeds = values.get("data_seed"), values.get("seed")
    seed = next((one for one in seeds if one is not None), 42)
    accelerator = values.get("accelerator_config")
    if strategy != "random" or not isinstance(seed, int) or seed < 0 or accelerator:
        return None
    return shuffled(seed + epoch, count)


def _draws(seed: int) -> Iterator[int]:
    """Yield the 32-bit numbers of a Mersenne Twister that one number seeds."""
    from random import Random

    words = [seed & 0xFFFFFFFF]
    for place in range(1, _WORDS):
        last = words[-1]
        words.append((1812433253 * (last ^ last >> 30) + place) & 0xFFFFFFFF)
    twister = Random()
    twister.setstate((3, (*words, _WORDS), None))
    draw = twister.getrandbits
    while True:
        yield draw(32)

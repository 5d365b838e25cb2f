"""Intervals that assume no distribution: of a median by order statistics, of anything by blocks."""

from __future__ import annotations

import math
import random
from statistics import NormalDist, median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LEVEL = 0.95
RESAMPLES, FEWEST = 2000, 400
DRAWN = 2_000_000
"""Values drawn at most, unless that leaves too few resamples: long runs need no more."""
SEED = 20_211


class Interval(NamedTuple):
    """An estimate with its bounds; `level` is what they really cover, under 0.95 for few values."""

    value: float
    low: float
    high: float
    level: float = LEVEL


def of_median(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the median between two order statistics: exact for any continuous distribution.

    The number of values under the true median is binomial(n, 1/2). The pair is the narrowest that
    is symmetric in rank and covers `level`; fewer than six values cannot cover 95 %, and then the
    bounds are the smallest and the largest with the level that they do cover.

    Raises:
        ValueError: there are no values.
    """
    ordered = sorted(values)
    count = len(ordered)
    if not count:
        raise ValueError("no values")
    total, below, rank, chosen = 2**count, 1, 0, 1
    covered = total - 2  # between the smallest and the largest
    while rank + 1 < count / 2:
        chosen = chosen * (count - rank) // (rank + 1)  # of `count` values, `rank + 1`
        tail = below + chosen
        if (total - 2 * tail) / total < level:
            break
        rank, below, covered = rank + 1, tail, total - 2 * tail
    return Interval(
        median(ordered), ordered[rank], ordered[count - 1 - rank], max(covered, 0) / total
    )


def by_blocks(
    values: Sequence[float],
    statistic: Callable[[Sequence[float]], float],
    *,
    block: int | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return a statistic with percentiles of its block bootstrap.

    Steps that follow each other are alike (clocks drift), so runs of `block` neighbours are drawn
    together, on a ring so that every value is drawn as often; by default five, or the cube root of
    the count, and never more than a quarter of it. Few blocks spread too little, as a sample's
    deviation does: the percentiles are moved out as Student's t stands to the normal.

    A single value says nothing of how others would be: its bounds are itself, with level 0.

    Raises:
        ValueError: there are no values.
    """
    count = len(values)
    if not count:
        raise ValueError("no values")
    if count == 1:
        value = statistic(values)
        return Interval(value, value, value, 0.0)
    size = _block(count, block)
    found = sorted(map(statistic, _drawn(values, size, resamples, random.Random(SEED))))
    return _between(statistic(values), found, count / size, level)


def of_change(before: Sequence[float], after: Sequence[float], level: float = LEVEL) -> Interval:
    """Return by how much the median of `after` is greater, as a share of that of `before`.

    Both are drawn anew in blocks, each by itself, as in `by_blocks`.

    Raises:
        ValueError: there are fewer than two values on a side.
    """
    if min(len(before), len(after)) < 2:
        raise ValueError("too few values")
    draw = random.Random(SEED)
    sides = [
        map(median, _drawn(values, _block(len(values)), RESAMPLES, draw))
        for values in (before, after)
    ]
    found = sorted(new / old - 1 for old, new in zip(*sides))
    blocks = min(len(values) / _block(len(values)) for values in (before, after))
    return _between(median(after) / median(before) - 1, found, blocks, level)


def _block(count: int, asked: int | None = None) -> int:
    return max(1, min(count // 4, asked or max(5, round(count ** (1 / 3)))))


def _drawn(
    values: Sequence[float], size: int, resamples: int, draw: random.Random
) -> Iterator[list[float]]:
    """Yield resamples of values, made of blocks of neighbours on a ring."""
    count = len(values)
    ring = [*values, *values[: size - 1]]
    for _ in range(min(resamples, max(FEWEST, DRAWN // count))):
        sample: list[float] = []
        while len(sample) < count:
            start = draw.randrange(count)
            sample += ring[start : start + size]
        yield sample[:count]


def _between(value: float, found: Sequence[float], blocks: float, level: float) -> Interval:
    """Return percentiles of resampled values, moved out for few blocks."""
    wider = _wider(blocks, level)
    low, high = (quantile(found, (1 + side * level) / 2) for side in (-1, 1))
    return Interval(value, value - wider * (value - low), value + wider * (high - value), level)


def _wider(blocks: float, level: float) -> float:
    """Return Student's t over the normal quantile, and n over n - 1 (Cornish and Fisher's t)."""
    if blocks <= 1:
        return 1.0
    normal = NormalDist().inv_cdf((1 + level) / 2)
    student = normal + (normal**3 + normal) / (4 * (blocks - 1))
    return student / normal * math.sqrt(blocks / (blocks - 1))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values, between two of them by a straight line."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread(values: Sequence[float]) -> float:
    """Return the interquartile range over the median."""
    ordered = sorted(values)
    middle = median(ordered)
    return (quantile(ordered, 0.75) - quantile(ordered, 0.25)) / middle if middle else math.inf

"""Where warm-up ends, found from the data.

The rule is the marginal standard error rule (MSER) of simulation studies: leave out as many first
values as makes the standard error of the rest smallest. It is taken over times that are first
divided by what a step of that size takes, so that a long batch is not mistaken for a cold one, and
with outliers pulled in, so that one hiccup late in the run does not drag the cut behind it.
"""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = 3
"""Steps that must stay; a cut that leaves fewer is none."""


class Warmup(NamedTuple):
    """The first `steps` are warm-up. Unsettled: the times still fell when the run ended."""

    steps: int
    settled: bool


def find(seconds: Sequence[float], work: Sequence[float] | None = None) -> Warmup:
    """Return how many first steps to leave out.

    Args:
        seconds: of each step, in order.
        work: of each step, in any unit (tokens); None when all steps are alike.
    """
    count = len(seconds)
    if count <= LEAST:
        return Warmup(min(1, max(count - 1, 0)), settled=False)
    values = _clipped(relative(seconds, work))
    last = max(1, count // 2)
    scores = _standard_errors(values)
    cut = min(range(1, last + 1), key=lambda one: scores[one])
    settled = count - cut >= LEAST and cut < last
    return Warmup(min(cut, count - LEAST), settled)


def relative(seconds: Sequence[float], work: Sequence[float] | None) -> list[float]:
    """Return each time over what a step of its work takes in the second half of the run."""
    half = len(seconds) // 2
    if work is None or len(set(work[half:])) < 2:
        middle = median(seconds[half:]) or 1.0
        return [value / middle for value in seconds]
    slope, start = _line(work[half:], seconds[half:])
    return [value / max(start + slope * size, 1e-9) for value, size in zip(seconds, work)]


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return slope and start of a robust line (Theil and Sen), neither of them negative."""
    every = max(1, len(xs) // 2000)
    pairs = [
        (ys[j] - ys[i]) / (xs[j] - xs[i])
        for i in range(0, len(xs), every)
        for j in range(i + 1, min(len(xs), i + 200))
        if xs[i] != xs[j]
    ]
    slope = max(0.0, median(pairs))
    start = median([y - slope * x for x, y in zip(xs, ys)])
    if start < 0:
        return median([y / x for x, y in zip(xs, ys) if x]), 0.0
    return slope, start


def outliers(seconds: Sequence[float], work: Sequence[float] | None, first: int) -> list[int]:
    """Return the places from `first` on whose time is far out for their work.

    Far out as Tukey has it, three interquartile ranges above the third quarter, and a fifth above
    the middle: what is less is no matter, however still the other steps are.
    """
    values = relative(seconds, work)
    if len(values) - first < LEAST:
        return []
    low, middle, high = quantiles(values[first:], n=4)
    most = max(high + 3 * (high - low), 1.2 * middle)
    return [at for at in range(first, len(values)) if values[at] > most]


def _clipped(values: Sequence[float]) -> list[float]:
    """Pull values that are far above the middle of the second half down to a fence."""
    half = values[len(values) // 2 :]
    middle = median(half)
    reach = 8 * median([abs(value - middle) for value in half]) or 0.05 * middle
    return [min(value, middle + reach) for value in values]


def _standard_errors(values: Sequence[float]) -> list[float]:
    """Return for each place the squared standard error of the mean of the values from there on."""
    found = []
    mean, spread = 0.0, 0.0
    for count, value in enumerate(reversed(values), 1):  # Welford's recurrence, from the end
        before, mean = mean, mean + (value - mean) / count
        spread += (value - before) * (value - mean)
        found.append(spread / count**2)
    return found[::-1]

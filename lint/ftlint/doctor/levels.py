"""Whether a training loss has left its level for good, although it still is a number."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from statistics import fmean, median

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.doctor.history import Loss

FAR = 2.0
"""So many times its lowest level, and so far above it, is no noise: that is seven times the
perplexity of a language model. A loss of dpo begins at 0.69 and is far from there."""
LEAST = 20
"""Logged losses in which a fifth has a level, whichever single ones stand out."""

CLEAR = 10.0
"""Standard errors of a difference of two levels that are no noise, nor one that lasts: logs with a
correlation of 0.7 have errors four times as large as their neighbours tell."""
RISE = 0.1
"""A level that is above the lowest by a smaller share of it has not been left."""
TENTHS = 10
"""Parts of a run of which the levels show whether a rise came back."""


class Rise(NamedTuple):
    """From which level to which, and the first step that was not left again."""

    low: float
    high: float
    step: int


def loss_spike(training: Sequence[Loss], evaluation: Sequence[Loss]) -> Rise | None:
    """Compare the level of the last fifth with the lowest before; evaluations must have risen too.

    Three quarters of a fifth lie below the one and above the other: spikes do not count, nor do the
    first steps of a run, nor data that are harder at their end.
    """
    losses = [one for one in training if math.isfinite(one.value)]
    fifth = len(losses) // 5
    if len(losses) < LEAST or not _rises(evaluation):
        return None
    parts = [
        sorted(one.value for one in losses[at : at + fifth])
        for at in range(len(losses) % fifth, len(losses), fifth)
    ]
    low, high = min(part[3 * fifth // 4] for part in parts[:-1]), parts[-1][fifth // 4]
    if high < max(low * FAR, low + FAR):
        return None
    since = len(losses)
    while losses[since - 1].value > (low + high) / 2:
        since -= 1
    return Rise(low, high, losses[min(since, len(losses) - 1)].step)


def _rises(evaluation: Sequence[Loss]) -> bool:
    values = [one.value for one in evaluation if math.isfinite(one.value)]
    return len(values) < 2 or values[-1] >= min(values) * FAR


def lasting_rise(training: Sequence[Loss], evaluation: Sequence[Loss]) -> Rise | None:
    """Compare the last fifth with the lowest before; most of what was learned must be lost again.

    A loss that had risen like this before, or has fallen since, swings; where evaluations hold
    their level, it is of other data.
    """
    losses = [one for one in training if math.isfinite(one.value)]
    fifth = len(losses) // 5
    if len(losses) < LEAST:
        return None
    parts = [losses[at : at + fifth] for at in range(len(losses) % fifth, len(losses), fifth)]
    first, *_, last = levels = [median(one.value for one in part) for part in parts]
    lowest = min(range(len(parts) - 1), key=levels.__getitem__)
    low, rise = levels[lowest], last - levels[lowest]
    values = [one.value for one in losses]
    if low <= 0 or rise < RISE * low or rise <= (first - low) / 2 or rise < clear_of(values, fifth):
        return None
    if _quartile(parts[lowest], 3) > _quartile(parts[-1], 1) or _swings(values, rise / 2):
        return None
    evaluated = [one.value for one in evaluation if math.isfinite(one.value)]
    if len(evaluated) > 1 and evaluated[-1] - min(evaluated) < rise / 2:
        return None
    return Rise(low, last, parts[lowest][-1].step)


def clear_of(values: Sequence[float], part: int) -> float:
    """Return a difference that the means of two such parts do not have by noise.

    That is told by neighbours, which a trend sets apart the least.
    """
    noise = fmean((after - before) ** 2 for before, after in pairwise(values)) / 2
    return CLEAR * math.sqrt(2 * noise / part)


def _quartile(part: Sequence[Loss], number: int) -> float:
    return sorted(one.value for one in part)[number * len(part) // 4]


def _swings(values: Sequence[float], far: float) -> bool:
    """Return whether the levels rose so far before their lowest, or fell so far after it."""
    tenth = len(values) // TENTHS
    levels = [
        median(values[at : at + tenth]) for at in range(len(values) % tenth, len(values), tenth)
    ]
    lowest = levels.index(min(levels))
    before, after = levels[: lowest + 1], levels[lowest:]
    rose = max(one - low for one, low in zip(before, accumulate(before, min), strict=True))
    fell = max(high - one for one, high in zip(after, accumulate(after, max), strict=True))
    return max(rose, fell) > far

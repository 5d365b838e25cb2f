"""Whether a training loss has left its level for good, although it still is a number."""

from __future__ import annotations

import math

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.doctor.history import Loss

FAR = 2.0
"""So many times its lowest level, and so far above it, is no noise: that is seven times the
perplexity of a language model. A loss of dpo begins at 0.69 and is far from there."""
LEAST = 20
"""Logged losses in which a fifth has a level, whichever single ones stand out."""


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

"""Which checkpoints of a run are worth their disk: the best there is, its equals, and the rest."""

from __future__ import annotations

import math
from itertools import pairwise

from ftlint.doctor.evidence import evidence
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.doctor.history import History, Loss

NOISE = 0.01
"""Of one evaluation, as a share of it, where too few tell of it."""
SIGMAS = 2.0
"""So many standard deviations of a difference of two evaluations do not set them apart."""


class Keeping(NamedTuple):
    """Steps of checkpoints that are in the folder, each in one place but `best` and `last`."""

    best: int
    loss: float | None
    """Its evaluation loss; None where another metric chose it."""
    last: int
    equal: tuple[int, ...]
    """Those whose evaluation loss is that of the best one but for noise."""
    expendable: tuple[int, ...]
    """Those that were evaluated, and are worse; never the last one, which a run goes on from."""
    estimated: bool = False
    """No checkpoint was evaluated: the best is the nearest to where evaluations were lowest."""


def keeping(history: History) -> Keeping | None:
    """Return what to keep; None without a checkpoint, or without an evaluation to go by."""
    existing = tuple(one for one in history.checkpoints if one not in history.unfinished)
    if not existing or history.rewarded or history.is_checkpoint:
        return None
    losses = {one.step: one.value for one in history.evaluation if math.isfinite(one.value)}
    evaluated = {step: losses[step] for step in existing if step in losses}
    last = existing[-1]
    if history.other_metric:
        if history.chosen not in existing:
            return None
        return Keeping(history.chosen, None, last, (), ())
    if not evaluated:
        return _nearest(history, existing)
    best = min(evaluated, key=lambda step: (evaluated[step], step))
    found = evidence([value for _, value in sorted(losses.items())])
    near = SIGMAS * math.sqrt(2) * (NOISE if found is None else found.noise)
    bar = evaluated[best] * (1 + near) if evaluated[best] > 0 else evaluated[best]
    equal = tuple(step for step in evaluated if step != best and evaluated[step] <= bar)
    kept = {best, last, history.checkpoints[-1], history.chosen, *equal}
    worse = tuple(
        step for step in history.checkpoints
        if step in losses and losses[step] > bar and step not in kept
    )  # fmt: skip
    return Keeping(best, evaluated[best], last, equal, worse)


def _nearest(history: History, existing: tuple[int, ...]) -> Keeping | None:
    """Return the checkpoint where a line between the evaluations around it is lowest."""
    between = {
        step: value for step in existing
        if (value := _between(history.evaluation, step)) is not None
    }  # fmt: skip
    if not between:
        return None
    best = min(between, key=lambda step: (between[step], step))
    return Keeping(best, between[best], existing[-1], (), (), estimated=True)


def _between(evaluation: tuple[Loss, ...], step: int) -> float | None:
    for before, after in pairwise(one for one in evaluation if math.isfinite(one.value)):
        if before.step <= step <= after.step:
            share = (step - before.step) / (after.step - before.step)
            return before.value + share * (after.value - before.value)
    return None

"""Which of the training losses that were logged were never measured.

Source: transformers Trainer. With `logging_nan_inf_filter`, its default, a training loss that is no
number counts as the mean of those since the last log, which is 0 where there were none.
grad_norm is logged as it is, to trainer_state.json alone.
"""

from __future__ import annotations

import math

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEARNABLE = 0.1
"""A loss does not fall from here to 0 between two logs by learning."""
SKIPPED = 5
"""So many logs without a gradient are more than fp16 takes to find its scale."""


class Logged(NamedTuple):
    """A training loss as it was logged, and the norm of the gradient where that was logged too."""

    step: int
    value: float
    norm: float | None


def measured(logged: Sequence[Logged], lost: int | None) -> Iterator[Logged]:
    """Yield those that were measured, before the step from which on all were lost."""
    for one in logged:
        if lost is not None and one.step >= lost:
            return
        if one.value != 0 or not _without_gradient(one):
            yield one


def nan_from(logged: Sequence[Logged]) -> int | None:
    """Return the step from which on, to the last log, losses or gradients were no numbers."""
    kept = len(logged)
    while kept and (_without_gradient(logged[kept - 1]) or _hides(logged[kept - 1])):
        kept -= 1
    lost = logged[kept:]
    if any(map(_without_gradient, lost)):
        sure = len(lost) >= SKIPPED or any(one.value == 0 for one in lost)
    else:
        sure = len(lost) > 1 and kept > 0 and logged[kept - 1].value >= LEARNABLE
    return lost[0].step if sure else None


def _without_gradient(one: Logged) -> bool:
    return one.norm is not None and not math.isfinite(one.norm)


def _hides(one: Logged) -> bool:
    return one.norm is None and one.value == 0

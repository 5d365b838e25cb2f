"""Where early stopping ends a run, replayed over its evaluations.

Source: transformers EarlyStoppingCallback, with no threshold, as LLaMA Factory sets it up: an
evaluation that is no new best counts, a new best starts the count anew. The first one never counts:
there is no best yet, and one that is no number makes none.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.doctor.history import Loss


def best(losses: Sequence[Loss]) -> Loss | None:
    """Return the first evaluation with the least loss; one that is NaN never counts."""
    return min((one for one in losses if one.value == one.value), key=_value, default=None)


def _value(loss: Loss) -> float:
    return loss.value


def stops_at(losses: Sequence[Loss], patience: int) -> int | None:
    """Return after which evaluation (from 1) a run ends that waits so long; None if it does not."""
    least, waited = float("inf"), 0
    for number, one in enumerate(losses, 1):
        if one.value < least or number == 1:
            least, waited = min(least, one.value), 0
            continue
        waited += 1
        if waited >= patience:
            return number
    return None


def patience_for(losses: Sequence[Loss]) -> int | None:
    """Return the least patience that does not end a run before its best evaluation."""
    least = best(losses)
    for patience in range(1, len(losses) + 1):
        ended = stops_at(losses, patience)
        if least is None or ended is None or losses[ended - 1].step > least.step:
            return patience
    return None

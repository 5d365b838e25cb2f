"""The plan of a config against the trainer's own numbers, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.steps import Amount, Count, StepPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import Trainer

EXACT, BOUNDED, WRONG = "exact", "bounded", "wrong"
FAILED = "failed"
"""The run has no numbers to check."""
FIELDS = (
    ("rows of the train set", "samples", "rows"),
    ("processes", "world_size", "world_size"),
    ("batches an epoch", "batches_per_epoch", "batches_per_epoch"),
    ("steps planned", "total_steps", "max_steps"),
    ("steps done", "executed_steps", "global_step"),
    ("epochs", "epochs", "epochs"),
    ("epochs entered", "epochs_entered", "epochs_entered"),
    ("warmup", "warmup_steps", "warmup_steps"),
    ("logs", "logging_events", "logs"),
    ("evaluations", "eval_events", "evaluations"),
    ("checkpoints", "checkpoints", "checkpoints"),
    ("checkpoints kept", "checkpoints_kept", "checkpoints_kept"),
)
"""What is held against what: a name, the plan's field, the trainer's."""


class Check(NamedTuple):
    """One number of the plan and of the trainer."""

    name: str
    planned: object
    seen: object
    verdict: str


def checks(plan: StepPlan, seen: Trainer) -> list[Check]:
    """Return what the plan and the trainer say; a number that the trainer has not is left out.

    `bounded`: the plan names a range, and the number lies in it.
    """
    found = []
    streams = seen["batches_per_epoch"] is None  # its epochs have no length
    for name, planned_field, seen_field in FIELDS:
        value = seen[seen_field]  # type: ignore[literal-required]
        if value is None or (streams and planned_field in ("epochs", "epochs_entered")):
            continue
        planned: Any = (
            plan.samples.total if planned_field == "samples" else getattr(plan, planned_field)
        )
        found.append(_check(name, planned, value))
    return found


def _check(name: str, planned: object, value: Any) -> Check:
    if not isinstance(planned, (Count, Amount)):
        return Check(name, planned, value, EXACT if planned == value else WRONG)
    if planned.exact is not None:
        return Check(name, planned.exact, value, EXACT if planned.exact == value else WRONG)
    inside = planned.low <= value and (planned.high is None or value <= planned.high)
    return Check(name, [planned.low, planned.high], value, BOUNDED if inside else WRONG)


def verdict(found: list[Check]) -> str:
    """Return the worst of the verdicts."""
    for one in (WRONG, BOUNDED):
        if any(check.verdict == one for check in found):
            return one
    return EXACT


def faults(found: list[Check]) -> Iterator[str]:
    """Yield what does not agree, as text."""
    for check in found:
        if check.verdict != EXACT:
            yield f"{check.name}: planned {check.planned}, the trainer says {check.seen}"

"""A step plan as plain values, as JSON and the conditions of rules have it."""

from __future__ import annotations

from ftlint.steps.counts import NoPlan
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.steps.step_plan import StepPlan

WHOLE = tuple(
    """world_size per_device_train_batch_size gradient_accumulation_steps
    effective_batch_size""".split()
)
COUNTS = tuple(
    """batches_per_epoch steps_per_epoch updates_per_epoch total_steps executed_steps epochs
    epochs_entered samples_seen warmup_steps logging_events eval_events checkpoints
    checkpoints_kept""".split()
)
_SAMPLES = (("samples", "total"), ("held_out", "held_out"), ("evaluated", "evaluated"))
"""What the bounds of a number of samples are called, and its own name."""


def as_object(plan: StepPlan | NoPlan) -> dict[str, Any]:
    """Return a plan as plain data.

    A number that is not known exactly is null, and `bounds` has what is known of it: [low, high],
    high null where there is none. Where there is no plan: `code`, `reason`, the `key` to blame.
    """
    if isinstance(plan, NoPlan):
        return {"code": plan.code, "reason": plan.reason, "key": plan.key}
    samples = plan.samples
    counts = {name: getattr(plan, name) for name in COUNTS}
    bounded = {**counts, **{name: getattr(samples, field) for name, field in _SAMPLES}}
    return {
        "stage": plan.stage,
        **{name: getattr(plan, name) for name in WHOLE},
        "samples": {
            **{field: getattr(samples, field).exact for _, field in _SAMPLES},
            "per_dataset": {name: rows.exact for name, rows in samples.per_dataset},
            "source": samples.source,
        },
        **{name: count.exact for name, count in counts.items()},
        "limited_by": plan.limited_by,
        "bounds": {
            name: [count.low, count.high] for name, count in bounded.items() if count.exact is None
        },
        "assumptions": list(plan.assumptions),
    }

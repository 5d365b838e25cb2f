"""A step plan of one config launched one way, and the time it takes where that is known."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.steps.counts import NoPlan
    from ftlint.steps.plan import StepPlan
    from ftlint.target.releases import Target


class Refusal(NamedTuple):
    """An error that keeps the run from its first step, as `ftlint` words it."""

    code: str
    reason: str
    key: str | None
    line: int


class Time(NamedTuple):
    """Seconds of a run with bounds, and which calibration says so."""

    seconds: float
    low: float
    high: float
    source: str


class Untimed(NamedTuple):
    """Why no time is known although something is calibrated."""

    reason: str


class Fit(NamedTuple):
    """What a budget in seconds leaves room for: all of the run, or so many steps of it."""

    seconds: float
    fits: bool
    max_steps: int


class Column(NamedTuple):
    """One config launched one way: its plan, or why there is none."""

    path: str
    target: Target
    gpus: int
    nodes: int
    plan: StepPlan | NoPlan
    time: Time | Untimed | None = None
    fit: Fit | None = None
    """What a budget leaves of the run, where one is given and the time is known."""
    refused: tuple[Refusal, ...] = ()
    """All that refuses the run; the first is why there is no plan."""


COUNTS = tuple(
    """batches_per_epoch steps_per_epoch updates_per_epoch total_steps executed_steps epochs
    epochs_entered samples_seen warmup_steps logging_events eval_events checkpoints
    checkpoints_kept""".split()
)


def as_object(column: Column) -> dict[str, object]:
    """Return a column as plain data, as `ftlint steps --output-format json` prints it.

    A number that is not known exactly is null, and `bounds` has what is known of it: [low, high],
    high null where there is none. Without a plan there are `code` and `reason`, as `ftlint` says
    them, the `key` to blame if any, and all the `refusals` there are.
    """
    from ftlint.steps import NoPlan

    target = column.target
    head: dict[str, object] = {
        "path": column.path,
        "target": {"llamafactory": target.llamafactory, "transformers": target.transformers},
        "gpus": column.gpus,
        "nodes": column.nodes,
    }
    plan = column.plan
    if isinstance(plan, NoPlan):
        refused = [one._asdict() for one in column.refused]
        return {**head, "code": plan.code, "reason": plan.reason, "key": plan.key,
                "refusals": refused}  # fmt: skip
    counts = {name: getattr(plan, name) for name in COUNTS}
    bounds = {
        name: [count.low, count.high] for name, count in counts.items() if count.exact is None
    }
    samples = plan.samples
    for name, count in (
        ("samples", samples.total), ("held_out", samples.held_out), ("evaluated", samples.evaluated)
    ):  # fmt: skip
        if count.exact is None:
            bounds[name] = [count.low, count.high]
    return {
        **head,
        "stage": plan.stage,
        "world_size": plan.world_size,
        "per_device_train_batch_size": plan.per_device_train_batch_size,
        "gradient_accumulation_steps": plan.gradient_accumulation_steps,
        "effective_batch_size": plan.effective_batch_size,
        "samples": {
            "total": samples.total.exact,
            "held_out": samples.held_out.exact,
            "evaluated": samples.evaluated.exact,
            "per_dataset": {name: rows.exact for name, rows in samples.per_dataset},
            "source": samples.source,
        },
        **{name: count.exact for name, count in counts.items()},
        "limited_by": plan.limited_by,
        "bounds": bounds,
        "time": column.time._asdict() if isinstance(column.time, Time) else None,
        "budget": None if column.fit is None else column.fit._asdict(),
        "assumptions": list(plan.assumptions),
    }

"""What a forecast asks of a step plan, made of one by ftlint or of the plan that a result holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.facts.effective import words
from ftlint.steps import NoPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.steps import StepPlan


class PlannedRun(NamedTuple):
    """Counts of a run. None is what is not known; of events the most there can be."""

    steps: int | None
    world_size: int
    nodes: int
    batch: int
    accumulation: int
    rows: int | None
    evaluated_rows: int | None
    logging_events: int | None
    evaluations: int | None
    checkpoints: int | None
    assumptions: tuple[str, ...] = ()


def of_plan(plan: StepPlan | NoPlan, nodes: int = 1) -> PlannedRun | NoPlan:
    """Return what a plan of ftlint says."""
    if isinstance(plan, NoPlan):
        return plan
    executed, whole = plan.executed_steps.exact, plan.total_steps.exact
    return PlannedRun(
        steps=None if whole is None else executed or whole,
        world_size=plan.world_size,
        nodes=nodes,
        batch=plan.per_device_train_batch_size,
        accumulation=plan.gradient_accumulation_steps,
        rows=plan.samples.total.exact,
        evaluated_rows=plan.samples.evaluated.exact,
        logging_events=plan.logging_events.high,
        evaluations=plan.eval_events.high,
        checkpoints=plan.checkpoints.high,
        assumptions=plan.assumptions,
    )


def of_result(plan: Mapping[str, Any], values: Mapping[str, Any]) -> PlannedRun | NoPlan:
    """Return what the plan in a result says; older ones do not know the rows of an eval_dataset."""
    if plan.get("reason") or "world_size" not in plan:
        return NoPlan(str(plan.get("reason") or "the result holds none"))
    samples = plan.get("samples") or {}
    held_out = None if values.get("eval_dataset") else samples.get("held_out")
    whole = plan.get("total_steps")
    return PlannedRun(
        steps=None if whole is None else int(plan.get("executed_steps") or whole),
        world_size=int(plan["world_size"]),
        nodes=int(plan.get("nodes") or 1),
        batch=int(plan["per_device_train_batch_size"]),
        accumulation=int(plan["gradient_accumulation_steps"]),
        rows=samples.get("total"),
        evaluated_rows=samples.get("evaluated", held_out),
        logging_events=_written(plan, "logging_events"),
        evaluations=_written(plan, "eval_events"),
        checkpoints=_written(plan, "checkpoints"),
        assumptions=tuple(str(note) for note in plan.get("assumptions") or ()),
    )


def _written(plan: Mapping[str, Any], name: str) -> int | None:
    """Return a number of a plan that is plain data: where it is bounded, its upper bound."""
    times = plan.get(name)
    if times is None:
        times = (plan.get("bounds") or {}).get(name, (0, None))[1]
    return None if times is None else int(times)


def rows_of_one_evaluation(run: PlannedRun | NoPlan, values: Mapping[str, Any]) -> int | None:
    """Return the rows of one evaluation: with eval_on_each_dataset each dataset has its own."""
    rows = None if isinstance(run, NoPlan) else run.evaluated_rows
    each = values.get("eval_dataset") if values.get("eval_on_each_dataset") else None
    return None if rows is None else int(rows) // (len(set(map(str, words(each)))) or 1)

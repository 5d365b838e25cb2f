"""What the config of a run tells of it beside its logs, and whether that is the run's own plan."""

from __future__ import annotations

from ftlint.doctor.history import EVALUATED
from ftlint.doctor.reading import number
from ftlint.doctor.symptom import Symptom
from ftlint.support.messages import plural
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from typing import Any

    from ftlint.doctor.history import History
    from ftlint.steps import StepPlan


def as_set_up(
    history: History, effective: dict[str, Any], given: Container[str], processes: int
) -> History:
    """Return the run with what only its config tells; `given` are the keys that it sets itself."""
    stage = effective.get("stage")
    history = history._replace(
        rewarded=history.rewarded or stage == "ppo",
        value_head=history.value_head or stage in ("rm", "ppo"),
        rate=number(effective.get("learning_rate")),
        rate_is_default="learning_rate" not in given,
        clipped_at=number(effective.get("max_grad_norm")),
        processes=processes,
    )
    metric = effective.get("metric_for_best_model")
    if not isinstance(metric, str):
        return history
    found = EVALUATED.fullmatch(f"eval_{metric.removeprefix('eval_')}")
    other = found is None or found[1] != history.evaluated_on
    return history._replace(other_metric=history.other_metric or other)


def against_plan(history: History, plan: StepPlan, path: str) -> Iterator[Symptom]:
    """Yield where the trainer's own plan is not that of the config."""
    steps, done = plan.total_steps, history.planned
    if done is None or (steps.low <= done and (steps.high is None or done <= steps.high)):
        return
    said = f"{steps.low:,}" if steps.exact is not None else f"{steps.low:,} to {steps.high or '?'}"
    yield Symptom(
        "other-plan", "warning",
        f"{path} plans {said} {plural('step', steps.exact or 0)} on {plan.world_size}"
        f" {plural('GPU', plan.world_size)}, but the run planned {done:,}",
        "the run had other data, settings or GPUs: set `--gpus N`, or check what has changed",
    )  # fmt: skip

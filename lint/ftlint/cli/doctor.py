"""`ftlint doctor` without its options: reads what a run left, prints what it is a sign of."""

from __future__ import annotations

import json
import os

from ftlint.cli.check import guarded, wants_colour, write
from ftlint.doctor.history import EVALUATED, read
from ftlint.doctor.reading import NoRun
from ftlint.doctor.symptom import Symptom
from ftlint.doctor.symptoms import signs
from ftlint.project.options import UsageError
from ftlint.run.session import CLEAN, FINDINGS
from ftlint.support.disk import Disk
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.cli.steps import Asked
    from ftlint.doctor.history import History
    from ftlint.steps import StepPlan

PATIENCE = 3
"""Evaluations that the guide waits for a new best."""


class Wanted(NamedTuple):
    """What the command line asks for; `of` is the config of the run, to be planned."""

    folder: str
    of: Asked | None = None
    patience: int | None = None
    format: str = "text"
    colour: str = "auto"


def doctor(wanted: Wanted) -> int:
    """Print the report and return the exit status. Never raises."""
    return guarded(lambda: _doctor(wanted))


def _doctor(wanted: Wanted) -> int:
    from ftlint.report.doctor_report import as_object, lines

    history = read(wanted.folder)
    if isinstance(history, NoRun):
        raise UsageError(f"{wanted.folder}: {history.reason}")
    against: list[Symptom] = []
    if wanted.of is not None:
        plan, effective = _planned(wanted.of)
        against += _against_plan(history, plan, wanted.of.request.paths[0])
        history = _as_set_up(history, effective)
    patience = wanted.patience or history.patience or PATIENCE
    found = [*against, *signs(history, patience)]
    if wanted.format == "json":
        write(json.dumps(as_object(history, found), indent=1, allow_nan=False) + "\n")
    else:
        shown = lines(history, found, wants_colour(wanted.colour))
        write("".join(f"{line}\n" for line in shown))
    return FINDINGS if any(sign.severity != "info" for sign in found) else CLEAN


def _planned(of: Asked) -> tuple[StepPlan, dict[str, Any]]:
    """Return the plan of the config and what it sets."""
    from ftlint.cli.steps import planned
    from ftlint.steps import NoPlan

    (path,) = map(os.fspath, of.request.paths)
    if Disk().is_folder(path):
        raise UsageError(f"{path}: CONFIG must be the config of the run, not a folder")
    found = planned(of)
    if found is None or isinstance(found, str):
        raise UsageError(f"{path}: {found or 'not a training config'}")
    plan, effective = found
    if isinstance(plan, NoPlan):
        raise UsageError(f"{path}: {plan.reason}")
    return plan, effective


def _as_set_up(history: History, effective: dict[str, Any]) -> History:
    """Return the run with what only its config tells."""
    stage = effective.get("stage")
    history = history._replace(
        rewarded=history.rewarded or stage == "ppo",
        value_head=history.value_head or stage in ("rm", "ppo"),
    )
    metric = effective.get("metric_for_best_model")
    if not isinstance(metric, str):
        return history
    found = EVALUATED.fullmatch(f"eval_{metric.removeprefix('eval_')}")
    other = found is None or found[1] != history.evaluated_on
    return history._replace(other_metric=history.other_metric or other)


def _against_plan(
    history: History, plan: StepPlan, path: str | os.PathLike[str]
) -> Iterator[Symptom]:
    """Yield where the trainer's own plan is not that of the config."""
    steps, done = plan.total_steps, history.planned
    if done is None or (steps.low <= done and (steps.high is None or done <= steps.high)):
        return
    said = f"{steps.low:,}" if steps.exact is not None else f"{steps.low:,} to {steps.high or '?'}"
    yield Symptom(
        "other-plan", "warning",
        f"{path} plans {said} step{'' if said == '1' else 's'} on {plan.world_size} GPU"
        f"{'' if plan.world_size == 1 else 's'}, the run planned {done:,}",
        "the run had other data, settings or GPUs: set `--gpus N`, or check what has changed",
    )  # fmt: skip

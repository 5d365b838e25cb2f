"""How long a planned run takes, where `bench calibrate` has measured it on this machine.

Loaded only when a time is asked for; `ftbench` only when something was calibrated.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ftlint.facts.budget import format_duration, parse_budget
from ftlint.facts.plan import replan
from ftlint.facts.run_plan import Fit, Time, Untimed
from ftlint.steps import record
from ftlint.support.disk import note
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.plan import Inputs, Planned
    from ftlint.steps import StepPlan


def folder() -> str:
    """Return where calibrations are kept (the same as `ftbench.calibration.store.folder`)."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    named = os.environ.get("FTBENCH_CALIBRATION")
    return named or os.path.join(cache, "ftlint", "calibration")


Forecaster = Callable[["StepPlan"], "tuple[Any, str] | Untimed"]
"""Forecasts a plan of a config: `seconds`, `low`, `high` and `step`, and the calibration's name."""


def is_calibrated() -> bool:
    """Return whether anything was ever calibrated here; costs one look at the disk."""
    note(folder())
    return os.path.isdir(folder())


def forecaster(
    inputs: Inputs, values: Mapping[str, Any], *, on_this_gpu: bool
) -> Forecaster | None:
    """Return what forecasts plans of a config; None where nothing is calibrated.

    `values` is the config over its defaults. `on_this_gpu`: the driver's program is asked which GPU
    is here; else whatever was calibrated counts.
    """
    try:
        from ftbench.calibration.answer import Answer, Question, answer
        from ftbench.calibration.store import everything, left_out
        from ftbench.card import local_gpu
    except ImportError:
        return None
    for place, _, names in os.walk(folder()):
        for name in ("", *names):
            note(os.path.join(place, name))
    records, gpu = list(everything()), local_gpu() if on_this_gpu else None

    def forecast(plan: StepPlan) -> tuple[Any, str] | Untimed:
        data = {**record.as_object(plan), "nodes": inputs.launch.shape[1]}
        asked = Question(values, data, inputs.target, gpu=gpu)
        try:
            found = answer(asked, records)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            return Untimed(f"unreadable calibration ({type(error).__name__})")
        if isinstance(found, Answer):
            return found.forecast, found.source
        return Untimed(found.reason)

    return forecast if records or left_out() else None


def time_of(
    inputs: Inputs,
    values: Mapping[str, Any],
    plan: StepPlan,
    budget: str | None = None,
    *,
    on_this_gpu: bool = True,
) -> tuple[Time | Untimed | None, Fit | None]:
    """Return the time of a plan and what a budget leaves of it; None for what is not known."""
    forecast = forecaster(inputs, values, on_this_gpu=on_this_gpu) if is_calibrated() else None
    found = None if forecast is None else forecast(plan)
    if forecast is None or found is None:
        return None, None
    if isinstance(found, Untimed):
        return found, None
    one, source = found
    time = Time(one.seconds, one.low, one.high, source)
    seconds = None if budget is None else parse_budget(budget)
    steps = plan.total_steps.exact
    if seconds is None or steps is None:
        return time, None
    if one.high <= seconds:
        return time, Fit(seconds, True, steps)
    return time, Fit(seconds, False, _most(inputs, steps, seconds, forecast))


def _most(inputs: Inputs, steps: int, seconds: float, forecast: Forecaster) -> int:
    from ftbench.calibration.budget import steps_within

    def at(count: int) -> Any:
        plan = replan(inputs, max_steps=count)
        found = None if plan is None else forecast(plan)
        return None if found is None or isinstance(found, Untimed) else found[0]

    best = steps_within(seconds, steps, at)
    return 0 if best is None else best[0]


def facts(
    planned: Planned, values: Mapping[str, Any], budget: str, *, here: bool
) -> dict[str, object]:
    """Return what rules may ask of a plan's time under a budget: nothing where that is unknown.

    A budget may stand in a comment, and a comment starts no program: only `here` asks for the GPU.
    """
    if planned.plan is None or planned.inputs is None:
        return {}
    time, fit = time_of(planned.inputs, values, planned.plan, budget, on_this_gpu=here)
    if not isinstance(time, Time) or fit is None:
        return {}
    low, high = format_duration(time.low), format_duration(time.high)
    span = f"{format_duration(time.seconds)} ({low} to {high})"
    return {"time": span, "budget": format_duration(fit.seconds), "fitting_steps": fit.max_steps,
            "calibration": time.source}  # fmt: skip

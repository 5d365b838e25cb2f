"""How long a planned run takes, where `bench calibrate` has measured it on this machine.

Loaded only when a time is asked for; `ftbench` only when something was calibrated.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ftlint.facts.budget import format_duration, parse_budget
from ftlint.facts.plan import replan
from ftlint.facts.run_plan import Fit, Time, Untimed
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.memory import MemoryInputs
    from ftlint.facts.plan import Inputs, Planned
    from ftlint.steps import StepPlan
    from ftlint.support.disk import Disk


def folder() -> str:
    """Return where calibrations are kept (the same as `ftbench.calibration.store.folder`)."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    named = os.environ.get("FTBENCH_CALIBRATION")
    return named or os.path.join(cache, "ftlint", "calibration")


Forecaster = Callable[["StepPlan"], "tuple[Any, str] | Untimed"]
"""Forecasts a plan of a config: `seconds`, `low`, `high` and `step`, and the calibration's name."""


def is_calibrated(disk: Disk) -> bool:
    """Return whether anything was ever calibrated here; costs one look at the disk."""
    return disk.is_folder(folder())


def forecaster(
    inputs: Inputs, values: Mapping[str, Any], disk: Disk, *, on_this_gpu: bool
) -> Forecaster | None:
    """Return what forecasts plans of a config; None where nothing is calibrated.

    `values` is the config over its defaults. `on_this_gpu`: the driver's program is asked which GPU
    is here; else whatever was calibrated counts.
    """
    try:
        from ftbench.calibration.lookup import Answer, Query, look_up
        from ftbench.calibration.planned_run import of_plan
        from ftbench.calibration.store import everything, left_out
        from ftbench.local_gpu import local_gpu
    except ImportError:
        return None
    for _ in disk.tree(folder()):
        pass  # the verdict rests on all of them, which ftbench reads
    records, gpu = list(everything()), local_gpu() if on_this_gpu else None

    def forecast(plan: StepPlan) -> tuple[Any, str] | Untimed:
        run = of_plan(plan, inputs.launch.shape[1])
        found = look_up(Query(values, run, inputs.target, gpu=gpu, disk=disk), records)
        if isinstance(found, Answer):
            return found.forecast, found.source
        return Untimed(found.reason)

    return forecast if records or left_out() else None


def spare_of(
    inputs: Inputs, values: Mapping[str, Any], plan: StepPlan, disk: Disk, run: MemoryInputs
) -> tuple[float, str] | None:
    """Return what the allocator was seen to hold beside, by the calibration of a run's family.

    As a share of what comes and goes in a step, and which calibration says so.
    """
    try:
        from ftbench.calibration.allocator import spare
        from ftbench.calibration.lookup import Answer, Query, look_up
        from ftbench.calibration.planned_run import of_plan
        from ftbench.calibration.store import everything
    except ImportError:
        return None
    found = look_up(
        Query(values, of_plan(plan, inputs.launch.shape[1]), inputs.target, disk=disk),
        list(everything()),
    )
    if not isinstance(found, Answer):
        return None
    share = spare(found.calibration, run.dimensions.shape, run.method, ragged=run.load.ragged)
    return None if share is None else (share, found.source)


def time_of(
    inputs: Inputs,
    values: Mapping[str, Any],
    plan: StepPlan,
    disk: Disk,
    budget: str | None = None,
    *,
    on_this_gpu: bool = True,
) -> tuple[Time | Untimed | None, Fit | None]:
    """Return the time of a plan and what a budget leaves of it; None for what is not known."""
    forecast = None
    if is_calibrated(disk):
        forecast = forecaster(inputs, values, disk, on_this_gpu=on_this_gpu)
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
    planned: Planned, values: Mapping[str, Any], budget: str, disk: Disk, *, here: bool
) -> dict[str, object]:
    """Return what rules may ask of a plan's time under a budget: nothing where that is unknown.

    A budget may stand in a comment, and a comment starts no program: only `here` asks for the GPU.
    """
    if planned.plan is None or planned.inputs is None:
        return {}
    time, fit = time_of(planned.inputs, values, planned.plan, disk, budget, on_this_gpu=here)
    if not isinstance(time, Time) or fit is None:
        return {}
    low, high = format_duration(time.low), format_duration(time.high)
    span = f"{format_duration(time.seconds)} ({low} to {high})"
    return {"time": span, "budget": format_duration(fit.seconds), "fitting_steps": fit.max_steps,
            "calibration": time.source}  # fmt: skip

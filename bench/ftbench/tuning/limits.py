"""What rules a candidate out before it is tried: another number of steps, or too little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners import configs
from ftlint.facts.effective import effective
from ftlint.facts.training import method_of
from ftlint.memory.estimate import estimate
from ftlint.memory.gpus import CONTEXT
from ftlint.memory.shape import Unknown
from ftlint.steps import StepPlan
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.memory.estimate import Estimate
    from ftlint.steps import NoPlan

NEAR = 1.05
"""What needs more than this share of a GPU for sure is not tried: the law is right to 5 %."""
UNKNOWN_MARGIN = 1.25
"""What a run that the law does not know may hold at most, over what was allocated."""
SEGMENTED = 1.06
"""The same where segments expand: pages of free blocks make others, so that little lies about."""


class Circumstances(NamedTuple):
    """The run that candidates are made of, as far as it is known.

    `rows`: those of the train set, after they were prepared. `longest`: tokens of the longest.
    `total`: bytes of a GPU, None on a CPU. `forecast`: whether the model is the config's own.
    """

    loaded: configs.Loaded
    values: Mapping[str, Any]
    rows: int | None = None
    longest: int | None = None
    total: int | None = None
    forecast: bool = True


def total_steps(
    of: Circumstances, changes: tuple[tuple[str, Any], ...], packs: int | None = None
) -> int | None:
    """Return the optimizer steps of the whole run, as `ftlint steps` counts them.

    `packs`: rows that came of packing, which only a trial tells.
    """
    values = {**of.values, **dict(changes)}
    rows = of.rows if packs is None else packs
    found = _exact(configs.plan(of.loaded, values)) if packs is None else None
    if found is not None or rows is None:
        return found
    return _exact(configs.plan_with_rows(of.loaded, values, rows))


def _exact(plan: StepPlan | NoPlan) -> int | None:
    return plan.total_steps.exact if isinstance(plan, StepPlan) else None


def forecast(of: Circumstances, changes: tuple[tuple[str, Any], ...]) -> Estimate | None:
    """Return what a run needs with other keys, by ftlint's law; None where that is not known."""
    run = of.loaded.run if of.forecast else None
    if run is None:
        return None
    inputs = of.loaded.inputs
    values = effective({**of.values, **dict(changes)}, Catalogue(of.loaded.target, "train"))
    gpus, nodes = inputs.launch.shape
    made = method_of(values, run.dimensions.shape, of.loaded.target, gpus * nodes, inputs.deepspeed)
    if isinstance(made, Unknown):
        return None
    length = of.longest or run.load.training.length
    rows: Any = values["per_device_train_batch_size"]
    batch = run.load.training._replace(rows=int(rows), length=length)
    found = estimate(run.dimensions.shape, made[0], run.load._replace(training=batch))
    return None if isinstance(found, Unknown) else found


def too_large(
    of: Circumstances, changes: tuple[tuple[str, Any], ...], *, segments: bool = False
) -> str | None:
    """Return why there is no memory for a candidate, None where there may be."""
    found = forecast(of, changes)
    if of.total is None or found is None:
        return None
    needed = CONTEXT + max(
        SEGMENTED * phase.allocated if segments else phase.enough for phase in found.phases
    )
    if needed <= NEAR * of.total:
        return None
    return f"needs {needed / 1e9:.0f} GB by the forecast, the GPU has {of.total / 1e9:.0f} GB"


def margin(
    of: Circumstances, changes: tuple[tuple[str, Any], ...], allocated: int | None,
    *, segments: bool = False,
) -> str | None:  # fmt: skip
    """Return why a whole run may not hold although a trial did, None where it will.

    A trial has met the largest batch. What it has not met is how the allocator's blocks lie after
    thousands of others: the law says what must be free for that, over what was allocated here.
    """
    if of.total is None or allocated is None:
        return None
    found = forecast(of, changes)
    over, evaluating = UNKNOWN_MARGIN, 0.0
    if found is not None:
        over = found.training.enough / found.training.allocated
        if found.evaluation is not None:
            evaluating = found.evaluation.enough
    needed = CONTEXT + max((SEGMENTED if segments else over) * allocated, evaluating)
    if needed <= of.total:
        return None
    return f"a whole run may need {needed / 1e9:.0f} GB, the GPU has {of.total / 1e9:.0f} GB"

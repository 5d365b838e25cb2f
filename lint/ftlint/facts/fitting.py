"""Whether a run fits the GPU that is stated, as rules ask."""

from __future__ import annotations

from ftlint.facts.batches import BATCH, EVAL_BATCH
from ftlint.facts.memory import gigabytes, gpu_of, run_of, surely_needed
from ftlint.facts.plan import ONE_GPU, current_plan
from ftlint.facts.remedy import remedy
from ftlint.memory.estimate import estimate, fits
from ftlint.memory.gpus import CONTEXT
from ftlint.memory.shape import Unknown
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context
    from ftlint.facts.memory import Gpu, MemoryInputs
    from ftlint.memory.estimate import Estimate, Phase

EMPTY = 0.4
"""A GPU is mostly empty where no more than this share of it is sure to be enough."""
NO_REMEDY = "use a smaller model or a larger GPU"


def facts(context: Context) -> dict[str, object]:
    """Return what rules may ask of a run on the GPU that is stated.

    `memory` where it does not fit; `certain`: whatever its rows are, else with rows of cutoff_len.
    `room` where it fits with rows of cutoff_len and the GPU is mostly empty.
    """
    gpu, _ = gpu_of(context)
    plan = None if gpu is None else current_plan(context)
    run = run_of(context, plan=plan) if plan is not None else None
    if gpu is None or plan is None or run is None or isinstance(run, Unknown):
        return {}
    if ONE_GPU in run.assumptions:  # on more of them each holds less
        return {}
    found = estimate(run.dimensions.shape, run.method, run.load)
    if isinstance(found, Unknown):
        return {}
    if fits(found, gpu.total) is not False:
        return _room(found, gpu)
    sure = surely_needed(run, found, gpu.total)
    needed = sure or found
    worst = max(needed.phases, key=lambda phase: phase.allocated)
    treated = remedy(context, run, plan, gpu.total)
    other = EVAL_BATCH if worst is needed.training else BATCH
    places = (
        *(key for key in (treated.keys if treated else ()) if key != other),
        *_telling(run, needed, worst, certain=sure is not None),
    )
    entries = filter(None, map(context.effective_entry, places))
    return {"memory": {
        "certain": sure is not None,
        "gpu": gpu.name,
        "needs": gigabytes(CONTEXT + worst.allocated),
        "has": gigabytes(gpu.total),
        "phase": "training" if worst is needed.training else "evaluating",
        "remedy": treated.told if treated else NO_REMEDY,
        "key": next((entry.name for entry in entries), None),
    }}  # fmt: skip


def _room(found: Estimate, gpu: Gpu) -> dict[str, object]:
    """Return what is enough for a run, where a GPU that has it is mostly empty."""
    needs = CONTEXT + found.enough
    if needs > EMPTY * gpu.total:
        return {}
    has = gigabytes(gpu.total)
    return {"room": {"gpu": gpu.name, "needs": gigabytes(needs), "has": has}}


def _telling(run: MemoryInputs, needed: Estimate, worst: Phase, *, certain: bool) -> Iterator[str]:
    """Yield the keys that decide what a run needs, that which decides most of it first."""
    if not certain:
        yield "cutoff_len"
    trains = worst is needed.training
    batch, used = (BATCH, run.load.training) if trains else (EVAL_BATCH, run.load.evaluation)
    model = ("model_name_or_path", "finetuning_type")
    if 2 * worst.moment.comes_and_goes < worst.allocated:
        yield from model if run.method.adapts else reversed(model)
    if used is not None and used.rows > 1:
        yield batch
    yield from ("cutoff_len", batch, *model)

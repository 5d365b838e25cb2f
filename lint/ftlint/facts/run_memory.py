"""What a config's run needs and whether it fits, as `ftlint memory` tells it."""

from __future__ import annotations

from ftlint.facts import timing
from ftlint.facts.lengths import UNKNOWN
from ftlint.facts.memory import gpu_of, run_of, verdict_of
from ftlint.facts.plan import inputs_of, plan_of
from ftlint.facts.remedy import remedy
from ftlint.facts.run_plan import FITS
from ftlint.memory.estimate import estimate, largest_batch, largest_evaluation, largest_length
from ftlint.memory.shape import Unknown
from ftlint.memory.states import host_bytes
from ftlint.memory.storage import Storage, storage
from ftlint.steps import StepPlan
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from ftlint.diagnostics import ScriptLine
    from ftlint.facts.context import Context
    from ftlint.facts.lengths import RowLengths
    from ftlint.facts.memory import Gpu
    from ftlint.facts.remedy import Remedy
    from ftlint.memory.estimate import Estimate, Load, Phase
    from ftlint.steps import NoPlan
    from ftlint.target.releases import Target


class RunMemory(NamedTuple):
    """What a run needs on each GPU, on the host and on disk, and whether it fits the GPU stated."""

    path: str
    target: Target
    gpu: Gpu | None
    load: Load
    estimate: Estimate
    verdict: str | None
    """One of `FITS`; None where no GPU is stated."""
    remedy: Remedy | None
    """With what it is sure to fit, where it is not so already."""
    largest_batch: int | None
    largest_evaluation: int | None
    largest_length: int | None
    world_size: int
    host: int | None
    storage: Storage
    assumptions: tuple[str, ...]
    script: ScriptLine | None = None
    """The line of a script that starts it so; None for the file alone."""
    refused: str | None = None
    """Why no run comes of the config."""


class Untold(NamedTuple):
    """Why nothing is said of a run's memory."""

    path: str
    target: Target
    reason: str
    script: ScriptLine | None = None


def memory_of(
    context: Context, lengths: RowLengths = UNKNOWN, plan: StepPlan | NoPlan | None = None
) -> RunMemory | Untold:
    """Return what a run needs, with rows of these lengths, or why that is not told."""
    inputs = inputs_of(context)
    plan = plan or plan_of(inputs)
    run = run_of(context, lengths, plan)
    if isinstance(run, Unknown):
        return Untold(context.source.path, context.target, run.reason)
    shape, method, load = run.dimensions.shape, run.method, run.load
    gpu, notes = gpu_of(context)
    values = context.instance.effective
    spare = None
    if isinstance(plan, StepPlan) and timing.is_calibrated(context.disk):
        seen = timing.spare_of(inputs, values, plan, context.disk, run)
        if seen is not None:
            spare, source = seen
            notes.append(f"what is reserved and not allocated is as it was {source}")
    found = estimate(shape, method, load, spare)
    if isinstance(found, Unknown):
        return Untold(context.source.path, context.target, found.reason)
    kept = plan.checkpoints_kept.exact if isinstance(plan, StepPlan) else None
    total = None if gpu is None else gpu.total
    verdict = None if total is None else verdict_of(run, found, total)
    treated = None
    if total is not None and FITS[verdict] is not True:
        treated = remedy(context, run, plan, total, lengths)
    return RunMemory(
        context.source.path, context.target, gpu, load, found, verdict, treated,
        None if total is None else largest_batch(shape, method, load, total),
        None if total is None else largest_evaluation(shape, method, load, total),
        None if total is None else largest_length(shape, method, load, total),
        method.sharding.world, host_bytes(shape, method),
        storage(shape, method, kept, only_model=bool(values.get("save_only_model"))),
        (*run.assumptions, *notes),
    )  # fmt: skip


def as_object(run: RunMemory | Untold) -> dict[str, Any]:
    """Return it as `ftlint memory --output-format json` prints it."""
    head: dict[str, Any] = {
        "path": run.path,
        "target": run.target.as_object(),
        "launch": run.script and run.script._asdict(),
    }
    if isinstance(run, Untold):
        return {**head, "reason": run.reason}
    return {
        **head,
        "gpu": None if run.gpu is None else run.gpu.name,
        "gpu_memory": None if run.gpu is None else {"total": run.gpu.total, "left": run.gpu.left},
        "training": _phase(run.estimate.training),
        "evaluation": None if run.estimate.evaluation is None else _phase(run.estimate.evaluation),
        "refused": run.refused,
        "verdict": run.verdict,
        "fits": FITS[run.verdict],
        "remedy": None if run.remedy is None else run.remedy._asdict(),
        "largest_micro_batch": run.largest_batch,
        "largest_evaluation_batch": run.largest_evaluation,
        "largest_length": run.largest_length,
        "world_size": run.world_size,
        "host": run.host,
        "disk": run.storage._asdict(),
        "assumptions": list(run.assumptions),
    }


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "allocated": phase.allocated,
        "reserved": [phase.low, phase.high],
        "at": phase.moment.name,
        "parts": phase.moment.parts(),
    }

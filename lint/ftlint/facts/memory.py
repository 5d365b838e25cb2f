"""The memory of a config's run, from its model, its method and its batches.

Loaded only when memory is asked for, or a GPU is stated.
"""

from __future__ import annotations

from ftlint.facts import timing
from ftlint.facts.batches import loads_of
from ftlint.facts.dimensions import Dimensions, dimensions
from ftlint.facts.effective import effective
from ftlint.facts.lengths import UNKNOWN, recorded
from ftlint.facts.plan import ONE_GPU, inputs_of, plan_of
from ftlint.facts.run_plan import FITS, Peaks
from ftlint.facts.training import method_of
from ftlint.memory.estimate import (
    estimate,
    fits,
    largest_batch,
    largest_evaluation,
    largest_length,
)  # fmt: skip
from ftlint.memory.gpus import CONTEXT, BadGpu, total_memory
from ftlint.memory.shape import Unknown
from ftlint.memory.states import host_bytes
from ftlint.memory.storage import Storage, storage
from ftlint.steps import StepPlan
from ftlint.support.messages import show
from ftlint.target.keys import catalogue_of
from ftschemas.launchers import RAY, TORCHRUN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from ftlint.diagnostics import ScriptLine
    from ftlint.facts.context import Context
    from ftlint.facts.lengths import RowLengths
    from ftlint.facts.plan import Inputs
    from ftlint.memory.estimate import Estimate, Load, Phase
    from ftlint.memory.method import Method
    from ftlint.steps import NoPlan
    from ftlint.target.releases import Target


class Gpu(NamedTuple):
    """A GPU by the name that somebody gave it, and its memory in bytes."""

    name: str
    total: int

    @property
    def left(self) -> int:
        """What CUDA's context leaves to a run."""
        return self.total - CONTEXT


class MemoryInputs(NamedTuple):
    """What `ftlint.memory` needs to know of a run, and what was taken for granted.

    `load` has the batches at their largest, `least` at their smallest: rows shorter, or fewer.
    """

    dimensions: Dimensions
    method: Method
    load: Load
    least: Load
    assumptions: tuple[str, ...]


class RunMemory(NamedTuple):
    """What a run needs on each GPU, on the host and on disk, and whether it fits the GPU stated."""

    path: str
    target: Target
    gpu: Gpu | None
    load: Load
    estimate: Estimate
    verdict: str | None
    """One of `FITS`; None where no GPU is stated."""
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


def run_of(
    context: Context, lengths: RowLengths = UNKNOWN, plan: StepPlan | NoPlan | None = None
) -> MemoryInputs | Unknown:
    """Return a run in the terms of `ftlint.memory`.

    Where `lengths` say nothing, those that are recorded do; `plan`: one that knows more than the
    context, such as of packed rows whose tokens were counted.
    """
    return run_by(context, inputs_of(context), lengths, plan)


def run_by(
    context: Context, inputs: Inputs, lengths: RowLengths = UNKNOWN,
    plan: StepPlan | NoPlan | None = None, found: Dimensions | Unknown | None = None,
) -> MemoryInputs | Unknown:  # fmt: skip
    """Return the run that other inputs make of a config; `found` are its dimensions, if known."""
    catalogue = catalogue_of(inputs.target, "train")
    values = effective(inputs.launch.over(inputs.config), catalogue)
    if not values.get("do_train"):
        return Unknown("it does not train")
    found = found or dimensions(
        values.get("model_name_or_path"), context.source.path, context.stated, context.disk
    )
    if isinstance(found, Unknown):
        return found
    if found.config.get("quantization_config"):
        return Unknown("the model is quantized before it is loaded: its memory is not told")
    launcher = inputs.launch.started_by(inputs.target)
    if launcher not in (None, TORCHRUN, RAY):
        return Unknown(f"how `{launcher}` divides a model is not known to ftlint")
    if values.get("deepspeed") and inputs.deepspeed is None:
        named = values["deepspeed"]
        file = f"`deepspeed: {show(named)}`" if isinstance(named, str) else "`deepspeed`"
        return Unknown(f"{file} cannot be read, so what it divides is not known")
    gpus, nodes = inputs.launch.shape
    made = method_of(values, found.shape, inputs.target, gpus * nodes, inputs.deepspeed)
    if isinstance(made, Unknown):
        return made
    method, notes = made
    known = lengths if lengths.training is not None else recorded(context)
    loads = loads_of(values, method, plan or plan_of(inputs), known)
    if isinstance(loads, Unknown):
        return loads
    if inputs.launch.gpus is None and method.sharding.divides:
        notes.append(ONE_GPU)
    notes = [f"dimensions of the model: {found.source}", *loads.notes, *notes]
    return MemoryInputs(found, method, loads.most, loads.least, tuple(notes))


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
    return RunMemory(
        context.source.path, context.target, gpu, load, found,
        None if total is None else _verdict(run, found, total),
        None if total is None else largest_batch(shape, method, load, total),
        None if total is None else largest_evaluation(shape, method, load, total),
        None if total is None else largest_length(shape, method, load, total),
        method.sharding.world, host_bytes(shape, method),
        storage(shape, method, kept, only_model=bool(values.get("save_only_model"))),
        (*run.assumptions, *notes),
    )  # fmt: skip


def peaks_of(context: Context, lengths: RowLengths, plan: StepPlan) -> Peaks | None:
    """Return what a line on a run's memory says; None where it is not told."""
    run = run_of(context, lengths, plan)
    if isinstance(run, Unknown):
        return None
    found = estimate(run.dimensions.shape, run.method, run.load)
    if isinstance(found, Unknown):
        return None
    gpu, _ = gpu_of(context)
    other = found.evaluation
    return Peaks(
        found.training.allocated,
        None if other is None else other.allocated,
        None if gpu is None else _verdict(run, found, gpu.total),
    )


def _verdict(run: MemoryInputs, found: Estimate, total: int) -> str:
    """Return one of `FITS`: what does not fit at its largest may fit with shorter or fewer rows."""
    said = fits(found, total)
    if said is False and surely_needed(run, found, total) is None:
        said = None
    return next(words for words, answer in FITS.items() if words and answer is said)


def surely_needed(run: MemoryInputs, found: Estimate, total: int) -> Estimate | None:
    """Return what a run that does not fit needs whatever its rows are; None where it may fit."""
    if run.least == run.load:
        return found
    least = estimate(run.dimensions.shape, run.method, run.least)
    assert not isinstance(least, Unknown)
    return least if fits(least, total) is False else None


def gpu_of(context: Context) -> tuple[Gpu | None, list[str]]:
    """Return the GPU that is stated, or why it is not known."""
    name = context.instance.facts.get("gpu")
    if not isinstance(name, str):
        return None, []
    try:
        return Gpu(name, total_memory(name)), []
    except BadGpu as error:
        return None, [str(error)]


def gigabytes(size: int) -> str:
    """Return bytes as people read them.

    >>> gigabytes(3 << 29), gigabytes(80 << 20)
    ('1.5 GiB', '80 MiB')
    """
    if size < 1 << 30:
        return f"{size / (1 << 20):.0f} MiB"
    return f"{size / (1 << 30):.1f} GiB" if size < 100 << 30 else f"{size / (1 << 30):.0f} GiB"


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

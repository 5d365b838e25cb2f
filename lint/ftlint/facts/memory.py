"""What the memory of a config's run rests on: its model, its method, its batches, its GPU.

Loaded only when memory is asked for, or a GPU is stated.
"""

from __future__ import annotations

from ftlint.facts.batches import loads_of
from ftlint.facts.dimensions import Dimensions, dimensions
from ftlint.facts.effective import effective
from ftlint.facts.lengths import UNKNOWN, recorded
from ftlint.facts.plan import ONE_GPU, inputs_of, plan_of
from ftlint.facts.run_plan import FITS, Peaks
from ftlint.facts.training import method_of
from ftlint.memory.estimate import estimate, fits
from ftlint.memory.gpus import CONTEXT, BadGpu, total_memory
from ftlint.memory.shape import Unknown
from ftlint.support.messages import show
from ftlint.target.keys import catalogue_of
from ftschemas.launchers import RAY, TORCHRUN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.facts.context import Context
    from ftlint.facts.lengths import RowLengths
    from ftlint.facts.plan import Inputs
    from ftlint.memory.estimate import Estimate, Load
    from ftlint.memory.method import Method
    from ftlint.steps import NoPlan, StepPlan


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
        None if gpu is None else verdict_of(run, found, gpu.total),
    )


def verdict_of(run: MemoryInputs, found: Estimate, total: int) -> str:
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

"""The memory of a config's run, from its model, its method and its batches.

Loaded only when memory is asked for, or a GPU is stated.
"""

from __future__ import annotations

from ftlint.facts import timing
from ftlint.facts.dimensions import Dimensions, dimensions
from ftlint.facts.effective import effective
from ftlint.facts.lengths import UNKNOWN, recorded
from ftlint.facts.plan import ONE_GPU, inputs_of, plan_of
from ftlint.facts.run_plan import Peaks
from ftlint.facts.training import method_of
from ftlint.memory.estimate import (
    SHORTEST,
    Load,
    estimate,
    fits,
    largest_batch,
    largest_evaluation,
    largest_length,
)  # fmt: skip
from ftlint.memory.gpus import BadGpu, total_memory
from ftlint.memory.layer import Batch
from ftlint.memory.shape import Unknown
from ftlint.memory.states import host_bytes
from ftlint.memory.storage import Storage, storage
from ftlint.steps import StepPlan
from ftlint.target.keys import catalogue_of
from ftschemas.launchers import RAY, TORCHRUN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.diagnostics import Place
    from ftlint.facts.context import Context
    from ftlint.facts.lengths import Longest, RowLengths
    from ftlint.memory.estimate import Estimate, Phase
    from ftlint.memory.method import Method
    from ftlint.target.releases import Target


class Gpu(NamedTuple):
    """A GPU by the name that somebody gave it, and its memory in bytes."""

    name: str
    total: int


class Run(NamedTuple):
    """What `ftlint.memory` needs to know of a run, and what was taken for granted."""

    dimensions: Dimensions
    method: Method
    load: Load
    assumptions: tuple[str, ...]


class RunMemory(NamedTuple):
    """What a run needs on each GPU, on the host and on disk, and whether it fits the GPU stated."""

    path: str
    target: Target
    gpu: Gpu | None
    estimate: Estimate
    fits: bool | None
    largest_batch: int | None
    largest_evaluation: int | None
    largest_length: int | None
    world_size: int
    host: int | None
    storage: Storage
    assumptions: tuple[str, ...]
    script: Place | None = None
    """The line of a script that starts it so; None for the file alone."""


class Untold(NamedTuple):
    """Why nothing is said of a run's memory."""

    path: str
    target: Target
    reason: str
    script: Place | None = None


def run_of(context: Context, lengths: RowLengths = UNKNOWN) -> Run | Unknown:
    """Return a run in the terms of `ftlint.memory`.

    Where `lengths` say nothing, those that are recorded do.
    """
    inputs = inputs_of(context)
    catalogue = catalogue_of(inputs.target, "train")
    values = effective(inputs.launch.over(inputs.config), catalogue)
    if not values.get("do_train"):
        return Unknown("it does not train")
    found = dimensions(
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
        return Unknown("the DeepSpeed config is not known, so neither is what it divides")
    gpus, nodes = inputs.launch.shape
    made = method_of(values, found.shape, inputs.target, gpus * nodes, inputs.deepspeed)
    if isinstance(made, Unknown):
        return made
    method, notes = made
    load = _load(values, method)
    if load is None:
        return Unknown("`cutoff_len` or a batch size is missing or not an integer")
    known = lengths if lengths.training is not None else recorded(context)
    load, rows = _known(load, known, values, method)
    if inputs.launch.gpus is None and method.sharding.divides:
        notes.append(ONE_GPU)
    notes = [f"dimensions of the model: {found.source}", *rows, *notes]
    return Run(found, method, load, tuple(notes))


def memory_of(context: Context, lengths: RowLengths = UNKNOWN) -> RunMemory | Untold:
    """Return what a run needs, with rows of these lengths, or why that is not told."""
    run = run_of(context, lengths)
    if isinstance(run, Unknown):
        return Untold(context.source.path, context.target, run.reason)
    shape, method, load = run.dimensions.shape, run.method, run.load
    gpu, notes = gpu_of(context)
    values, inputs = context.instance.effective, inputs_of(context)
    plan = plan_of(inputs)
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
        context.source.path, context.target, gpu, found,
        None if total is None else fits(found, total),
        None if total is None else largest_batch(shape, method, load, total),
        None if total is None else largest_evaluation(shape, method, load, total),
        None if total is None else largest_length(shape, method, load, total),
        method.sharding.world, host_bytes(shape, method),
        storage(shape, method, kept, only_model=bool(values.get("save_only_model"))),
        (*run.assumptions, *notes),
    )  # fmt: skip


def peaks_of(context: Context, lengths: RowLengths = UNKNOWN) -> Peaks | None:
    """Return what a line on a run's memory says; None where it is not told."""
    run = run_of(context, lengths)
    found = (
        run if isinstance(run, Unknown) else estimate(run.dimensions.shape, run.method, run.load)
    )
    if isinstance(found, Unknown):
        return None
    gpu, _ = gpu_of(context)
    other = found.evaluation
    return Peaks(
        found.training.allocated,
        None if other is None else other.allocated,
        None if gpu is None else fits(found, gpu.total),
    )


def gpu_of(context: Context) -> tuple[Gpu | None, list[str]]:
    """Return the GPU that is stated, or why it is not known."""
    name = context.instance.facts.get("gpu")
    if not isinstance(name, str):
        return None, []
    try:
        return Gpu(name, total_memory(name)), []
    except BadGpu as error:
        return None, [str(error)]


def _load(values: Mapping[str, Any], method: Method) -> Load | None:
    """Return the batches where nothing else is known of them: rows of cutoff_len."""
    names = ("per_device_train_batch_size", "cutoff_len", "per_device_eval_batch_size")
    found = [values.get(name) for name in names]
    if not all(isinstance(one, int) and 0 < one < 1 << 32 for one in found):
        return None
    rows, length, theirs = map(int, found)  # type: ignore[arg-type]
    packed, neat = bool(values.get("packing")), bool(values.get("neat_packing"))
    apart = neat and method.attention != "flash"
    length = _padded(length)
    training = Batch(rows, length, apart or not packed)
    evaluates = values.get("eval_strategy") not in ("no", None, False)
    evaluation = Batch(theirs, length, apart or not packed) if evaluates else None
    return Load(training, evaluation, ragged=not packed, rows_differ=not packed)


def _padded(length: int) -> int:
    """Return the tokens of a row in a batch, which is padded to a multiple of 8."""
    return max(SHORTEST, -(-length // 8) * 8)


def _known(
    load: Load, lengths: RowLengths, values: Mapping[str, Any], method: Method
) -> tuple[Load, list[str]]:
    """Return the batches with the lengths that are known, and what is said of them."""
    training, evaluation, notes = load.training, load.evaluation, []
    if values.get("packing"):
        return load, [f"blocks of {training.length:,} tokens"]
    known = lengths.training
    if known is None:
        told = f"rows of {training.length:,} tokens (`cutoff_len`): how long they are is not known"
        notes.append(told)
    elif known.batch is not None:
        sequences, length, step = known.batch
        rows = -(-sequences // method.rows_factor)
        training = training._replace(rows=min(rows, training.rows), length=_padded(length))
        notes.append(f"the longest batch has rows of {length:,} tokens and comes at step {step:,}")
    else:
        training = _no_longer(training, known)
        notes.append(f"rows of at most {known.tokens:,} tokens ({known.source})")
    if evaluation is not None:
        theirs = lengths.evaluation
        if theirs is not None:
            evaluation = _no_longer(evaluation, theirs)
        if theirs is None and known is not None:
            notes.append(f"rows of the evaluation: {evaluation.length:,} tokens (`cutoff_len`)")
        elif theirs is not None and (known is None or known.tokens != theirs.tokens):
            notes.append(
                f"rows of the evaluation: at most {theirs.tokens:,} tokens ({theirs.source})"
            )
    differ = known is None or (evaluation is not None and lengths.evaluation is None)
    return load._replace(training=training, evaluation=evaluation, rows_differ=differ), notes


def _no_longer(batch: Batch, known: Longest) -> Batch:
    return batch._replace(length=min(batch.length, _padded(known.tokens)))


def facts(context: Context) -> dict[str, object]:
    """Return what rules may ask of a run on the GPU that is stated: nothing where it may fit.

    `certain`: it does not fit whatever its rows are; else rows of cutoff_len do not.
    """
    gpu, _ = gpu_of(context)
    run = run_of(context) if gpu is not None else None
    if gpu is None or run is None or isinstance(run, Unknown):
        return {}
    shape, method, load = run.dimensions.shape, run.method, run.load
    if ONE_GPU in run.assumptions:  # on more of them each holds less
        return {}
    found = estimate(shape, method, load)
    if isinstance(found, Unknown) or fits(found, gpu.total) is not False:
        return {}
    certain = True
    if load.rows_differ:
        least = estimate(shape, method, load.with_length(SHORTEST))
        assert not isinstance(least, Unknown)
        certain = fits(least, gpu.total) is False
        found = least if certain else found
    worst = max(found.phases, key=lambda phase: phase.allocated)
    training = worst is found.training
    search = largest_batch if training else largest_evaluation
    rows = search(shape, method, load, gpu.total)
    key = f"per_device_{'train' if training else 'eval'}_batch_size"
    remedy = "quantize, use adapters, or shard the model with ZeRO"
    if rows:
        remedy = f"`{key}: {rows}` fits"
    elif not certain:
        length = largest_length(shape, method, load, gpu.total)
        remedy = f"`cutoff_len: {length}` fits" if length else remedy
    return {"memory": {
        "certain": certain,
        "gpu": gpu.name,
        "needs": gigabytes(worst.allocated),
        "has": gigabytes(gpu.total),
        "phase": "training" if training else "evaluating",
        "remedy": remedy,
    }}  # fmt: skip


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
        "training": _phase(run.estimate.training),
        "evaluation": None if run.estimate.evaluation is None else _phase(run.estimate.evaluation),
        "fits": run.fits,
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

"""Why a run was out of memory: which batch it was, what it needs by part, and what fits instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ftlint.facts.memory import gigabytes
from ftlint.memory.estimate import Load, estimate, fits, largest_batch, largest_length
from ftlint.memory.shape import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import FailedBatch, Failure
    from ftlint.facts.memory import MemoryInputs
    from ftlint.memory.estimate import Phase
    from ftlint.memory.method import Method

SMALL = 1 << 27
"""Bytes of a part that is not worth a word."""


def explained(error: Failure, run: MemoryInputs | None, total: int | None) -> Failure:
    """Return a failure with the batch that caused it, what that holds, and what would fit.

    `total`: bytes of the GPU. What the law does not know, and what is not known to fit, is left to
    the remedy that there is.
    """
    batch = error.get("batch")
    message = error["message"] + ("" if batch is None else f"; {_of_batch(batch)}")
    if run is None:
        return cast("Failure", {**error, "message": message})
    load = _load(run, batch)
    found = estimate(run.dimensions.shape, run.method, load)
    if isinstance(found, Unknown):
        return cast("Failure", {**error, "message": message})
    evaluating = batch is not None and batch["evaluating"] and found.evaluation is not None
    phase = found.evaluation if evaluating else found.training
    if batch is None:
        phase = max(found.phases, key=lambda one: one.allocated)
    assert phase is not None
    name = "evaluating" if phase is found.evaluation else "training"
    told = f"; forecast while {name}: {gigabytes(phase.allocated)}, of it {_parts(phase)}"
    ways = [] if total is None else [*_ways(run, load, total, evaluating=phase is found.evaluation)]
    remedy = f"{'; or '.join(ways)} (by the forecast)" if ways else error["remedy"]
    return cast("Failure", {**error, "message": message + told, "remedy": remedy})


def _of_batch(batch: FailedBatch) -> str:
    """Return which batch it was."""
    if batch["evaluating"]:
        return f"it was evaluating after step {batch['step']:,}"
    most = ", the largest until then" if batch["longest"] else ""
    return (
        f"it was in step {batch['step']:,}, on {batch['rows']} rows of {batch['length']:,} tokens"
        f"{most}"
    )


def _load(run: MemoryInputs, batch: FailedBatch | None) -> Load:
    """Return the batches, with the one that there was no memory for."""
    if batch is None or batch["rows"] is None or batch["length"] is None:
        return run.load
    rows = -(-batch["rows"] // run.method.rows_factor)
    training = run.load.training._replace(rows=rows, length=batch["length"])
    return run.load._replace(training=training)


def _parts(phase: Phase) -> str:
    parts = sorted(phase.moment.parts().items(), key=lambda one: -one[1])
    return ", ".join(f"{part} {gigabytes(size)}" for part, size in parts if size > SMALL)


def _ways(run: MemoryInputs, load: Load, total: int, *, evaluating: bool) -> Iterator[str]:
    """Yield what would fit, in the order in which it costs least."""
    shape, method = run.dimensions.shape, run.method
    if evaluating and load.evaluation is not None:
        from ftlint.memory.estimate import largest_evaluation

        rows = largest_evaluation(shape, method, load, total)
        if rows and rows < load.evaluation.rows:
            yield f"per_device_eval_batch_size: {rows}"
        return

    def does(changed: Method) -> bool:
        found = estimate(shape, changed, load)
        return not isinstance(found, Unknown) and fits(found, total) is True

    if not method.checkpointing and does(method._replace(checkpointing=True)):
        yield "remove disable_gradient_checkpointing"
    if not method.liger and shape.family.liger and does(method._replace(liger=True)):
        yield "enable_liger_kernel: true"
    rows = largest_batch(shape, method, load, total)
    if rows and rows < load.training.rows:
        yield f"per_device_train_batch_size: {rows} with more gradient_accumulation_steps"
    length = largest_length(shape, method, load, total)
    if length and length < load.training.length:
        yield f"cutoff_len: {length}"
    if method.kind == "lora" and method.bits == 16 and does(method._replace(bits=4)):
        yield "quantization_bit: 4"

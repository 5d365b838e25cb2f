"""What a run does beside its steps, and between its GPUs: seconds, and how unsure they are."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ftbench.calibration.cost_model import CostModel
    from ftbench.calibration.forecast import Work
    from ftbench.calibration.record import Calibration

SAVING, SAVING_OTHERS, SAVING_UNKNOWN = 0.25, 0.4, 0.8
WITHOUT_STATE = 1 / 3
"""Of a checkpoint's bytes those of the weights: Adam keeps two numbers beside each."""
EVALUATING, EVALUATING_UNKNOWN, EVALUATING_OTHERS = 0.05, 0.25, 0.1
"""The last is added for each doubling of a row's price by the cost model."""
PREPARING, PREPARING_OTHERWISE = 0.2, 0.5
"""Relative deviation of preparing rows; by another number of processes."""
DISK = 0.5e9
"""Bytes a second that a checkpoint is written with where none was timed."""
GRADIENT = 4
"""Bytes of a gradient: LLaMA Factory trains what learns in 32 bit, but for pure_bf16."""
LINK, LINKED = 100e9, 0.6
"""Bytes a second between two GPUs of a host: about half of NVLink's, more than PCIe has."""


def preparing(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
    """Return the seconds of preparing the rows and how unsure they are."""
    seconds = (calibration.overheads.row or 0.0) * (work.rows_prepared or 0)
    kept: Mapping[str, Any] = calibration.lengths or {}
    if not seconds or "preprocessing_num_workers" not in kept:
        return seconds, PREPARING
    theirs, ours = kept["preprocessing_num_workers"] or 1, work.workers or 1
    if theirs == ours:
        return seconds, PREPARING
    notes.append(f"rows were prepared by {theirs} processes when calibrating, not by {ours}")
    return seconds * theirs / ours, PREPARING_OTHERWISE


def saving(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
    """Return the seconds of all checkpoints and how unsure they are."""
    if not work.saves:
        return 0.0, 0.0
    save, theirs = calibration.overheads.save, calibration.overheads.saved_weights
    if save is not None:
        if theirs == work.model_only:
            return save * work.saves, SAVING
        notes.append(
            "checkpoints were timed with the optimizer's state: by bytes a third is assumed without"
            if work.model_only
            else "checkpoints were timed without the optimizer's state: by bytes three times as"
            " much is assumed with it"
        )
        share = WITHOUT_STATE if work.model_only else 1 / WITHOUT_STATE
        return share * save * work.saves, SAVING_OTHERS
    trainable = calibration.model["trainable"] if calibration.model else 0
    if not trainable:
        notes.append("checkpoints are not included: none was timed")
        return 0.0, 0.0
    size = 4 if work.model_only else 12
    notes.append(f"no checkpoint was timed: assumed {size} bytes per trained parameter at 0.5 GB/s")
    return size * trainable / DISK * work.saves, SAVING_UNKNOWN


def evaluating(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
    """Return the seconds of all evaluations and how unsure they are."""
    if not work.evaluations:
        return 0.0, 0.0
    cost, price = calibration.cost, calibration.overheads.evaluated_row
    if not work.evaluated_rows:
        notes.append("evaluations are not included: their number of rows is not known")
        return 0.0, 0.0
    rows = work.evaluations * work.evaluated_rows
    size = min(work.evaluation_batch, work.evaluated_rows)
    counts = Counter(work.lengths or [work.length]).items()
    ours = _seconds_of_row(cost, size, counts)
    if price is not None:
        kept: Mapping[str, Any] = calibration.lengths or {}
        theirs = kept.get("per_device_eval_batch_size") or size
        ratio = ours / _seconds_of_row(cost, theirs, kept["counts"]) if kept.get("counts") else 1.0
        unsure = EVALUATING + EVALUATING_OTHERS * abs(math.log2(ratio))
        return price * ratio * rows, unsure
    key = calibration.key
    passes = (3 if key["method"] == "full" else 2) + bool(key.get("checkpointing", True))
    notes.append(
        f"no evaluation was timed: a batch is assumed to take 1/{passes} of a training batch"
    )
    return ours / passes * rows / work.loop.world, EVALUATING_UNKNOWN


def adding_up(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
    """Return the seconds of adding up the gradients of all GPUs and how unsure they are.

    Of a calibration on one GPU they are told by their bytes: each GPU sends and gets all but its
    own share twice.
    """
    world = work.loop.world
    if world == 1 or calibration.key.get("world", world) == world:
        return calibration.overheads.together * work.loop.steps, 0.0
    trained = calibration.model["trainable"] if calibration.model else 0
    size = GRADIENT * trained * 2 * (world - 1) / world
    notes.append(
        f"gradients, {size / 1e9:.1f} GB a step for each GPU, are assumed to be added up at"
        f" {LINK / 1e9:.0f} GB/s"
    )
    return size / LINK * work.loop.steps, LINKED


def _seconds_of_row(cost: CostModel, batch: int, counts: Iterable[tuple[int, int]]) -> float:
    """Return the cost model's seconds of a row, in batches of so many drawn from these lengths.

    The expected longest of a batch follows from how often each length occurs.
    """
    ordered = sorted(counts)
    whole, so_far, longest = sum(count for _, count in ordered), 0, 0.0
    for length, count in ordered:
        below, so_far = (so_far / whole) ** batch, so_far + count
        longest += length * ((so_far / whole) ** batch - below)
    return cost.seconds(batch, round(longest)) / batch

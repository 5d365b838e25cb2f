"""From a calibration and a run's loop to seconds, with bounds and with what they are made of."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.analysis.interval import LEVEL, quantile
from ftbench.calibration.attention import expected
from ftbench.calibration.batches import of_one_length, simulated
from ftbench.calibration.cost_model import CostModel, Point, resampled
from ftbench.calibration.overheads import spawns_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ftbench.calibration.batches import Loop
    from ftbench.calibration.record import Calibration

DRAWS = 240
SHUFFLES = 8
SEED = 60_233

PROCESS = 0.025
"""Relative deviation of a run's steps from the cost model: twelve runs on two H100s miss it by 2.4
%, root mean square (docs/benchmarks/raw/2026-11-25-h100-pair)."""
HOST = 0.08
"""The same, where the device waits for the host: other work on the machine slows a host by 10 to
30 % for seconds or minutes (runs of 0.5B models in docs/benchmarks/raw)."""
FETCHING = 0.25
"""Relative deviation of fetching: twelve runs of 0.5B models took 0.6 to 1 times what their
calibrations say (docs/benchmarks/raw/2026-11-25-h100-pair and -pair-2)."""
STARTUP = 0.12
"""Relative deviation of a start-up: three on one H200 took 17, 20 and 22 s."""
SAVING, SAVING_OTHERS, SAVING_UNKNOWN = 0.25, 0.4, 0.8
WITHOUT_STATE = 1 / 3
"""Of a checkpoint's bytes those of the weights: Adam keeps two numbers beside each."""
EVALUATING, EVALUATING_UNKNOWN, EVALUATING_OTHERS = 0.05, 0.25, 0.1
"""The last is added for each doubling of a row's price by the cost model."""
PREPARING, PREPARING_OTHERWISE = 0.2, 0.5
"""Relative deviation of preparing rows; by another number of processes."""
OUTSIDE = 0.05
"""Added for each doubling beyond the largest shape that was measured."""
DISK = 0.5e9
"""Bytes a second that a checkpoint is written with where none was timed."""


Shapes = dict[tuple[int, int], float]


@dataclass(frozen=True)
class Work:
    """A run to be timed: its loop and what comes beside the steps."""

    loop: Loop
    length: int
    """The padded length of every row, where `lengths` is empty; else unused."""
    lengths: tuple[int, ...] = ()
    multiple: int = 8
    rows_prepared: int | None = None
    workers: int | None = None
    """Processes that prepare the rows."""
    logs: int = 0
    saves: int = 0
    model_only: bool = False
    """Checkpoints are without the optimizer's state."""
    evaluations: int = 0
    evaluated_rows: int | None = None
    evaluation_batch: int = 8


class Part(NamedTuple):
    """One share of the seconds, by name."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """Seconds of a run from start to end of its process; `assumptions` in sentences."""

    seconds: float
    low: float
    high: float
    parts: tuple[Part, ...]
    step: float
    """Mean seconds of a step."""
    assumptions: tuple[str, ...]
    level: float = LEVEL


def forecast(
    calibration: Calibration, work: Work, unsure: Sequence[float] = (), told: Sequence[str] = ()
) -> Forecast:
    """Return the seconds of a run by a calibration.

    `unsure` are relative deviations of a step's time that the caller declares, `told` what else
    the answer rests on.
    """
    cost, overheads, points = calibration.cost, calibration.overheads, calibration.points
    runs = list(_runs(work))
    notes = list(told)
    outside = _outside(runs, points)
    if outside:
        notes.append(
            f"batch shapes beyond the calibrated ones: ± {2 * outside:.0%} of the step time,"
            " which `bench calibrate` with this config settles"
        )
    waiting = _waiting(cost, runs)
    if waiting > 0.1:
        notes.append(
            f"batches are small for this GPU: for {waiting:.0%} of the time it waits for the host,"
            " and other work on the machine changes that"
        )
    if work.lengths and not calibration.real:
        notes.append("the calibration timed no batches of real data")
    steps = work.loop.steps
    micro = work.loop.micro_batches()
    each = [_seconds(cost, counted) for counted in runs]
    own = sum(each) / len(runs)
    typical = _mean(runs)
    tokens = sum(times * rows * length for (rows, length), times in typical.items())
    squares = sum(times * rows * length**2 for (rows, length), times in typical.items())
    large = sum(times for shape, times in typical.items() if spawns_threads(*shape))
    fresh = sum(len(counted) for counted in runs) / len(runs)
    data, data_unsure = _preparing(calibration, work, notes)
    save, save_unsure = _saving(calibration, work, notes)
    evaluation, evaluation_unsure = _evaluation(calibration, work, notes)
    parts = [
        Part("start-up", overheads.startup),
        Part("data", data),
        Part("first step and new shapes", overheads.first + overheads.shape * max(0.0, fresh - 1)),
        Part("micro-batches", own + overheads.later * (micro - steps)),
        Part("gradients of all GPUs", overheads.together * steps),
        Part(
            "fetching",
            overheads.token * tokens + overheads.square * squares + overheads.wake * large,
        ),
        Part("optimizer", overheads.step * steps),
        Part("logging", overheads.log * work.logs),
        Part("evaluations", evaluation),
        Part("checkpoints", save),
    ]
    value = sum(part.seconds for part in parts)
    by_name = {part.name: part.seconds for part in parts}
    spread = math.hypot(PROCESS, HOST * waiting, outside, *unsure)
    begun = max(STARTUP * overheads.startup, overheads.startup_spread)
    draw = random.Random(SEED)
    found = []
    attention = expected(calibration.model, calibration.key)
    for number, other in enumerate(resampled(points, DRAWS, cost.split, attention)):
        ratio = _seconds(other, typical) / own if own else 1.0
        chance = each[number % len(runs)] / own if own else 1.0
        steady = by_name["micro-batches"] * ratio * chance + by_name["optimizer"]
        steady += by_name["gradients of all GPUs"] + by_name["logging"]
        total = steady * (1 + draw.gauss(0, spread))
        total += by_name["fetching"] * max(0.0, 1 + draw.gauss(0, FETCHING))
        total += max(0.0, draw.gauss(overheads.startup, begun))
        total += data * max(0.0, 1 + draw.gauss(0, data_unsure))
        total += by_name["first step and new shapes"] * draw.uniform(0.5, 1.5)
        total += evaluation * max(0.0, 1 + draw.gauss(0, evaluation_unsure))
        total += save * max(0.0, 1 + draw.gauss(0, save_unsure))
        found.append(total)
    found.sort()
    low, high = quantile(found, (1 - LEVEL) / 2), quantile(found, (1 + LEVEL) / 2)
    inside = ("micro-batches", "gradients of all GPUs", "fetching", "optimizer", "logging")
    step = sum(by_name[name] for name in inside) / max(1, steps)
    return Forecast(
        value, min(low, value), max(high, value), tuple(parts), step, tuple(dict.fromkeys(notes))
    )


def _runs(work: Work) -> Iterator[Shapes]:
    """Yield the shapes of simulated runs with how often each occurs."""
    if not work.lengths:
        yield {shape: float(n) for shape, n in of_one_length(work.loop, work.length).items()}
        return
    for counted, factor in simulated(work.loop, work.lengths, SHUFFLES, work.multiple):
        yield {shape: times * factor for shape, times in counted.items()}


def _seconds(cost: CostModel, counted: Shapes) -> float:
    return sum(times * cost.seconds(*shape) for shape, times in counted.items())


def _waiting(cost: CostModel, runs: Sequence[Shapes]) -> float:
    """Return how far the host decides, over all micro-batches."""
    whole = sum(times for counted in runs for times in counted.values())
    found = sum(n * cost.host_share(*shape) for counted in runs for shape, n in counted.items())
    return found / whole if whole else 0.0


def _mean(runs: Sequence[Shapes]) -> Shapes:
    merged: Shapes = {}
    for counted in runs:
        for shape, times in counted.items():
            merged[shape] = merged.get(shape, 0.0) + times / len(runs)
    return merged


def _outside(runs: Sequence[Shapes], points: Sequence[Point]) -> float:
    """Return how unsure it makes a run that shapes lie beyond the largest measured ones."""
    tokens = max(point.tokens for point in points)
    longest = max(point.length for point in points)
    whole = beyond = 0.0
    for counted in runs:
        for (rows, length), times in counted.items():
            ratio = max(rows * length / tokens, length / longest)
            whole += times * rows * length
            beyond += times * rows * length * max(0.0, math.log2(ratio))
    return OUTSIDE * beyond / whole if whole else 0.0


def _preparing(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
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


def _saving(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
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


def _evaluation(calibration: Calibration, work: Work, notes: list[str]) -> tuple[float, float]:
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

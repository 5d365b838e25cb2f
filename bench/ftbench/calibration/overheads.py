"""What a run costs beside its micro-batches, as two runs of a calibration show it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, NamedTuple

from ftbench.analysis.flags import tokens_of
from ftbench.calibration import planned_run
from ftbench.calibration.design import WARM
from ftbench.calibration.points import (
    LEAST,
    Incomplete,
    accumulated,
    by_shape,
    forward_backward,
    fresh,
    once_each,
    seconds_each,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftbench.calibration.cost_model import CostModel
    from ftbench.results.record import Result, Step

GRAIN = 32_768
"""Numbers that torch copies on one thread; for more it wakes all, which takes longer than copying
them (`at::internal::GRAIN_SIZE`; docs/benchmarks/raw/2026-11-25-h100-pair-2/threads.txt)."""


@dataclass(frozen=True)
class Overheads:
    """Seconds of everything that is not a micro-batch by the cost model.

    `step`: optimizer, clipping and the trainer's own work, each step. `token`: fetching and moving
    a position of a micro-batch, padding too, or `batch` a whole one and `square` a number of its
    mask, where the collator makes one for each pair of positions; `wake`: what fetching more than
    `GRAIN` takes besides. `log`: each logged step. `first`: what the first step takes over the
    others. `shape`: what the first batch of a new shape takes over its repetition. `later`: what a
    micro-batch after the first of its step takes over the first. `together`: what the last one
    takes over those, where several processes add up their gradients. `startup`: the process but for
    training, evaluating and the data, `startup_spread` by how much the processes seen differ in it;
    `row`: preparing a row of the data.
    """

    step: float
    token: float
    log: float
    first: float
    shape: float
    startup: float
    row: float | None
    startup_spread: float = 0.0
    later: float = 0.0
    together: float = 0.0
    wake: float = 0.0
    save: float | None = None
    evaluated_row: float | None = None
    square: float = 0.0
    batch: float = 0.0
    saved_weights: bool = False
    """The checkpoint was timed without the optimizer's state."""


def overheads_of(scheduled: Result, cost: CostModel, real: Result | None) -> Overheads:
    """Return the overheads that the runs show; `real` trained on the config's own data.

    `scheduled` is the later process: by then files and kernels are in caches, as they are for the
    runs to come, so start-up and first step are taken from it, but for importing the packages.

    Raises:
        Incomplete: a phase was not captured.
    """
    groups = by_shape(scheduled)
    steady = [step for group in groups for step in group[WARM:]]
    typical = [median(forward_backward(step) for step in group[WARM:]) for group in groups]
    surplus = [
        max(0.0, forward_backward(group[0]) - usual) for group, usual in zip(groups, typical)
    ]
    first = groups[0][0]["seconds"] - median(step["seconds"] for step in groups[0][WARM:])
    later, together = accumulated(groups)
    usual, logged = steady, scheduled
    shape = _by_shapes_that_come_once(once_each(scheduled), later)
    if real is not None:
        usual, logged = real["steps"][len(real["steps"]) // 4 :], real
        if shape is None:
            shape = _by_real_batches(real["steps"], cost, (later, together))
    step, between = _beside(usual, steady)
    wake = 0.0 if _masks_pairs(scheduled) else _of_threads([group[WARM:] for group in groups])
    save = evaluated_row = None
    for result in filter(None, (real, scheduled)):
        save = save or _of_saving(result)
        evaluated_row = evaluated_row or _of_evaluating(result)
    fetched = _price_of_fetching(scheduled, groups, usual, wake)
    startup, startup_spread = _of_starting(scheduled, real)
    return Overheads(
        step=step, later=later + between, together=together, log=_of_logging(logged),
        token=fetched.token, square=fetched.square, batch=fetched.batch, wake=wake,
        first=max(0.0, first), shape=mean(surplus[1:] or [0.0]) if shape is None else shape,
        startup=startup, startup_spread=startup_spread,
        row=_of_preparing([one for one in (scheduled, real) if one is not None]),
        save=save, evaluated_row=evaluated_row,
        saved_weights=bool((real or scheduled)["config"]["values"].get("save_only_model")),
    )  # fmt: skip


def spawns_threads(rows: int, length: int) -> bool:
    """Return whether torch wakes all its threads for a micro-batch."""
    return rows * length > GRAIN


def _of_threads(groups: Sequence[Sequence[Step]]) -> float:
    """Return what fetching a large micro-batch takes beyond its share by positions."""
    small, large = [], []
    for group in groups:
        (rows, length, *_), count = group[0]["micro_batches"][0], len(group[0]["micro_batches"])
        took = median((step["data"] or 0.0) / count for step in group)
        if spawns_threads(rows, length):
            large.append((took, rows * length))
        elif rows * length > GRAIN // 4:  # fetching tiny ones shows the noise of the host
            small.append(took / (rows * length))
    if not small or not large:
        return 0.0
    rate = median(small)
    return max(0.0, median(took - rate * positions for took, positions in large))


class _Fetched(NamedTuple):
    """Prices of fetching: of a position, of a squared one, of a micro-batch."""

    token: float
    square: float = 0.0
    batch: float = 0.0


def _price_of_fetching(
    scheduled: Result, groups: Sequence[Sequence[Step]], usual: Sequence[Step], wake: float
) -> _Fetched:
    """Return what fetching takes, by positions, or where masks are made on the CPU by their size.

    Making a mask wakes threads, which has a price of its own: the shapes tell what its size adds,
    the config's own batches and the synthetic ones of that shape the rest.
    """
    if not _masks_pairs(scheduled):
        return _Fetched(median([_fetching(step, wake) / (tokens_of(step) or 1) for step in usual]))
    timed = [step for group in groups for step in group[WARM:]]
    points = [(squares_of(step), _each(step)) for step in timed]
    large = max(squares for squares, _ in points)
    half = median(took for squares, took in points if squares > large / 2)
    small = [(squares, took) for squares, took in points if large / 32 < squares <= large / 2]
    square = 0.0
    if small:
        between = large - median(squares for squares, _ in small)
        square = max(0.0, half - median(took for _, took in small)) / between
    shape = usual[-1]["micro_batches"][0][:2]
    alike = [step for step in timed if step["micro_batches"][0][:2] == shape]
    own = [*usual[len(usual) // 3 :], *alike]
    return _Fetched(
        0.0, square, max(0.0, median(_each(step) - square * squares_of(step) for step in own))
    )


def _each(step: Step) -> float:
    """Return what fetching one micro-batch of a step took."""
    return (step["data"] or 0.0) / len(step["micro_batches"])


def _masks_pairs(result: Result) -> bool:
    """Return whether the collator makes a mask with a number for each pair of positions.

    Source: SFTDataCollatorWith4DAttentionMask [0.9.5].
    """
    method = result["method"]
    if method is None or not method["neat_packing"]:
        return False
    return method["attention"] in ("sdpa", "eager")


def squares_of(step: Step) -> int:
    """Return the squared positions of a step's first micro-batch, padding included."""
    rows, length, *_ = step["micro_batches"][0]
    return rows * length**2


def _fetching(step: Step, wake: float) -> float:
    """Return what a step waits for its batches, but for torch's threads."""
    count = sum(spawns_threads(*one[:2]) for one in step["micro_batches"])
    return max(0.0, (step["data"] or 0.0) - wake * count)


def _beside(usual: Sequence[Step], other: Sequence[Step]) -> tuple[float, float]:
    """Return what a step takes beside its micro-batches, and what more for each after the first.

    The latter shows where the two kinds of steps differ in their micro-batches.
    """
    rest, beside = median(map(_rest, usual)), median(map(_rest, other))
    count, counted = (max(len(step["micro_batches"]) for step in steps) for steps in (usual, other))
    between = 0.0 if count == counted else max(0.0, (beside - rest) / (counted - count))
    between = min(between, rest / count)
    return rest - between * (count - 1), between


def _rest(step: Step) -> float:
    """Return what a step takes beside its micro-batches, its data and what it logs."""
    inside = forward_backward(step) + (step["data"] or 0.0) + (step["other"] or 0.0)
    return max(0.0, step["seconds"] - inside)


def _of_logging(result: Result) -> float:
    """Return the seconds of a logged step; the least of those where something was evaluated."""
    logs = (result["trainer"] or {}).get("logs") or 0  # type: ignore[call-overload]
    took = sorted((step["other"] or 0.0 for step in result["steps"][:-1]), reverse=True)[:logs]
    return median(took) if took else 0.0


def _by_shapes_that_come_once(steps: Sequence[Step], later: float) -> float | None:
    """Return what the first micro-batch of a new shape takes over the second; None from too few.

    The mean, since a run pays for all of them, but for a fifth at either end: a host that stops for
    a moment is no price.
    """
    each = [one for one in map(seconds_each, steps) if len(one) > 1]
    found = sorted(first + later - second for first, second, *_ in each)
    aside = max(1, len(found) // 5)
    return max(0.0, mean(found[aside : len(found) - aside])) if len(found) >= LEAST else None


def _by_real_batches(
    steps: Sequence[Step], cost: CostModel, beside: tuple[float, float]
) -> float | None:
    """Return the usual surplus of a new shape over its cost; None from too few."""
    later, together = beside
    found = [
        (forward_backward(step) - later * (len(step["micro_batches"]) - 1) - together
         - sum(cost.seconds(*one[:2]) for one in step["micro_batches"])) / new
        for step, new in fresh(steps) if new
    ]  # fmt: skip
    return max(0.0, median(found)) if len(found) >= LEAST else None


def _of_starting(scheduled: Result, real: Result | None) -> tuple[float, float]:
    """Return the seconds of a start-up, and half of what the two processes differ by.

    Importing the packages is the same work in both, and what disturbs it only adds to it: the
    shorter counts. 101 runs in docs/benchmarks/raw missed it by 11.5 %, and the mean of both by
    12.2 %, 2.4 % too long. All else is that of the later process: the model of the first may have
    come from a cold disk.
    """
    startup = startup_of(scheduled)
    if real is None:
        return startup, 0.0
    last, first = _importing(scheduled), _importing(real)
    return startup + min(0.0, first - last), abs(startup - startup_of(real)) / 2


def _importing(result: Result) -> float:
    phases = result["phases"]
    return (phases["import"] or 0.0) if phases is not None else 0.0


def startup_of(result: Result) -> float:
    """Return what a process takes before its first step and after its last one.

    Preparing the data is no part of it, nor are evaluations and checkpoints after the last step.
    """
    phases = result["phases"]
    if phases is None or phases["first_step"] is None:
        raise Incomplete("how long training took was not captured")
    whole = phases["wall"] if phases["wall"] is not None else phases["total"]
    stepping = phases["first_step"] + (phases["after_first"] or 0.0)
    within = sum(step["other"] or 0.0 for step in result["steps"])
    late = max(0.0, sum(phases["evaluations"]) + sum(phases["saves"]) - within)
    return max(0.0, whole - stepping - late - (phases["data"] or 0.0))


def _of_preparing(results: Sequence[Result]) -> float | None:
    """Return the seconds of preparing a row, the mean of the processes that prepared them.

    Rows are kept once they are prepared: a process that found them there, in less than half of the
    time, does not count.
    """
    found = []
    for result in results:
        phases, rows = result["phases"], len(result["lengths"] or ())
        if phases is not None and phases["data"] and rows:
            found.append(phases["data"] / rows)
    return mean(one for one in found if one > max(found) / 2) if found else None


def _of_saving(result: Result) -> float | None:
    saves = result["phases"]["saves"] if result["phases"] is not None else []
    return mean(saves) if saves else None


def _of_evaluating(result: Result) -> float | None:
    took = result["phases"]["evaluations"] if result["phases"] is not None else []
    values = result["config"]["values"]
    run = planned_run.of_result(result["plan"] or {}, values)
    rows = planned_run.rows_of_one_evaluation(run, values)
    return min(took) / rows if took and rows else None

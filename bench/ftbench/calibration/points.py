"""The steps of calibration runs, and the shapes whose time they tell."""

from __future__ import annotations

from collections import Counter
from statistics import median, median_high
from typing import TYPE_CHECKING

from ftbench.calibration.cost_model import Point
from ftbench.calibration.design import TIMED, WARM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.calibration.cost_model import CostModel
    from ftbench.calibration.design import Design
    from ftbench.results.record import Result, Step

HOSTED, UNSTEADY = 0.3, 0.05
"""Above this share of the host in a batch, or this relative noise of its seconds, they tell nothing
of the level of the device's work: the host differs by more than two processes do."""
LEAST = 3
"""So many steps of the config's own data at least are held against the synthetic shapes."""


class Incomplete(Exception):
    """The runs do not hold what a calibration is made of. The text says what is missing."""


def points_of(result: Result, design: Design) -> tuple[list[Point], Point]:
    """Return the fitted shapes and the held-out one, as measured.

    Raises:
        Incomplete: steps are missing, or their times were not captured.
    """
    groups = by_shape(result)
    beside = accumulated(groups)
    found = [
        Point(rows, length, _seconds_of(steps[WARM:], beside))
        for (rows, length), steps in zip((*design.fitted, design.held_out), groups)
    ]
    return found[:-1], found[-1]


def _seconds_of(steps: Sequence[Step], beside: tuple[float, float]) -> tuple[float, ...]:
    """Return the seconds of the first micro-batch of each step; of few steps, of the others too.

    The others are brought to the first by what is `beside` it: what a later one takes over it, and
    what the last takes over those (`accumulated`). Few seconds hardly tell a host that was slow for
    a moment from one that is slow.
    """
    each = [seconds_each(step) for step in steps]
    first = [one[0] for one in each]
    if len(first) >= TIMED:
        return tuple(first)
    later, together = beside
    last = [one[-1] - later - together for one in each if len(one) > 1]
    between = [one - later for step in each for one in step[1:-1]]
    return (*first, *between, *last)


def by_shape(result: Result) -> list[list[Step]]:
    """Return the steps of each shape that the schedule repeats, in turn. Raises `Incomplete`."""
    return [steps for steps in _by_shape(result) if len(steps) > WARM]


def once_each(result: Result) -> list[Step]:
    """Return the steps of shapes that the schedule has once. Raises `Incomplete`."""
    return [step for steps in _by_shape(result) if len(steps) <= WARM for step in steps]


def _by_shape(result: Result) -> list[list[Step]]:
    """Return the steps of each shape of the schedule, in turn. Raises `Incomplete`."""
    steps = result["steps"]
    groups: dict[tuple[int, int], list[Step]] = {}
    for entry in result["schedule"] or []:
        part, steps = steps[: entry["steps"]], steps[entry["steps"] :]
        shape = entry["rows"], entry["length"]
        if len(part) < entry["steps"] or any(
            tuple(batch[:2]) != shape for step in part for batch in step["micro_batches"]
        ):
            raise Incomplete(f"the steps of shape {shape[0]} x {shape[1]} were not all done")
        groups.setdefault(shape, []).extend(part)
    if not groups:
        raise Incomplete("the run had no schedule")
    return list(groups.values())


def forward_backward(step: Step) -> float:
    """Return the seconds of a step's micro-batches. Raises `Incomplete`."""
    value = step["forward_backward"]
    if value is None or not step["micro_batches"]:
        raise Incomplete("the time of forward and backward was not captured")
    return value


def seconds_each(step: Step) -> list[float]:
    """Return the seconds of each micro-batch; older results know only their sum."""
    whole = forward_backward(step)
    return step.get("each") or [whole / len(step["micro_batches"])] * len(step["micro_batches"])


def fresh(steps: Sequence[Step]) -> Iterator[tuple[Step, int]]:
    """Yield each step after the first with how many of its shapes no step before it had."""
    seen: set[tuple[int, ...]] = set()
    for number, step in enumerate(steps):
        shapes = {tuple(one[:2]) for one in step["micro_batches"]}
        if number:
            yield step, len(shapes - seen)
        seen |= shapes


def accumulated(groups: Sequence[Sequence[Step]]) -> tuple[float, float]:
    """Return what a later micro-batch of a step takes over its first, and the last over those.

    The former adds gradients to those that are there; the latter adds up those of several
    processes, and only steps of three micro-batches or more tell it. Neither is negative.
    """
    later, last = [], []
    for group in groups:
        for step in group[WARM:]:
            first, *more = seconds_each(step)
            if len(more) > 1:
                last.append(more.pop() - median(more))
            later += [one - first for one in more]
    return max(0.0, median(later or [0.0])), max(0.0, median(last or [0.0]))


def point_of(real: Result, cost: CostModel, last: float = 0.0) -> Point | None:
    """Return what the config's own batches took, as one more shape; None from too few steps.

    Only steps whose shapes were all seen before tell it: others wait for memory and kernels. They
    are brought to their median length by the cost model of the synthetic shapes; `last` is what the
    last micro-batch of a step takes beside it. Where rows differ in length and processes wait for
    the longest of them, no process's own batch tells it.
    """
    if real["plan"] is not None and real["plan"].get("world_size") != 1 and real["lengths"]:
        return None
    steps = [step for step, new in fresh(real["steps"]) if not new]
    steps = steps[len(steps) // 3 :]
    if len(steps) < LEAST:
        return None
    rows = Counter(step["micro_batches"][0][0] for step in steps).most_common(1)[0][0]
    length = median_high(step["micro_batches"][0][1] for step in steps)
    at = cost.seconds(rows, length)
    seconds = []
    for step in steps:
        first, *more = seconds_each(step)
        own = first if more else first - last
        seconds.append(own / cost.seconds(*step["micro_batches"][0][:2]) * at)
    return Point(rows, length, tuple(seconds))


def levelled(synthetic: Sequence[Point], own: Point, cost: CostModel) -> list[Point]:
    """Return the shapes of both processes, brought to one level: the geometric mean of theirs.

    Processes differ by one or two per cent in all that they compute, and rows without padding work
    a GPU harder than real ones: neither process alone tells what the next one will take. Where the
    host decides, or the `own` batches scatter, both stay as they are. `cost` is fitted to the
    `synthetic` shapes alone.
    """
    shape = own.rows, own.length
    if cost.host_share(*shape) > HOSTED or own.noise > UNSTEADY:
        return [*synthetic, own]
    share = (own.typical / cost.seconds(*shape)) ** 0.5
    return [*(one.scaled(share) for one in synthetic), own.scaled(1 / share)]

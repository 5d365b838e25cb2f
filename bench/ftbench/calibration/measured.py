"""From the results of calibration runs to what is kept of them: a law and the prices beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.calibration.design import WARM
from ftbench.calibration.fit import Law, Point, fit
from ftlint.facts import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftbench.calibration.design import Design
    from ftbench.results.record import Result, Step

STEP_NOISE = 0.02
"""Relative noise of single steps, when real batches are held against the law."""
LIKELY_SHARE = 0.05
"""How far from 1 real batches are likely to be, and seconds of a new shape from synthetic ones."""
LIKELY_PRICE = 0.02


class Incomplete(Exception):
    """The runs do not hold what a calibration is made of. The text says what is missing."""


@dataclass(frozen=True)
class Prices:
    """Seconds of everything that is not a micro-batch by the law.

    `step`: optimizer, clipping and the trainer's own work, each step. `batch`: fetching and moving
    a micro-batch. `log`: each logged step. `first`: what the first step takes over the others.
    `shape`: what the first batch of a new shape takes over its repetition. `later`: what a
    micro-batch after the first of its step takes over the first. `startup`: the process
    but for training, evaluating and the data, `startup_spread` by how much the processes seen
    differ in it; `row`: preparing a row of the data. `correction`: real batches over what the law
    says of their shapes.
    """

    step: float
    batch: float
    log: float
    first: float
    shape: float
    startup: float
    row: float | None
    startup_spread: float = 0.0
    later: float = 0.0
    correction: float = 1.0
    scatter: float = 0.0
    """Relative deviation of single real steps from the law."""
    save: float | None = None
    evaluated_row: float | None = None


def points_of(result: Result, design: Design) -> tuple[list[Point], Point]:
    """Return the fitted shapes and the held-out one, as measured.

    Raises:
        Incomplete: steps are missing, or their times were not captured.
    """
    found = []
    for (rows, length), steps in zip((*design.fitted, design.held_out), _groups(result)):
        seconds = [_each(step)[0] for step in steps[WARM:]]
        found.append(Point(rows, length, tuple(seconds)))
    return found[:-1], found[-1]


def _groups(result: Result) -> list[list[Step]]:
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


def _forward_backward(step: Step) -> float:
    value = step["forward_backward"]
    if value is None or not step["micro_batches"]:
        raise Incomplete("the time of forward and backward was not captured")
    return value


def _each(step: Step) -> list[float]:
    """Return the seconds of each micro-batch; older results know only their sum."""
    whole = _forward_backward(step)
    return step.get("each") or [whole / len(step["micro_batches"])] * len(step["micro_batches"])


def _later(groups: Sequence[Sequence[Step]]) -> float:
    """Return what a micro-batch after the first of its step takes over the first, not negative."""
    more = [
        one - each[0] for group in groups for step in group[WARM:] for each in [_each(step)]
        for one in each[1:]
    ]  # fmt: skip
    return max(0.0, median(more)) if more else 0.0


def prices_of(scheduled: Result, law: Law, real: Result | None) -> Prices:
    """Return the prices that the runs show; `real` trained on the config's own data.

    `scheduled` is the later process: by then files and kernels are in caches, as they are for the
    runs to come, so the start-up and the first step are its. Rows are prepared once and then cached
    as well; the dearer of the two paid for it.

    Raises:
        Incomplete: a phase was not captured.
    """
    groups = _groups(scheduled)
    steady = [step for group in groups for step in group[WARM:]]
    typical = [median(_forward_backward(step) for step in group[WARM:]) for group in groups]
    surplus = [
        max(0.0, _forward_backward(group[0]) - usual) for group, usual in zip(groups, typical)
    ]
    first = groups[0][0]["seconds"] - median(step["seconds"] for step in groups[0][WARM:])
    shape, later = mean(surplus[1:] or [0.0]), _later(groups)
    correction, scatter, save, evaluated_row = 1.0, 0.0, None, None
    rest = median([_rest(step) for step in steady])
    batch = _data_of_batch(steady)
    log = _of_logging(scheduled)
    if real is not None:
        usual = real["steps"][len(real["steps"]) // 4 :]
        batch, rest = _data_of_batch(usual), median([_rest(step) for step in usual])
        prices = _Beside(rest, batch, later, shape)
        correction, shape, scatter = _against_law(real["steps"], law, prices)
        log = _of_logging(real)
    for result in filter(None, (real, scheduled)):
        save = save or _price_of_saving(result)
        evaluated_row = evaluated_row or _price_of_evaluating(result)
    startups = [_startup(one) for one in (scheduled, real) if one is not None]
    return Prices(
        step=rest, batch=batch, log=log, first=max(0.0, first), shape=shape, later=later,
        startup=startups[0], startup_spread=(max(startups) - min(startups)) / 2,
        row=max(filter(None, map(_price_of_row, filter(None, (scheduled, real)))), default=None),
        correction=correction, scatter=scatter, save=save, evaluated_row=evaluated_row,
    )  # fmt: skip


def _rest(step: Step) -> float:
    """Return what a step takes beside its micro-batches, its data and what it logs."""
    inside = _forward_backward(step) + (step["data"] or 0.0) + (step["other"] or 0.0)
    return max(0.0, step["seconds"] - inside)


def _data_of_batch(steps: Sequence[Step]) -> float:
    return median([(step["data"] or 0.0) / max(1, len(step["micro_batches"])) for step in steps])


def _of_logging(result: Result) -> float:
    """Return the seconds of a logged step; the least of those where something was evaluated."""
    logs = (result["trainer"] or {}).get("logs") or 0  # type: ignore[call-overload]
    took = sorted((step["other"] or 0.0 for step in result["steps"][:-1]), reverse=True)[:logs]
    return median(took) if took else 0.0


class _Beside(NamedTuple):
    """What is known of a step but for its law: see `Prices`, where `step` is `rest` here."""

    rest: float
    batch: float
    later: float
    shape: float


def _against_law(steps: Sequence[Step], law: Law, beside: _Beside) -> tuple[float, float, float]:
    """Return what real batches take over the law, what a new shape adds, and the scatter.

    Both are fitted to the steps after the first. In a short run nearly every batch has a new
    shape, and then the steps alone cannot tell one from the other: they are held to what is
    likely beforehand, a share near 1 and the price that the synthetic shapes showed.
    The share is that of the second half, so that what is slow only at first raises the price.
    """
    shape = beside.shape
    seen = {tuple(one[:2]) for one in steps[0]["micro_batches"]} if steps else set()
    found: list[tuple[float, float]] = []
    """Of each step: measured over the law, and new shapes over the law."""
    for step in steps[1:]:
        shapes = {tuple(one[:2]) for one in step["micro_batches"]}
        count = len(step["micro_batches"])
        expected = sum(law.at(one[0], one[1]) for one in step["micro_batches"])
        took = step["seconds"] - (step["other"] or 0.0) - beside.rest
        took -= beside.batch * count + beside.later * (count - 1)
        found.append((took / expected, len(shapes - seen) / expected))
        seen |= shapes
    if not found:
        return 1.0, shape, 0.0
    share, added = _share_and_price(found, shape)
    misses = [took - share - added * new for took, new in found]
    middle = median(misses)
    spread = 1.48 * median([abs(miss - middle) for miss in misses])
    kept = [one for one, miss in zip(found, misses) if abs(miss - middle) <= 4 * spread + 1e-9]
    share, _ = _share_and_price(kept[len(kept) // 2 :], shape)
    surplus = sum((took - share) / STEP_NOISE**2 * new for took, new in kept)
    likely = 1 / (shape + LIKELY_PRICE) ** 2
    weight = likely + sum((new / STEP_NOISE) ** 2 for _, new in kept)
    return share, max(0.0, (surplus + likely * shape) / weight), spread


def _share_and_price(found: Sequence[tuple[float, float]], price: float) -> tuple[float, float]:
    """Return the likeliest share and price of a new shape, neither negative."""
    likely = 1 / (price + LIKELY_PRICE) ** 2
    a, b, d = 1 / LIKELY_SHARE**2, 0.0, likely
    first, second = 1 / LIKELY_SHARE**2, likely * price
    for took, new in found:
        a, b, d = a + 1 / STEP_NOISE**2, b + new / STEP_NOISE**2, d + (new / STEP_NOISE) ** 2
        first, second = first + took / STEP_NOISE**2, second + took * new / STEP_NOISE**2
    share, added = (first * d - second * b) / (a * d - b * b), 0.0
    added = (second - b * share) / d
    return (first / a, 0.0) if added < 0 else (max(0.0, share), added)


def _startup(result: Result) -> float:
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


def _price_of_row(result: Result) -> float | None:
    phases, lengths = result["phases"], result["lengths"]
    rows = len(lengths) if lengths else None
    return None if phases is None or not phases["data"] or not rows else phases["data"] / rows


def _price_of_saving(result: Result) -> float | None:
    saves = result["phases"]["saves"] if result["phases"] is not None else []
    return mean(saves) if saves else None


def _price_of_evaluating(result: Result) -> float | None:
    took = result["phases"]["evaluations"] if result["phases"] is not None else []
    rows = rows_evaluated(result["config"]["values"], result["plan"] or {})
    return min(took) / rows if took and rows else None


def rows_evaluated(values: Mapping[str, Any], plan: Mapping[str, Any]) -> int | None:
    """Return the rows of one evaluation; older plans do not know those of an eval_dataset."""
    samples = plan.get("samples") or {}
    rows = samples.get("evaluated", None if values.get("eval_dataset") else samples.get("held_out"))
    each = values.get("eval_dataset") if values.get("eval_on_each_dataset") else None
    return None if rows is None else int(rows) // (len(set(words(each))) or 1)


def record_of(
    scheduled: Result,
    real: Result | None,
    design: Design,
    key: dict[str, Any],
    about: dict[str, Any],
) -> dict[str, Any]:
    """Return what is kept of a calibration, as plain data. `about`: dataset, cutoff_len, multiple.

    Raises:
        Incomplete: the runs do not hold what it is made of.
    """
    fitted, held_out = points_of(scheduled, design)
    law = fit(fitted)
    said = law.at(held_out.rows, held_out.length)
    check = {"rows": held_out.rows, "length": held_out.length, "measured": held_out.typical,
             "predicted": said, "error": said / held_out.typical - 1}  # fmt: skip
    whole = fit([*fitted, held_out])
    prices = prices_of(scheduled, whole, real)
    environment = scheduled["environment"]
    if environment is None:
        raise Incomplete("what it ran on was not captured")
    lengths = (real or scheduled)["lengths"] or scheduled["lengths"]
    kept = None
    if lengths is not None:
        kept = {**about, "rows": len(lengths), "counts": sorted(Counter(lengths).items())}
    walls = [one["phases"]["wall"] for one in (scheduled, real) if one and one["phases"]]
    return {
        "gpu": environment["gpu"] or {"name": f"CPU {environment['cpu']}", "uuid_hash": None},
        "key": key,
        "packages": environment["packages"],
        "model": scheduled["model"],
        "points": [asdict(point) for point in (*fitted, held_out)],
        "check": check,
        "law": whole.record(),
        "prices": asdict(prices),
        "lengths": kept,
        "seconds": sum(wall for wall in walls if wall),
        "memory": None if scheduled["memory"] is None else scheduled["memory"]["peak_allocated"],
    }  # fmt: skip

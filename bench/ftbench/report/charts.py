"""The charts of a page: step times, what steps are made of, batches, clocks, memory, forecasts."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from ftbench.analysis.flags import SLOWED, tokens_of
from ftbench.analysis.summary import PARTS
from ftbench.analysis.warmup import outliers
from ftbench.report.figures import gigabytes, seconds
from ftlint.report.page.parts import Bar, Bars, Chart, Segment, Series, Shading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.report.run_view import RunView
    from ftbench.results.record import Held, Step
    from ftlint.report.page.parts import Block, Tone

MOST_RUNS = 8
"""In one chart of step times; more cannot be told apart."""
HIGH = 3.0
"""Steps that are so many times the highest steady one are cut off, so that the others are seen."""
NAMES = {"data": "fetching data", "forward_backward": "forward and backward",
         "optimizer": "optimizer", "other": "logging, evaluation, saving"}  # fmt: skip
CAPPED = 0x4
"""NVML's clock event reason for the power cap, which is normal under load."""


def several(runs: Sequence[RunView]) -> Iterator[Block]:
    """Yield the charts of runs beside each other."""
    timed = [run for run in runs if run.seconds]
    if 1 < len(timed) <= MOST_RUNS:
        yield _step_times(timed)
    if any(run.miss is not None for run in runs):
        yield _forecasts([run for run in runs if run.miss is not None])
    held = [run for run in runs if run.summary.peak_allocated]
    if held:
        yield _memory(held)


def of_run(run: RunView) -> Iterator[Block]:
    """Yield the charts of one run."""
    if run.seconds:
        yield _steps_of(run)
        yield from _parts(run)
        yield from _batches(run)
    yield from _phases(run)
    yield from _peaks(run)
    yield from _held_by_step(run)
    yield from _clocks(run)


def _step_times(runs: Sequence[RunView]) -> Chart:
    longest = max(len(run.seconds) for run in runs)
    series = tuple(
        Series(run.name, (*run.seconds, *[None] * (longest - len(run.seconds)))) for run in runs
    )
    steady = [value for run in runs for value in run.seconds[run.summary.warm.steps :]]
    every = [value for run in runs for value in run.seconds]
    return Chart(
        "Step times", "seconds a step", tuple(map(float, range(1, longest + 1))), "step", series,
        top=_top(every, steady),
    )  # fmt: skip


def _top(every: Sequence[float], steady: Sequence[float]) -> float | None:
    most = 1.15 * max(steady, default=0.0)
    return most if most and max(every) > HIGH * most else None


def _steps_of(run: RunView) -> Chart:
    """Return the steps of a run: warm-up shaded, those marked that took far too long."""
    times, warm = run.seconds, run.summary.warm.steps
    work = [tokens_of(step) for step in run.result["steps"]]
    slow = outliers(times, work, warm)
    series = [Series("step", times)]
    if slow:
        series.append(
            Series(
                "far above steps of its size",
                tuple(value if at in slow else None for at, value in enumerate(times)),
                "points",
                "bad",
            )
        )
    spans = [Shading(0.5, warm + 0.5, "warm-up, left out of all rates")] if warm else []
    tidy = [value for at, value in enumerate(times) if at >= warm and at not in slow]
    top = _top(times, tidy)
    over = sum(value > top for value in times) if top else 0
    told = f"{len(slow)} of {len(times)} steps took far longer than others of their size. "
    cut = f"{over} {'step is' if over == 1 else 'steps are'} higher than the chart."
    return Chart(
        "Step times", "seconds a step", tuple(map(float, range(1, len(times) + 1))), "step",
        tuple(series), tuple(spans), top=top, together=_together(run),
        note=(told if slow else "") + (cut if over else ""),
    )  # fmt: skip


def _together(run: RunView) -> str:
    return f"steps of {run.name}"


def _parts(run: RunView) -> Iterator[Chart]:
    steps = run.result["steps"]
    known = [part for part in PARTS if any(step[part] is not None for step in steps)]  # type: ignore[literal-required]
    if not known:
        return
    values = {part: [step[part] or 0.0 for step in steps] for part in known}  # type: ignore[literal-required]
    rest = [max(0.0, step["seconds"] - sum(values[part][at] for part in known))
            for at, step in enumerate(steps)]  # fmt: skip
    series = [Series(NAMES[part], tuple(values[part]), "stack") for part in known]
    series.append(Series("the rest", tuple(rest), "stack", "soft"))
    tidy = run.seconds[run.summary.warm.steps :]
    yield Chart(
        "What steps are made of", "seconds a step", tuple(map(float, range(1, len(steps) + 1))),
        "step", tuple(series), top=_top(run.seconds, tidy), together=_together(run),
    )  # fmt: skip


def _batches(run: RunView) -> Iterator[Chart]:
    """Yield the tokens of each micro-batch, with a loss, without one, and as padding."""
    batches = [batch for step in run.result["steps"] for batch in step["micro_batches"]]
    if not batches:
        return
    shown = [(loss, max(0, real - loss), max(0, rows * length - real))
             for rows, length, real, loss, *_ in batches]  # fmt: skip
    names = ("with a loss", "without a loss (prompts)", "padding")
    series = tuple(
        Series(name, tuple(float(one[at]) for one in shown), "stack", "soft" if at == 2 else "")
        for at, name in enumerate(names)
    )
    rows = [batch[0] for batch in batches]
    lengths = [batch[1] for batch in batches]
    yield Chart(
        "Tokens and padding", "positions a micro-batch, on the first rank",
        tuple(map(float, range(1, len(batches) + 1))), "micro-batch", series,
        note=f"{_span(rows)} rows of {_span(lengths)} positions; median {median(lengths):g}.",
    )  # fmt: skip


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _phases(run: RunView) -> Iterator[Bars]:
    """Yield where the wall clock went."""
    phases = run.result["phases"]
    if phases is None or not phases["wall"]:
        return
    steps = run.result["steps"]
    later = sum(step["seconds"] - (step["other"] or 0.0) for step in steps[1:])
    found = [
        ("importing packages", phases["import"] or 0.0),
        ("reading config and data", (phases["parse"] or 0.0) + (phases["data"] or 0.0)),
        ("loading the model", phases["model"] or 0.0),
        ("first step", phases["first_step"] or 0.0),
        ("other steps", later if steps else phases["after_first"] or 0.0),
        ("evaluations", sum(phases["evaluations"])),
        ("checkpoints", sum(phases["saves"])),
    ]
    rest = phases["wall"] - sum(value for _, value in found)
    found.append(("start, end and the rest", max(0.0, rest)))
    segments = tuple(
        Segment(name, value, f"{seconds(value)}, {value / phases['wall']:.0%}")
        for name, value in found
        if value > 0.001 * phases["wall"]
    )
    whole = Bar("whole run", segments, seconds(phases["wall"]))
    yield Bars("Where the wall clock went", (whole,), unit="from start to end of the process")


def _peaks(run: RunView) -> Iterator[Bars]:
    """Yield peaks of memory: by phase where those were kept, else by rank."""
    memory = run.result["memory"]
    if memory is None or not memory["peak_allocated"]:
        return
    phases = memory.get("phases") or {}
    bars = [_held(f"while {name}", one["peak_allocated"], one["peak_reserved"])
            for name, one in phases.items()]  # fmt: skip
    if not bars:
        many = memory["ranks"] if len(memory["ranks"]) > 1 else []
        bars = [_held(f"rank {one.get('rank')}", one.get("peak_allocated") or 0,
                      one.get("peak_reserved") or 0) for one in many]  # fmt: skip
    if not bars:
        bars = [_held("whole run", memory["peak_allocated"], memory["peak_reserved"])]
    if run.summary.forecast:
        bars[0] = _with_forecast(bars[0], run.summary.forecast)
    by = "by phase" if phases else "of the whole run"
    yield Bars(
        "Memory", tuple(bars), _capacity(run), unit="GB on a GPU, out of what it has",
        note=f"Peaks {by}.",
    )  # fmt: skip


def _held(name: str, allocated: int, reserved: int | None) -> Bar:
    more = max(0, (reserved or 0) - allocated)
    segments = (
        Segment("allocated", allocated / 1e9, gigabytes(allocated)),
        Segment("reserved beyond that", more / 1e9, gigabytes(more)),
    )
    return Bar(name, segments, f"{gigabytes(allocated)}, {gigabytes(allocated + more)} reserved")


def _with_forecast(bar: Bar, size: int) -> Bar:
    said = Segment("forecast of what is allocated", size / 1e9, gigabytes(size), mark=True)
    return bar._replace(segments=(*bar.segments, said))


def _held_by_step(run: RunView) -> Iterator[Chart]:
    """Yield what each step held: on the GPU, or without one of the host's memory."""
    steps = run.result["steps"]
    found: list[tuple[str, list[int | None]]] = [
        ("allocated, the most in the step", [_held_of(step).get("allocated") for step in steps]),
        ("reserved at its end", [_held_of(step).get("reserved") for step in steps]),
        ("the process on the host", [_held_of(step).get("resident") for step in steps]),
    ]
    series = [
        Series(name, tuple(None if one is None else one / 1e9 for one in values))
        for name, values in found
        if any(values)
    ]
    if not series:
        return
    if run.summary.forecast and "resident" not in _held_of(steps[-1]):
        said = run.summary.forecast / 1e9
        series.append(Series("forecast of what is allocated", (said,) * len(steps), tone="soft"))
    yield Chart(
        "Memory by step", "GB on the first rank", tuple(map(float, range(1, len(steps) + 1))),
        "step", tuple(series), together=_together(run),
    )  # fmt: skip


def _held_of(step: Step) -> Held:
    return step.get("held", {})


def _capacity(run: RunView) -> float | None:
    environment = run.result["environment"]
    gpu = None if environment is None else environment["gpu"]
    return None if gpu is None else gpu["memory_bytes"] / 1e9


def _memory(runs: Sequence[RunView]) -> Bars:
    """Return the peaks of runs on one scale."""
    bars = []
    for run in runs:
        bar = _held(run.name, run.summary.peak_allocated or 0, run.summary.peak_reserved)
        if run.summary.forecast:
            bar = _with_forecast(bar, run.summary.forecast)
        bars.append(bar)
    limits = [size for run in runs if (size := _capacity(run)) is not None]
    limit = max(limits) if len(limits) == len(runs) and len(set(limits)) == 1 else None
    unit = "GB on a GPU" + (", out of what it has" if limit else "")
    return Bars("Memory at its peak", tuple(bars), limit, unit=unit)


def _clocks(run: RunView) -> Iterator[Chart]:
    """Yield clock, power and heat while training, with what held the clock down."""
    device = run.result["device"]
    samples = [one for one in device["samples"] if len(one) > 4] if device else []
    if len(samples) < 2:
        return
    x = tuple(one[0] for one in samples)
    spans = tuple(_held_down(samples))
    for at, title, unit in ((1, "SM clock", "MHz"), (2, "Power", "W"), (3, "Temperature", "°C")):
        yield Chart(
            title, unit, x, "seconds of training",
            (Series(unit, tuple(one[at] for one in samples)),),
            spans if at == 1 else (), together=f"device of {run.name}", height=150,
        )  # fmt: skip


def _held_down(samples: Sequence[Sequence[float]]) -> Iterator[Shading]:
    """Yield the stretches in which the card named a reason to hold its clock down."""
    reasons = {CAPPED: "power cap (normal under load)", **SLOWED}
    for bit, label in reasons.items():
        marked = [at for at, one in enumerate(samples) if int(one[4]) & bit]
        share = len(marked) / len(samples)
        named = label if bit == CAPPED else f"slowed: {label}"
        tone: Tone = "soft" if bit == CAPPED else "bad"
        for first, last in _stretches(marked, max(1, len(samples) // 100)):
            start, end = samples[max(0, first - 1)][0], samples[last][0]
            yield Shading(start, end, f"{named}, {share:.0%} of the time", tone)


def _stretches(places: Sequence[int], gap: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last of places that lie no further than `gap` from each other."""
    first = last = None
    for place in places:
        if first is None or last is None:
            first = place
        elif place - last > gap:
            yield first, last
            first = place
        last = place
    if first is not None and last is not None:
        yield first, last


def _forecasts(runs: Sequence[RunView]) -> Chart:
    """Return how far forecasts lie from what was measured, with their intervals."""
    told = [(run.predicted, run.wall) for run in runs if run.predicted is not None and run.wall]
    error, low, high = (
        tuple(100 * (value / wall - 1) for value, wall in pairs)
        for pairs in (
            [(one.seconds, wall) for one, wall in told],
            [(one.low, wall) for one, wall in told],
            [(one.high, wall) for one, wall in told],
        )
    )
    return Chart(
        "Forecast against measured", "% of the measured wall clock; 0 is what was measured",
        tuple(map(float, range(1, len(runs) + 1))), "run",
        (Series("stated interval", low, "range", "", high), Series("forecast", error, "points")),
        labels=tuple(run.name for run in runs),
        note="An interval that crosses 0 holds what was measured.",
    )  # fmt: skip

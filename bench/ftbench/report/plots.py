"""The three plots of a report; each is empty text where there is nothing to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.report import svg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.report.run_view import RunView

MOST_RUNS = 12
"""In one plot of step times; more cannot be told apart."""
MOST_POINTS = 600
"""Of a line; a longer run is thinned to its slowest step of each stretch."""


def step_times(runs: Sequence[RunView]) -> str:
    """Return seconds by step, one line a run, warm-up shaded."""
    drawn = [run for run in runs if run.seconds]
    if not drawn:
        return ""
    name = "Seconds of each step"
    if len(drawn) > MOST_RUNS:
        drawn, name = drawn[:MOST_RUNS], f"{name} of the first {MOST_RUNS} runs"
    return svg.figure(_step_times(drawn), name)


def _step_times(runs: Sequence[RunView]) -> Iterator[str]:
    longest = max(len(run.seconds) for run in runs)
    x = svg.across(1, max(2, longest))
    y = svg.upwards(0, max(max(run.seconds) for run in runs))
    yield from svg.axes(x, y, "step", "seconds")
    for number, run in enumerate(runs):
        colour = svg.COLOURS[number % len(svg.COLOURS)]
        if run.summary.warm.steps and len(runs) == 1:
            end = x.at(run.summary.warm.steps + 0.5)
            yield svg.box(x.start, svg.TOP, end - x.start, y.start - svg.TOP, colour, 0.10)
        places = [(x.at(at), y.at(seconds)) for at, seconds in _thinned(run.seconds)]
        yield svg.line(places, colour)
        if len(runs) > 1:
            yield svg.text(svg.LEFT + 8, svg.TOP + 14 + 14 * number, run.name)
            yield svg.box(svg.LEFT + 1, svg.TOP + 7 + 14 * number, 5, 8, colour)


def _thinned(seconds: Sequence[float]) -> Iterator[tuple[int, float]]:
    stretch = -(-len(seconds) // MOST_POINTS)
    for start in range(0, len(seconds), stretch):
        yield start + 1, max(seconds[start : start + stretch])


def predictions(runs: Sequence[RunView]) -> str:
    """Return measured wall time against predicted, with its bounds."""
    drawn = [run for run in runs if run.predicted is not None and run.wall is not None]
    if not drawn:
        return ""
    return svg.figure(_predictions(drawn), "Predicted against measured seconds")


def _predictions(runs: Sequence[RunView]) -> Iterator[str]:
    ends = [end for run in runs if run.predicted and run.wall
            for end in (run.predicted.low, run.predicted.high, run.wall)]  # fmt: skip
    x, y = svg.across(min(ends), max(ends)), svg.upwards(min(ends), max(ends))
    yield from svg.axes(x, y, "measured, s", "predicted, s")
    low, high = max(x.low, y.low), min(x.high, y.high)
    yield (
        f'<line class="ideal" x1="{x.at(low):.1f}" y1="{y.at(low):.1f}" x2="{x.at(high):.1f}"'
        f' y2="{y.at(high):.1f}"/>'
    )
    for number, run in enumerate(runs):
        if run.predicted is None or run.wall is None:
            continue
        colour, said = svg.COLOURS[number % len(svg.COLOURS)], run.predicted
        yield svg.upright(x.at(run.wall), y.at(said.low), y.at(said.high), colour)
        title = f"{run.name}: {said.seconds:.1f} s predicted, {run.wall:.1f} s measured"
        yield svg.dot(x.at(run.wall), y.at(said.seconds), colour, title)


def memory(runs: Sequence[RunView]) -> str:
    """Return peaks of memory as bars: allocated, and reserved behind it."""
    drawn = [run for run in runs if run.summary.peak_allocated]
    if not drawn:
        return ""
    height = svg.TOP + 34 * len(drawn) + 24
    return svg.figure(_memory(drawn), "Peak memory", height)


def _memory(runs: Sequence[RunView]) -> Iterator[str]:
    most = max(max(_gigabytes(run)) for run in runs)
    x = svg.Scale(0, svg.ticks(0, most)[-1], svg.LEFT, svg.WIDTH - 3 * svg.RIGHT)
    for number, run in enumerate(runs):
        allocated, reserved = _gigabytes(run)
        colour, top = svg.COLOURS[number % len(svg.COLOURS)], svg.TOP + 34 * number
        sizes = f"{allocated:.1f} GB, {reserved:.1f} reserved"
        yield svg.text(svg.LEFT, top + 10, f"{run.name}: {sizes}")
        yield svg.box(svg.LEFT, top + 14, x.at(reserved) - svg.LEFT, 12, colour, 0.3)
        yield svg.box(svg.LEFT, top + 14, x.at(allocated) - svg.LEFT, 12, colour)


def _gigabytes(run: RunView) -> tuple[float, float]:
    allocated = run.summary.peak_allocated or 0
    return allocated / 1e9, (run.summary.peak_reserved or allocated) / 1e9

"""The head of a page of several runs: a row a run, forecasts, how full the cards were."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from ftbench.analysis.advice import advise, room
from ftbench.report import charts
from ftbench.report.figures import NONE, gigabytes, seconds, utilisation
from ftlint.report.page.parts import Cell, Notes, Section, Table, Tile, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.report.run_view import RunView
    from ftlint.report.page.parts import Block

HEADS = ("run", "device", "steps", "median step", "tokens/s", "padding", "MFU", "peak memory",
         "wall clock", "forecast")  # fmt: skip


def section(runs: Sequence[RunView]) -> Section:
    """Return what is said of all runs together."""
    return Section("Overview", tuple(_blocks(runs)), "overview")


def _blocks(runs: Sequence[RunView]) -> Iterator[Block]:
    yield Tiles(tuple(_tiles(runs)))
    failed = tuple(f"{run.name}: {run.error}" for run in runs if run.error is not None)
    if failed:
        yield Notes(failed, "bad")
    faster = list(_faster(runs))
    if faster:
        yield Notes(tuple(faster), title="What would be faster")
    rows = tuple(_row(run, number) for number, run in enumerate(runs))
    yield Table(HEADS, rows, of_words=2)
    yield from charts.several(runs)


def _tiles(runs: Sequence[RunView]) -> Iterator[Tile]:
    failed = sum(run.error is not None for run in runs)
    steps = sum(run.summary.done for run in runs)
    yield Tile("Runs", str(len(runs)), f"{failed} failed" if failed else f"{steps:,} steps timed",
               "bad" if failed else "")  # fmt: skip
    walls = [run.wall for run in runs if run.wall is not None]
    if walls:
        yield Tile("Wall clock", seconds(sum(walls)), "of all runs together")
    rates = [(run.summary.tokens.all, run.name) for run in runs if run.summary.tokens is not None]
    if rates:
        most, name = max(rates)
        yield Tile("Most tokens/s", f"{most:,.0f}", name)
    full = [(used[0] / used[1], run.name) for run in runs if (used := room(run.result))]
    if full:
        share, name = max(full)
        yield Tile("Fullest card", f"{share:.0%}", name, "warn" if share > 0.95 else "")
    misses = [abs(run.miss) for run in runs if run.miss is not None]
    if misses:
        inside = sum(run.inside for run in runs)
        note = f"{inside} of {len(misses)} inside the stated interval; worst {max(misses):.1%}"
        yield Tile("Forecast, median error", f"{median(misses):.1%}", note)


def _faster(runs: Sequence[RunView]) -> Iterator[str]:
    """Yield each kind of advice once, for the run that gains most, and in how many it holds."""
    found = sorted(
        ((one, run.name) for run in runs for one in advise(run.result, run.summary)),
        key=lambda pair: -pair[0].share,
    )
    many = Counter(one.kind for one, _ in found)
    for kind in many:
        one, name = next(pair for pair in found if pair[0].kind == kind)
        others = many[kind] - 1
        more = f" (and {others} other run{'s' * (others > 1)})" if others else ""
        yield f"{name}{more}: {one.text}"


def name_of(number: int) -> str:
    """Return where the section of a run is to be found."""
    return f"run-{number + 1}"


def device(run: RunView) -> str:
    """Return what a run was on, and how many of them."""
    one = run.summary
    return f"{one.world_size} × {one.device}" if one.world_size > 1 else one.device


def _row(run: RunView, number: int) -> tuple[Cell | str, ...]:
    one = run.summary
    share = utilisation(one)
    tokens = one.tokens
    return (
        Cell(run.name, "bad" if run.error is not None else "", name_of(number)),
        device(run),
        str(one.done),
        NONE if one.step is None else f"{one.step.value:.4g} s",
        NONE if tokens is None else f"{tokens.all:,.0f}",
        NONE if tokens is None else f"{tokens.padding:.0%}",
        NONE if share is None else f"{share[0]:.1%}",
        gigabytes(one.peak_allocated),
        seconds(run.wall),
        _forecast(run),
    )


def _forecast(run: RunView) -> Cell | str:
    if run.predicted is None or run.miss is None:
        return NONE
    return Cell(f"{run.miss:+.1%}", "good" if run.inside else "bad")

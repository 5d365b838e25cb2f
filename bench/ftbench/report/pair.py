"""Two runs side by side: figures, the interval of their difference, their steps over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.analysis.comparison import compare
from ftbench.analysis.summary import steady_seconds
from ftbench.report import comparison
from ftlint.report.page.parts import Cell, Chart, Notes, Prose, Section, Series, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.report.run_view import RunView
    from ftlint.report.page.parts import Block, Tone


def section(before: RunView, after: RunView) -> Section:
    """Return two runs side by side."""
    return Section("Side by side", tuple(_blocks(before, after)), "pair")


def _blocks(before: RunView, after: RunView) -> Iterator[Block]:
    found = compare(before.result, after.result)
    if found.slower is not None:
        tone: Tone = "" if not found.settled else "warn" if found.slower > 0 else "good"
        said = comparison.difference(found)
        yield Notes((f"From {before.name} to {after.name} {said}.",), tone)
    if found.unlike:
        yield Notes(tuple(f"different {reason}" for reason in found.unlike), "warn")
    if found.notes:
        yield Notes(found.notes)
    rows = tuple(
        (
            name,
            comparison.number(one, form),
            comparison.number(other, form),
            f"{other / one - 1:+.1%}" if one and other is not None else "",
        )
        for name, one, other, form in comparison.figures(found.before, found.after)
    )
    cells: tuple[tuple[Cell | str, ...], ...] = rows
    yield Prose(f"Before: {before.name}. After: {after.name}.")
    yield Table(("", "before", "after", "change"), cells)
    steady = [sorted(steady_seconds(run.result)) for run in (before, after)]
    if all(len(one) > 2 for one in steady):
        yield _shares(before, after, steady)


def _shares(before: RunView, after: RunView, steady: list[list[float]]) -> Chart:
    """Return how many steps took no longer than a time, for both runs."""
    places = sorted({value for one in steady for value in one})
    series = []
    for run, values in zip((before, after), steady):
        below = {value: (at + 1) / len(values) for at, value in enumerate(values)}
        series.append(Series(run.name, tuple(_steps(places, below))))
    return Chart(
        "Steps that took no longer", "share of the steps after warm-up", tuple(places), "seconds",
        tuple(series), note="The curve further to the left is the faster run.",
    )  # fmt: skip


def _steps(places: list[float], below: dict[float, float]) -> Iterator[float]:
    share = 0.0
    for place in places:
        share = below.get(place, share)
        yield share

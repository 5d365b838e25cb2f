"""What there is to say of runs as one HTML file."""

from __future__ import annotations

import math
import os

from ftlint import __version__
from ftlint.doctor.stopping import best
from ftlint.report.doctor_report import HEAD, Judged, kept, nothing, row
from ftlint.report.page import html
from ftlint.report.page.parts import Cell, Chart, Notes, Page, Section, Series, Table, Tile, Tiles
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import History, Loss
    from ftlint.report.page.parts import Block, Tone

HIGHEST = 0.98
"""The highest losses, those of the first steps, lie above the picture: so many do not."""
TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": ""}


def page(judged: Sequence[Judged]) -> str:
    """Return a page: a table and a chart of several runs, then each by itself."""
    names = _names([one.folder for one in judged])
    sections = [
        Section(name, tuple(_of_run(one)), f"run-{at}", subtitle=_source(one, name))
        for at, (name, one) in enumerate(zip(names, judged, strict=True))
    ]
    if len(judged) > 1:
        sections.insert(0, Section("Runs", tuple(_together(names, judged))))
    count = f"{len(judged)} runs" if len(judged) > 1 else "1 run"
    return html.document(Page("ftlint doctor", f"{count} · ftlint {__version__}", tuple(sections)))


def _names(folders: Sequence[str]) -> list[str]:
    """Return folders without the path that is common to all of them, or that leads to the one."""
    shown = [visible(one) for one in folders]
    above = [os.path.dirname(os.path.normpath(one)) for one in shown]
    try:
        common = os.path.commonpath(above)
    except ValueError:  # on two drives, or one path absolute and another not
        return shown
    return [os.path.relpath(one, common) if common else one for one in shown]


def _source(judged: Judged, name: str) -> str:
    sources = () if judged.history is None else judged.history.sources
    folder = visible(judged.folder)
    return " · ".join([*([folder] if folder != name else []), *map(visible, sources)])


def _together(names: Sequence[str], judged: Sequence[Judged]) -> Iterator[Block]:
    rows: tuple[tuple[Cell | str, ...], ...] = tuple(
        (Cell(name, link=f"run-{at}"), cells[-1], *cells[2:-1])
        for at, (name, cells) in enumerate(zip(names, (row("", one) for one in judged)))
    )
    yield Table(("run", HEAD[-1], *HEAD[2:-1]), rows, of_words=2)
    runs = [(name, one.history) for name, one in zip(names, judged, strict=True) if one.history]
    evaluated = any(run.evaluation for _, run in runs)
    curves = [(name, run.evaluation if evaluated else run.training) for name, run in runs]
    yield from _chart("Evaluation loss" if evaluated else "Training loss", curves)


def _of_run(judged: Judged) -> Iterator[Block]:
    if judged.history is not None:
        yield Tiles(tuple(_tiles(judged, judged.history)))
    for sign in judged.signs:
        sentences = (f"{_begun(visible(sign.text))}.", _begun(visible(sign.remedy)))
        yield Notes(sentences, TONES[sign.severity], f"{sign.severity} {sign.name}")
    if judged.history is not None:
        if not judged.signs:
            yield Notes((nothing(judged.history),), "good")
        yield from _losses(judged.history)
        if judged.keep is not None:
            yield Notes(tuple(kept(judged.keep, judged.history)), title="Checkpoints")


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _tiles(judged: Judged, run: History) -> Iterator[Tile]:
    done = "?" if run.done is None else f"{run.done:,}"
    planned = "" if run.planned is None else f" of {run.planned:,}"
    epochs = "" if run.epochs is None else f"{run.epochs:.2f} epochs"
    yield Tile("Steps", f"{done}{planned}", epochs)
    least = best(run.evaluation)
    if least is not None:
        yield Tile("Lowest evaluation loss", f"{least.value:.4g}", f"at step {least.step:,}")
        last = run.evaluation[-1]
        rise = f"{last.value / least.value - 1:+.0%}, " if last.value > least.value > 0 else ""
        yield Tile("Last evaluation loss", f"{last.value:.4g}", f"{rise}at step {last.step:,}")
    if judged.keep is not None:
        yield Tile("Keep", f"checkpoint-{judged.keep.best}")


def _losses(run: History) -> list[Chart]:
    curves = [("training loss", run.training), ("evaluation loss", run.evaluation)]
    return _chart("Losses", curves, run.evaluation)


def _chart(
    title: str, curves: Sequence[tuple[str, Sequence[Loss]]], whole: Sequence[Loss] = ()
) -> list[Chart]:
    """Return curves by step in one chart, if there are two points; `whole` is wholly in it."""
    found = [
        {one.step: one.value for one in losses if math.isfinite(one.value)} for _, losses in curves
    ]
    steps = sorted(set().union(*found))
    values = sorted(one for losses in found for one in losses.values())
    if len(values) < 2:
        return []
    seen = [one.value for one in whole if math.isfinite(one.value)]
    top = max(values[math.ceil((len(values) - 1) * HIGHEST)], *seen, values[0])
    series = (
        Series(visible(name), tuple(losses.get(step) for step in steps))
        for (name, _), losses in zip(curves, found, strict=True)
        if losses
    )
    least = best([one for one in whole if math.isfinite(one.value)])
    marked = () if least is None else (
        Series("lowest", tuple(least.value if step == least.step else None for step in steps),
               "points", "good"),
    )  # fmt: skip
    return [
        Chart(
            title, "loss", tuple(map(float, steps)), "step", (*series, *marked), top=top,
            from_zero=False,
        )
    ]  # fmt: skip

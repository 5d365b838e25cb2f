"""What there is to say of runs as one HTML file."""

from __future__ import annotations

import math

from ftlint.report.doctor_report import HEAD, Judged, kept, row
from ftlint.report.page import html
from ftlint.report.page.parts import Chart, Notes, Page, Section, Series, Table
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
    """Return a page: a table of the runs, their evaluations together, and each by itself."""
    runs = [one.history for one in judged if one.history is not None]
    blocks: list[Block] = [Table(HEAD[1:], tuple(row("", one)[1:] for one in judged))]
    if len(runs) > 1:
        evaluated = any(run.evaluation for run in runs)
        curves = [(run.folder, run.evaluation if evaluated else run.training) for run in runs]
        blocks += _chart("evaluation loss" if evaluated else "training loss", curves)
    named = (Section(visible(one.folder), tuple(_of_run(one))) for one in judged)
    return html.document(Page("ftlint doctor", "", (Section("Runs", tuple(blocks)), *named)))


def _of_run(judged: Judged) -> Iterator[Block]:
    if judged.history is not None:
        yield from _losses(judged.history)
    for sign in judged.signs:
        sentences = (f"{visible(sign.text)}.", visible(sign.remedy))
        yield Notes(sentences, TONES[sign.severity], f"{sign.severity} {sign.name}")
    if judged.keep is not None:
        yield Notes(tuple(kept(judged.keep)), title="Checkpoints")


def _losses(run: History) -> list[Chart]:
    curves = [("training loss", run.training), ("evaluation loss", run.evaluation)]
    return _chart("losses", curves, run.evaluation)


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
    return [Chart(title, "loss", tuple(map(float, steps)), "step", tuple(series), top=top)]

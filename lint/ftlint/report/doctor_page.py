"""What there is to say of runs as one HTML file."""

from __future__ import annotations

import math
from html import escape
from itertools import cycle

from ftlint.report import html, svg
from ftlint.report.doctor_report import HEAD, Judged, kept, row
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import History, Loss

HIGHEST = 0.98
"""The highest losses, those of the first steps, lie above the picture: so many do not."""


def page(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield a page: a table of the runs, their evaluations together, and each by itself."""
    yield from html.head("ftlint doctor")
    yield from html.table(HEAD[1:], [row("", one)[1:] for one in judged])
    runs = [one.history for one in judged if one.history is not None]
    if len(runs) > 1:
        curves = [(visible(run.folder), run.evaluation or run.training) for run in runs]
        yield _plot(curves, "evaluation losses", [one for _, losses in curves for one in losses])
    for one in judged:
        yield f"<h2>{escape(visible(one.folder))}</h2>"
        if one.history is not None:
            yield _of_run(one.history)
        for sign in one.signs:
            loud = ' class="out"' if sign.severity != "info" else ""
            yield f"<p><span{loud}>{escape(f'{sign.severity} {sign.name}')}</span>:"
            yield f"{escape(visible(sign.text))}.<br>{escape(visible(sign.remedy))}</p>"
        if one.keep is not None:
            yield f"<pre>{escape(chr(10).join(kept(one.keep)))}</pre>"
    yield html.FOOT


def _of_run(run: History) -> str:
    curves = [("training loss", run.training), ("evaluation loss", run.evaluation)]
    return _plot(curves, f"losses of {visible(run.folder)}", run.evaluation)


def _plot(curves: Sequence[tuple[str, Sequence[Loss]]], name: str, whole: Sequence[Loss]) -> str:
    """Return curves by step, each point of a sparse one named; `whole` is wholly in the picture."""
    drawn = [
        (label, [one for one in losses if math.isfinite(one.value)]) for label, losses in curves
    ]
    shown = sorted(one.value for _, losses in drawn for one in losses)
    if len(shown) < 2:
        return ""
    top = max(
        shown[math.ceil((len(shown) - 1) * HIGHEST)],
        *(one.value for one in whole if math.isfinite(one.value)), shown[0],
    )  # fmt: skip
    x = svg.across(0, max(one.step for _, losses in drawn for one in losses))
    y = svg.upwards(shown[0], top)
    parts = [*svg.axes(x, y, "step", "loss")]
    for (label, losses), colour in zip(drawn, cycle(svg.COLOURS), strict=False):
        places = [(x.at(one.step), y.at(min(one.value, top))) for one in losses]
        parts.append(svg.line(places, colour))
        parts += [
            svg.dot(*place, colour, f"{label}: {one.value:.4g} at step {one.step:,}")
            for place, one in zip(places, losses, strict=True)
            if len(losses) <= FEW
        ]
    return svg.figure(parts, name)


FEW = 60
"""Points that can be told apart."""

"""Results as a page that people show each other: what ran and how well first, then run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.report import overview, pair, run_section
from ftlint import __version__
from ftlint.report.page import html
from ftlint.report.page.parts import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.report.run_view import RunView
    from ftlint.report.page.parts import Section

OPEN = 2
"""Of more runs than this the sections are folded."""


def page(runs: Sequence[RunView], title: str = "bench report") -> str:
    """Return the report of results."""
    return html.document(Page(title, _subtitle(runs), tuple(_sections(runs))))


def _subtitle(runs: Sequence[RunView]) -> str:
    days = sorted({run.when[:10] for run in runs})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    devices = sorted({overview.device(run) for run in runs})
    shown = ", ".join(devices[:4]) + (" …" if len(devices) > 4 else "")
    return f"{count}, {span} · {shown} · ftlint {__version__}"


def _sections(runs: Sequence[RunView]) -> Iterator[Section]:
    if len(runs) > 1:
        yield overview.section(runs)
    if len(runs) == 2:
        yield pair.section(*runs)
    for number, run in enumerate(runs):
        yield run_section.section(run, number, folded=len(runs) > OPEN)

"""Workflow commands that GitHub shows as annotations beside the changed lines."""

from __future__ import annotations

from ftlint.report.places import relative
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.results import Run

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield one command a finding, and what is told of targets; no text can start another one."""
    for path, reason in run.failures:
        text = f"{relative(path)}: not read: {reason}"
        yield f"::error file={_property(path)}::{_data(text)}"
    for target in run.targets:
        for note in target.origin.notes:
            yield f"::notice title=ftlint::{_data(note)}"
    for result in run.results:
        for one in result.diagnostics:
            start = result.source.position(one.start)
            end = result.source.position(one.end)
            place = f"file={_property(one.path)},line={start.line},endLine={end.line}"
            if end.line == start.line:  # GitHub refuses columns of a span over several lines
                place += f",col={start.column},endColumn={max(end.column, start.column + 1)}"
            title = _property(f"{one.code} {one.name}")
            # A log shows the text alone: that has the place in it.
            text = f"{relative(one.path)}:{start.line}:{start.column} {one.code} {one.message}"
            yield f"::{_LEVELS[one.severity]} {place},title={title}::{_data(text)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

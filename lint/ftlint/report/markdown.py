"""A table of the findings in Markdown: the summary of a job in CI, a comment in a review."""

from __future__ import annotations

from ftlint.diagnostics import SEVERITIES
from ftlint.report.json_ import url
from ftlint.report.places import relative
from ftlint.support.messages import plural, visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.results import Run

MOST = 200
"""Rows; GitHub takes no summary above a megabyte."""
MARKS = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield what was found in how many configs, and a row a finding."""
    counts = [(run.count(severity), severity) for severity in SEVERITIES]
    told = ", ".join(
        f"{count} {name}{'' if count == 1 or name == 'info' else 's'}"
        for count, name in counts if count
    )  # fmt: skip
    configs = f"{run.checked} {plural('config', run.checked)}"
    against = " and ".join(_text(target.in_full) for target in run.targets)
    yield f"### ftlint: {told or 'no findings'} in {configs}"
    yield ""
    yield f"Judged for {against}."
    yield ""
    for path, reason in run.failures:
        yield f"- {_code(relative(path))} was not read: {_text(reason)}"
    found = [(result, one) for result in run.results for one in result.diagnostics]
    if not found:
        return
    yield "| | where | rule | finding |"
    yield "|---|---|---|---|"
    for result, one in found[:MOST]:
        line, column = result.source.position(one.start)
        page = url(one.code)
        rule = f"[{one.code}]({page})" if page else one.code
        place = _code(f"{relative(one.path)}:{line}:{column}")
        yield f"| {MARKS[one.severity]} | {place} | {rule} {one.name} | {_text(one.message)} |"
    if len(found) > MOST:
        yield ""
        yield f"{len(found) - MOST} more are in the log."


def _code(text: str) -> str:
    """Return a name as code; one with a backtick as text."""
    return _text(text) if "`" in text else "`" + visible(text).replace("|", "\\|") + "`"


def _text(text: str) -> str:
    """Return text as Markdown reads it: code between backticks as it is, nothing else but text."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return _plain("`".join(parts))
    return "".join(
        "`" + part.replace("|", "\\|") + "`" if place % 2 else _plain(part)
        for place, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    for letter in "\\`*_[]<>|#@!":
        text = text.replace(letter, f"&#{ord(letter)};")
    return text

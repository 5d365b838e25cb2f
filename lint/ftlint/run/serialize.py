"""A kept result as lists of constants, and back. What is read again is what was written."""

from __future__ import annotations

from ftlint.diagnostics import Change, Diagnostic, Edit, Fix, Related
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from ftlint.results import Unjudged
    from ftlint.support.disk import Stamp, State
    from ftlint.target.classify import Command


class Entry(NamedTuple):
    """What came of a content, and the state of each path that it rests on.

    `stamp` is that of the file, None where a further change might not be told by it. `shown`: the
    lines of the text report.
    """

    stamp: Stamp | None
    digest: str
    touched: Mapping[str, State | None]
    command: Command | None
    diagnostics: tuple[Diagnostic, ...]
    unjudged: Unjudged | None
    shown: Sequence[str]


def plain(entry: Entry, places: Iterable[int]) -> list[Any]:
    """Return an entry as lists of constants; the path of the diagnostics is left out.

    `places` stand for what it has touched.
    """
    found = [
        [*one[1:-2], one.fix and _plain_fix(one.fix), [*map(list, one.related)]]
        for one in entry.diagnostics
    ]
    stamp = None if entry.stamp is None else [*entry.stamp]
    left = entry.unjudged and [*map(list, entry.unjudged)]
    return [stamp, entry.digest, [*places], entry.command, found, left, [*entry.shown]]


def _plain_fix(fix: Fix) -> list[Any]:
    return [fix.applicability, fix.message, [*map(list, fix.edits)], [*map(list, fix.changes)]]


def read(path: str, data: list[Any]) -> Entry:
    """Return the entry that `plain` wrote, for the file at `path`, without what it rests on."""
    _, digest, _, command, found, left, shown = data
    diagnostics = tuple([_diagnostic(path, *one) for one in found])
    return Entry(None, digest, {}, command, diagnostics, left and _unjudged(*left), shown)


def _diagnostic(
    path: str, code: str, name: str, severity: Any, message: str, key: Any, start: int, end: int,
    fix: Any, related: Any,
) -> Diagnostic:  # fmt: skip
    return Diagnostic(
        path, code, name, severity, message, key, start, end, fix and _fix(*fix),
        tuple([Related(*other) for other in related]),
    )  # fmt: skip


def _unjudged(what: list[str], datasets: list[str]) -> Unjudged:
    from ftlint.results import Unjudged

    return Unjudged(tuple(what), tuple(datasets))


def _fix(applicability: Any, message: str, edits: Any, changes: Any) -> Fix:
    return Fix(
        applicability,
        message,
        tuple([Edit(*edit) for edit in edits]),
        tuple([Change(*change) for change in changes]),
    )

"""A kept result as lists of constants, and back. What is read again is what was written."""

from __future__ import annotations

from ftlint.diagnostics import (
    APPLICABILITIES,
    SEVERITIES,
    Change,
    Diagnostic,
    Edit,
    Fix,
    Related,
    ScriptLine,
)
from ftlint.support.kept import NONE, Unfit, form, of_form, texts
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.rule import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from ftlint.results import Unjudged
    from ftlint.support.disk import Stamp, State
    from ftlint.target.classify import Command


class KeptResult(NamedTuple):
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
    doubted: Sequence[str] = ()


def plain(entry: KeptResult, places: Iterable[int]) -> list[Any]:
    """Return an entry as lists of constants; the path of the diagnostics is left out.

    `places` stand for what it has touched.
    """
    found = [
        [
            *one[1:-3],
            one.fix and _plain_fix(one.fix),
            [*map(list, one.related)],
            one.launch and [*one.launch],
        ]
        for one in entry.diagnostics
    ]
    stamp = None if entry.stamp is None else [*entry.stamp]
    left = entry.unjudged and [*map(list, entry.unjudged)]
    return [
        stamp,
        entry.digest,
        [*places],
        entry.command,
        found,
        left,
        [*entry.shown],
        [*entry.doubted],
    ]


def _plain_fix(fix: Fix) -> list[Any]:
    return [fix.applicability, fix.message, [*map(list, fix.edits)], [*map(list, fix.changes)]]


KNOWN = frozenset([None, *COMMANDS, "v1"])
DIAGNOSTIC = form(str, str, str, str, (str, NONE), int, int, (list, NONE), list, (list, NONE))
LAUNCH = form(str, int)
FIX = form(str, str, list, list)
EDIT = form(int, int, str)
CHANGE = form(str, str, str)
RELATED = form(int, int, str)
UNJUDGED = form(list, list)


def read(path: str, data: list[Any], longest: int) -> KeptResult:
    """Return the entry that `plain` wrote, for the file at `path`, without what it rests on.

    No span ends behind `longest`. Raises Unfit for what `plain` does not write.
    """
    _, digest, _, command, found, left, shown, doubted = data
    if command not in KNOWN:
        raise Unfit
    diagnostics = tuple([_diagnostic(path, longest, *of_form(DIAGNOSTIC, one)) for one in found])
    unjudged = None if left is None else _unjudged(left)
    lines = texts(shown)
    if not all(map(str.isprintable, lines)):  # a terminal, or a CI, may take it for a command
        raise Unfit
    return KeptResult(None, digest, {}, command, diagnostics, unjudged, lines, texts(doubted))


def _diagnostic(
    path: str, longest: int, code: str, name: str, severity: Any, message: str, key: str | None,
    start: int, end: int, fix: list[Any] | None, related: list[Any], launch: list[Any] | None,
) -> Diagnostic:  # fmt: skip
    if not 0 <= start <= end <= longest or severity not in SEVERITIES:
        raise Unfit
    places = tuple([Related(*of_form(RELATED, one)) for one in related])
    if any(not 0 <= one.start <= one.end <= longest for one in places):
        raise Unfit
    repair = None if fix is None else _fix(*of_form(FIX, fix))
    under = None if launch is None else ScriptLine(*of_form(LAUNCH, launch))
    return Diagnostic(path, code, name, severity, message, key, start, end, repair, places, under)


def _unjudged(data: object) -> Unjudged:
    from ftlint.results import Unjudged

    what, datasets = of_form(UNJUDGED, data)
    return Unjudged(texts(what), texts(datasets))


def _fix(applicability: Any, message: str, edits: list[Any], changes: list[Any]) -> Fix:
    if applicability not in APPLICABILITIES:
        raise Unfit
    return Fix(
        applicability,
        message,
        tuple([Edit(*of_form(EDIT, one)) for one in edits]),
        tuple([Change(*of_form(CHANGE, one)) for one in changes]),
    )

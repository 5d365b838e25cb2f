"""A kept result as JSON, and back.

Files in a cache folder get damaged, too: `read` raises `ValueError` for what `plain` never wrote.
"""

from __future__ import annotations

from ftlint.diagnostics import APPLICABILITIES, SEVERITIES, Change, Diagnostic, Edit, Fix, Related
from ftlint.results import Unjudged
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.ruleformat import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.support.disk import State
    from ftlint.target.classify import Command


class Entry(NamedTuple):
    """What came of a content, and the state of each path that it rests on."""

    digest: str
    touched: Mapping[str, State | None]
    command: Command | None
    diagnostics: tuple[Diagnostic, ...]
    unjudged: Unjudged | None = None


def plain(entry: Entry) -> list[Any]:
    """Return an entry as lists of constants; the path of the diagnostics is left out."""
    found = [
        [*one[1:-2], one.fix and _plain_fix(one.fix), [*map(list, one.related)]]
        for one in entry.diagnostics
    ]
    left = entry.unjudged and [*map(list, entry.unjudged)]
    return [entry.digest, entry.touched, entry.command, found, left]


def _plain_fix(fix: Fix) -> list[Any]:
    return [fix.applicability, fix.message, [*map(list, fix.edits)], [*map(list, fix.changes)]]


def read(path: str, data: Any) -> Entry:
    """Return the entry that `plain` wrote, for the file at `path`. Raises ValueError."""
    try:
        digest, touched, command, found, left = data
        diagnostics = tuple(_diagnostic(path, *one) for one in found)
        touched = {
            _text(name): None if state is None else _state(*state)
            for name, state in touched.items()
        }
        unjudged = None if left is None else _unjudged(*left)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"not of the form of an entry: {error}") from None
    _hold(command in (None, *COMMANDS, "v1") and (command is not None or not diagnostics))
    return Entry(_text(digest), touched, command, diagnostics, unjudged)


def _diagnostic(
    path: str, code: str, name: str, severity: Any, message: str, key: Any, start: int, end: int,
    fix: Any, related: Any,
) -> Diagnostic:  # fmt: skip
    _hold(severity in SEVERITIES and 0 <= _whole(start) <= _whole(end))
    return Diagnostic(
        path, _text(code), _text(name), severity, _text(message),
        key if key is None else _text(key), start, end, fix if fix is None else _fix(*fix),
        tuple(_related(*other) for other in related),
    )  # fmt: skip


def _unjudged(what: Any, datasets: Any) -> Unjudged:
    return Unjudged(tuple(map(_text, what)), tuple(map(_text, datasets)))


def _related(start: int, end: int, message: str) -> Related:
    _hold(0 <= _whole(start) <= _whole(end))
    return Related(start, end, _text(message))


def _fix(applicability: Any, message: str, edits: Any, changes: Any) -> Fix:
    _hold(applicability in APPLICABILITIES)
    return Fix(
        applicability,
        _text(message),
        tuple(Edit(_whole(start), _whole(end), _text(text)) for start, end, text in edits),
        tuple(Change(*map(_text, change)) for change in changes),  # type: ignore[arg-type]
    )


def _state(size: int, changed: int, inode: int, mode: int) -> State:
    return _whole(size), _whole(changed), _whole(inode), _whole(mode)


def _text(value: str) -> str:
    _hold(isinstance(value, str))
    return value


def _whole(value: int) -> int:
    _hold(type(value) is int)
    return value


def _hold(sound: bool) -> None:
    if not sound:
        raise ValueError("not of the form of an entry")

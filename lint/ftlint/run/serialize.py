"""What came of a file as plain data, for another process or another run."""

from __future__ import annotations

from ftlint.diagnostics import (
    APPLICABILITIES,
    SEVERITIES,
    Change,
    Diagnostic,
    Edit,
    Fix,
    Related,
)
from ftlint.syntax.source import of_text
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ftlint.results import Repair, Result
    from ftlint.target.classify import Command


def serialize(diagnostics: Sequence[Diagnostic]) -> list[list[Any]]:
    """Return diagnostics without their path as lists of constants."""
    return [
        [
            *one[1:-2],
            None if one.fix is None else _plain_fix(one.fix),
            [[*other] for other in one.related],
        ]
        for one in diagnostics
    ]


def is_sound(one: object) -> bool:
    """Say whether a value has the form of a diagnostic as `plain` writes it."""
    if not isinstance(one, list) or len(one) != 9:
        return False
    code, name, severity, message, key, start, end, fix, related = one
    return (
        all(isinstance(text, str) for text in (code, name, message))
        and severity in SEVERITIES
        and (key is None or isinstance(key, str))
        and _is_span(start, end)
        and isinstance(related, list)
        and all(
            isinstance(other, list)
            and len(other) == len(Related._fields)
            and _is_span(*other[:2])
            and isinstance(other[2], str)
            for other in related
        )
        and (fix is None or _is_sound_fix(fix))
    )


def _is_span(start: object, end: object) -> bool:
    return type(start) is int and type(end) is int and 0 <= start <= end


def _is_sound_fix(fix: object) -> bool:
    if not isinstance(fix, list) or len(fix) != 4 or fix[0] not in APPLICABILITIES:
        return False
    _, message, edits, changes = fix
    return (
        isinstance(message, str)
        and isinstance(edits, list)
        and isinstance(changes, list)
        and all(
            isinstance(edit, list)
            and len(edit) == 3
            and all(type(place) is int for place in edit[:2])
            and isinstance(edit[2], str)
            for edit in edits
        )
        and all(
            isinstance(change, list)
            and len(change) == len(Change._fields)
            and all(isinstance(word, str) for word in change)
            for change in changes
        )
    )


def _plain_fix(fix: Fix) -> list[Any]:
    edits, changes = [[*edit] for edit in fix.edits], [[*change] for change in fix.changes]
    return [fix.applicability, fix.message, edits, changes]


def result(path: str, text: str, command: Command | None, diagnostics: list[list[Any]]) -> Result:
    """Return the result that `plain` was made of; `text` may be empty when nothing was found."""
    from ftlint.results import Result

    found = (
        Diagnostic(
            path,
            *facts,  # type: ignore[misc]
            fix=None if fix is None else _fix(fix),
            related=tuple(Related(*other) for other in related),
        )
        for *facts, fix, related in diagnostics
    )
    return Result(of_text(path, text), command, tuple(found))


def plain_repair(repair: Repair) -> tuple[Any, ...]:
    """Return what fixing did as constants."""
    path, made, withheld, *rest = repair
    return (path, tuple(map(tuple, made)), tuple(map(tuple, withheld)), *rest)


def repair(path: str, made: Any, withheld: Any, *rest: Any) -> Repair:
    """Return the repair that `plain_repair` was made of."""
    from ftlint.results import Made, Repair, Withheld

    fixes = tuple(Made(*one) for one in made)
    return Repair(path, fixes, tuple(Withheld(*one) for one in withheld), *rest)


def _fix(fix: list[Any]) -> Fix:
    applicability, message, edits, changes = fix
    return Fix(
        applicability,
        message,
        tuple(Edit(*edit) for edit in edits),
        tuple(Change(*change) for change in changes),
    )

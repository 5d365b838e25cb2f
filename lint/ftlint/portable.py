"""What came of a file as plain data, for another process or another run."""

from __future__ import annotations

from ftlint.records import Change, Diagnostic, Edit, Fix
from ftlint.source import of_text
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ftlint.discovery import Command
    from ftlint.engine import Result


def plain(diagnostics: Sequence[Diagnostic]) -> list[list[Any]]:
    """Return diagnostics without their path as lists of constants."""
    return [[*one[1:-1], None if one.fix is None else _plain_fix(one.fix)] for one in diagnostics]


def _plain_fix(fix: Fix) -> list[Any]:
    edits, changes = [[*edit] for edit in fix.edits], [[*change] for change in fix.changes]
    return [fix.applicability, fix.message, edits, changes]


def result(path: str, text: str, command: Command | None, diagnostics: list[list[Any]]) -> Result:
    """Return the result that `plain` was made of; `text` may be empty when nothing was found."""
    from ftlint.engine import Result

    found = (
        Diagnostic(path, *facts, fix=None if fix is None else _fix(fix))  # type: ignore[misc]
        for *facts, fix in diagnostics
    )
    return Result(of_text(path, text), command, tuple(found))


def _fix(fix: list[Any]) -> Fix:
    applicability, message, edits, changes = fix
    return Fix(
        applicability,
        message,
        tuple(Edit(*edit) for edit in edits),
        tuple(Change(*change) for change in changes),
    )

"""Findings that turn up once a fix is made: those it brings on, and those it lets show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.engine import Result
    from ftlint.records import Change, Diagnostic, Severity


def damage(
    before: Result, after: Result, made: Iterable[tuple[Severity, Iterable[Change]]]
) -> tuple[Diagnostic, ...]:
    """Return the errors and warnings of `after` that `before` lacks, and that the fixes brought on.

    `made` holds the severity of each finding that was fixed, and the changes. A key that LLaMA
    Factory refused, by its name or by its value, was never judged any further; once it is mended,
    what is wrong with it otherwise shows for the first time. That is no damage: the run would have
    met it next.
    """
    names: dict[str, str] = {}
    mended: set[str] = set()
    for severity, changes in made:
        for change in changes:
            if change.kind == "rename":
                names[change.key] = change.text
            if severity == "error" and change.kind != "delete":
                mended.add(change.text if change.kind == "rename" else change.key)
    known = {(one.code, names.get(one.key or "", one.key)) for one in before.diagnostics}
    return tuple(
        one
        for one in after.diagnostics
        if one.severity != "info"
        and (one.code, one.key) not in known
        and not _concerns(one, mended)
    )


def _concerns(diagnostic: Diagnostic, names: set[str]) -> bool:
    return diagnostic.key in names or not names.isdisjoint(_WORD.findall(diagnostic.message))


_WORD = re.compile(r"\w+")

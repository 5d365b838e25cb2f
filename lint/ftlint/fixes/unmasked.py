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
    renamed: dict[str, str] = {}
    written: set[str] = set()
    mended: set[str] = set()
    for severity, changes in made:
        for change in changes:
            name = change.text if change.kind == "rename" else change.key
            if change.kind == "rename":
                renamed[change.key] = name
            else:
                written.add(change.key)
            if severity == "error" and change.kind != "delete":
                mended.add(name)
    written |= {renamed[name] for name in written & renamed.keys()}
    known = {(one.code, renamed.get(one.key or "", one.key)) for one in before.diagnostics}
    return tuple(
        one
        for one in after.diagnostics
        if one.severity != "info"
        and (one.code, one.key) not in known
        and not (_concerns(one, mended) and not _is_misread(one, written))
    )


def _concerns(one: Diagnostic, names: set[str]) -> bool:
    return one.key in names or not names.isdisjoint(_WORD.findall(one.message))


def _is_misread(one: Diagnostic, written: set[str]) -> bool:
    """Say whether a value that a fix wrote is no good itself."""
    return one.code.startswith("FT1") and one.key in written


_WORD = re.compile(r"\w+")

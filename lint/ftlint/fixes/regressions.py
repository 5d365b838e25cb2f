"""Findings that a fix would bring, told from those it only lets show."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import READING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.diagnostics import Change, Diagnostic
    from ftlint.results import Result
    from ftlint.rulebook.registry import RuleBook


def regressions(
    before: Result,
    readable: Result,
    after: Result,
    mending: Iterable[Change],
    changes: Iterable[Change],
    rules: RuleBook,
) -> tuple[Diagnostic, ...]:
    """Return the errors and warnings that the fixes brought.

    `changes` were made, `mending` of them such as give a key another value until the file was
    `readable`: once its keys and values are mended, before anything else is fixed. The
    target refused it until then, and no rule rested on what it misread: what shows for the first
    time there was in the file all along, save for a key or value that a fix wrote and that is no
    good itself, and for keys that only the command takes which the file seemed to be for until
    then. From there on, what is new is the fixes' doing.
    """
    renamed = {change.key: change.text for change in changes if change.kind == "rename"}
    written = {change.key for change in mending}
    turned = before.command != readable.command
    made = written | {renamed[key] for key in written & renamed.keys()} | {None}
    mended = [
        one
        for one in _new(before, readable, renamed)
        if rules.kind(one.code) in READING and (turned or one.key in made)
    ]
    return (*mended, *_new(readable, after, renamed))


def _new(before: Result, after: Result, renamed: dict[str, str]) -> list[Diagnostic]:
    """Return what is said of one and not of the other, in whichever way the file is started."""
    found: list[Diagnostic] = []
    ways = (after.diagnostics, *after.elsewhere)
    for way, was in zip(ways, (before.diagnostics, *before.elsewhere, *[()] * len(ways))):
        known = {(one.code, renamed.get(one.key or "", one.key)) for one in was}
        found += [one for one in way if one.severity != "info" and (one.code, one.key) not in known]
    return found

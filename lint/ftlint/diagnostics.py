"""The records that travel through ftlint: findings, fixes, edits.

They are named tuples rather than dataclasses: importing `dataclasses` alone costs a fifth of the
whole start-up budget. Names of types alone are made for the type checker only.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from ftlint.syntax.construct import Entry

    Severity = Literal["error", "warning", "info"]
    Applicability = Literal["safe", "unsafe", "display"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
APPLICABILITIES: tuple[Applicability, ...] = ("safe", "unsafe", "display")


class Edit(NamedTuple):
    """Replace the characters `start` to `end` of the original text by `text`."""

    start: int
    end: int
    text: str


class Change(NamedTuple):
    """What a fix does to one key of the data; its edits are held against it afterwards.

    `text` is the new name of a renamed key, or the value of a replaced or inserted one as written.
    """

    kind: Literal["delete", "rename", "replace", "insert"]
    key: str
    text: str = ""


class Fix(NamedTuple):
    """Edits that belong together; `safe` ones leave the run as it is or as it was plainly meant."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]
    changes: tuple[Change, ...] = ()


REMOVED = " (it was: "
"""What stands in a fix's message before the pairs that it removes."""


class Related(NamedTuple):
    """Another place of the file that a finding is about, and what is there."""

    start: int
    end: int
    message: str


class Finding(NamedTuple):
    """What a rule yields: which rule, where (character offsets) and the values its message names.

    `message` is there when it is worded already; else the rule's own template is filled. `meant` is
    the key that its author seems to mean, where that is another than `key`.
    """

    rule: str
    start: int
    end: int
    key: str | None = None
    values: Mapping[str, object] = {}
    fix: Fix | None = None
    message: str | None = None
    meant: str | None = None
    related: tuple[Related, ...] = ()


def set_at(entry: Entry, message: str = "") -> Related:
    """Return the place of a key as one that a finding is about as well."""
    return Related(entry.key.start, entry.key.end, message or f"`{entry.name}` is set on this line")


def at_key(
    rule: str, entry: Entry, values: Mapping[str, object] = {}, fix: Fix | None = None
) -> Finding:
    """Return a finding that is shown at a key."""
    return Finding(rule, entry.key.start, entry.key.end, entry.name, values, fix)


def at_value(
    rule: str, entry: Entry, values: Mapping[str, object] = {}, fix: Fix | None = None
) -> Finding:
    """Return a finding that is shown at a key's value."""
    return Finding(rule, *entry.value_span, entry.name, values, fix)


class ScriptLine(NamedTuple):
    """A line of a script that starts a config."""

    path: str
    line: int


class Diagnostic(NamedTuple):
    """A finding as reports show it: code, severity and message settled.

    `launch`: the one under which it holds, where it does not of the file alone.
    """

    path: str
    code: str
    name: str
    severity: Severity
    message: str
    key: str | None
    start: int
    end: int
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    launch: ScriptLine | None = None

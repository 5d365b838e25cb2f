"""One finding on a run."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.diagnostics import Severity


class Symptom(NamedTuple):
    """What is seen, and what to do about it."""

    name: str
    severity: Severity
    text: str
    remedy: str

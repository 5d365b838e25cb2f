"""Where a finding on one of several datasets stands."""

from __future__ import annotations

import re

from ftlint.diagnostics import Finding
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.diagnostics import Fix
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry


def of_name(
    context: Context, entry: Entry, name: str, code: str, values: Mapping[str, object],
    fix: Fix | None = None,
) -> Finding:  # fmt: skip
    """Return a finding at a dataset's name within the value, or at the whole value."""
    start, end = span_of(context, entry, name)
    return Finding(code, start, end, entry.name, {"dataset": name, **values}, fix)


def span_of(context: Context, entry: Entry, name: str) -> tuple[int, int]:
    """Return the span of a dataset's name within the value, or of the whole value."""
    raw = context.source_text(entry)
    match = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", raw) if name else None
    if match is None:
        return entry.node.start, entry.node.end
    return entry.node.start + match.start(), entry.node.start + match.end()

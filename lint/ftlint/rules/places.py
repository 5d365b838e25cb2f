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
    start, end = entry.node.start, entry.node.end
    raw = context.source_text(entry)
    match = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", raw) if name else None
    if match is not None:
        start, end = start + match.start(), start + match.end()
    return Finding(code, start, end, entry.name, {"dataset": name, **values}, fix)

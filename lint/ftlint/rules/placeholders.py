"""Values that are a template's gap: named, and judged by no other rule."""

from __future__ import annotations

from ftlint.diagnostics import at_value
from ftlint.target.classify import placeholder_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield one finding for each value that has a gap, unless the loader stops at it."""
    problems = context.constructed.problems
    stops = {one.values.get("name") for one in problems if one.kind == "broken-reference"}
    for entry in context.entries.values():
        gap = placeholder_of(entry.name, entry.value)
        if gap is not None and entry.name not in stops:
            yield at_value("FT014", entry, {"placeholder": gap})

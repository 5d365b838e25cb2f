"""Values that are a template's gap: named, and judged by no other rule."""

from __future__ import annotations

from ftlint.discovery import placeholder_in
from ftlint.records import Finding
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield one finding for each value that has a gap."""
    for name, entry in context.entries.items():
        gap = placeholder_in(entry.value)
        if gap is not None:
            values = {"placeholder": gap}
            yield Finding("FT014", entry.node.start, entry.node.end, name, values)

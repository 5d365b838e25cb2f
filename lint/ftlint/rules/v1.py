"""Configs of LLaMA Factory's rewrite: named, not judged."""

from __future__ import annotations

from ftlint.diagnostics import at_key
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield the one remark at the file's first key."""
    first = next(iter(context.entries.values()), None)
    if first is not None:
        yield at_key("FT017", first)

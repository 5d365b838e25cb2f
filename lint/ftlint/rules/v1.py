"""Configs of LLaMA Factory's rewrite: named, not judged."""

from __future__ import annotations

from ftlint.records import Finding
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield the one remark at the file's first key."""
    first = next(iter(context.entries.values()), None)
    if first is not None:
        yield Finding("FT017", first.key.start, first.key.end, first.name)

"""Keys that the command does not read; what is made of them is loaded only where there are some."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield what is to be said of the keys that the target's parser would not take."""
    unknown = [one for one in context.entries.values() if context.catalogue.get(one.name) is None]
    if unknown:
        from ftlint.rules.unknown import findings

        yield from findings(context, unknown)

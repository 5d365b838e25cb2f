"""Values that are a template's gap: named once a file, and judged by no other rule."""

from __future__ import annotations

from ftlint.diagnostics import Related, at_value
from ftlint.target.classify import NOT_KNOWN, placeholder_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context

COST = "LLaMA Factory does not expand it, and ftlint skips checks that depend on it."


def check(context: Context) -> Iterator[Finding]:
    """Yield one finding at the first value that has a gap, unless the loader stops at it."""
    problems = context.constructed.problems
    stops = {one.values.get("name") for one in problems if one.kind == "broken-reference"}
    gaps = [
        (entry, gap)
        for entry in context.entries.values()
        if entry.name not in stops
        and NOT_KNOWN not in str(entry.value)
        and (gap := placeholder_of(entry.name, entry.value)) is not None
    ]
    if not gaps:
        return
    (first, gap), *rest = gaps
    others = f" (and {len(rest)} more)" if rest else ""
    found = at_value("FT014", first, {"placeholder": gap, "others": others, "cost": COST})
    yield found._replace(
        related=tuple(
            Related(*entry.value_span, f"`{other}` is on this line") for entry, other in rest
        )
    )

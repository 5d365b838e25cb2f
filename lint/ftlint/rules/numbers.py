"""Numbers that YAML 1.1 reads in another base than a person does."""

from __future__ import annotations

from ftlint.nodes import Scalar, deref
from ftlint.records import Change, Finding
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield a finding for each octal or sexagesimal number."""
    for entry in context.entries.values():
        node = deref(entry.node)
        if not isinstance(node, Scalar) or node.style != "plain":
            continue
        if not isinstance(entry.value, (int, float)):
            continue
        digits = node.text.lstrip("+-").replace("_", "")
        if ":" in digits:
            base = "colons count in sixties"
        elif digits[:1] == "0" and digits.isdecimal() and entry.value != int(digits):
            base = "a leading zero means octal"
        else:
            continue
        from ftlint.fixes.recipe import of_changes

        values = {"written": node.text, "value": entry.value, "base": base}
        change = Change("replace", entry.name, str(entry.value))
        fix = of_changes(context, "safe", f"write {entry.value}", [change])
        yield Finding("FT015", entry.node.start, entry.node.end, entry.name, values, fix)

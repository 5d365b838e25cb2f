"""Numbers that YAML 1.1 reads in another base than a person does."""

from __future__ import annotations

from ftlint.diagnostics import Change, at_value
from ftlint.syntax.nodes import Scalar, deref
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context


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
            base = "colons mean base 60"
        elif digits[:1] == "0" and digits.isdecimal() and entry.value != int(digits):
            base = "a leading zero means octal"
        else:
            continue
        values = {"written": node.text, "value": entry.value, "base": base}
        change = Change("replace", entry.name, str(entry.value))
        from ftlint.edits import suggest

        fix = suggest.fix(context, f"write `{entry.value}`", change, safe=True)
        yield at_value("FT015", entry, values, fix)

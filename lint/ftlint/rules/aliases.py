"""Entries of the alias table: which one is about a written value."""

from __future__ import annotations

from ftlint.rulebook.condition import equal
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_about(alias: Mapping[str, object], value: object) -> bool:
    """Return whether an entry is about this value: `if`, or a number from `least` to `most`."""
    if "if" in alias and not equal(alias["if"], value):
        return False
    bounds = alias.get("least"), alias.get("most")
    if bounds == (None, None):
        return True
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    least, most = bounds
    return (least is None or value >= least) and (most is None or value <= most)  # type: ignore[operator]

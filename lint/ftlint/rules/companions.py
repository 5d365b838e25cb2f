"""Words that elsewhere say two things at once, which take two keys here."""

from __future__ import annotations

from ftlint.rules.condition import equal
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.context import Context
    from ftlint.records import Change

_ALSO: dict[tuple[str, str], tuple[str, object]] = {
    ("finetuning_type", "qlora"): ("quantization_bit", 4),
    ("stage", "orpo"): ("pref_loss", "orpo"),
    ("stage", "simpo"): ("pref_loss", "simpo"),
    ("stage", "ipo"): ("pref_loss", "ipo"),
}
"""Key and the word written for it -> what has to be set beside it for the same meaning."""


def complete(context: Context, key: str, written: object, safe: bool) -> tuple[list[Change], bool]:
    """Return what to write besides so that `written` keeps its meaning, and whether it is kept.

    A quantized base stays as it is set (qlora takes 4 or 8 bits); one that is merged has to be
    whole, so that an export file needs no second key.
    """
    also = _ALSO.get((key, written)) if isinstance(written, str) else None
    if also is None:
        return [], safe
    other, value = also
    if context.catalogue.get(other) is None:
        return [], safe
    if other == "quantization_bit" and context.command != "train":
        return [], context.command == "export"
    present = context.entries.get(other)
    if present is not None and present.value is not None:
        return [], other == "quantization_bit" or equal(present.value, value)
    from ftlint.fixes.spelling import spell
    from ftlint.records import Change

    kind = "replace" if present else "insert"
    return [Change(kind, other, spell(value, context.target.dialect))], True  # type: ignore[arg-type]

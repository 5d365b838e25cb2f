"""Fixes that rules offer, in terms of keys; what makes edits of them is loaded only then."""

from __future__ import annotations

from ftlint.diagnostics import Change
from ftlint.rulebook.condition import equal
from ftlint.support.messages import show
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.diagnostics import Fix
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry

_ALSO: dict[tuple[str, str], tuple[str, object]] = {
    ("finetuning_type", "qlora"): ("quantization_bit", 4),
    ("stage", "orpo"): ("pref_loss", "orpo"),
    ("stage", "simpo"): ("pref_loss", "simpo"),
    ("stage", "ipo"): ("pref_loss", "ipo"),
}
"""Key and the word written for it -> what has to be set beside it for the same meaning."""


def fix(context: Context, message: str, *changes: Change, safe: bool) -> Fix:
    """Return the fix that makes these changes, one after the other."""
    from ftlint.edits.recipe import of_changes

    return of_changes(context, "safe" if safe else "unsafe", message, changes)


def delete(context: Context, name: str, why: str = "", *, safe: bool) -> Fix:
    """Return the fix that removes a key."""
    return fix(context, f"remove `{name}`{why}", Change("delete", name), safe=safe)


def write(context: Context, entry: Entry, text: str, *, safe: bool) -> Fix:
    """Return the fix that writes `text`, which is YAML, for the value of a key."""
    also, safe = _complete(context, entry.name, entry.value, safe)
    changes = [Change("replace", entry.name, text), *also]
    message = f"write {' and '.join(f'`{one.key}: {one.text}`' for one in changes)}"
    return fix(context, message, *changes, safe=safe)


def rename(context: Context, entry: Entry, to: str, text: str | None, *, safe: bool) -> Fix | None:
    """Return the fix that writes `to` for a key and, where there is one, `text` for its value.

    Where both keys are there, the wrong one goes if they say the same; else no edit can choose.
    """
    name, present = entry.name, context.entries.get(to)
    if present is not None:
        same = (
            equal(present.value, entry.value)
            if text is None
            else spelled(context, present.value) == text
        )
        return delete(context, name, f": `{to}` is already set", safe=safe) if same else None
    also, safe = _complete(context, to, entry.value, safe)
    value: Iterable[Change] = () if text is None else (Change("replace", name, text),)
    changes = (*value, Change("rename", name, to), *also)
    return fix(context, _renamed(context, entry, to, text), *changes, safe=safe)


def _renamed(context: Context, entry: Entry, to: str, text: str | None) -> str:
    """Return in words what a key becomes, with its value where that changes, but for a secret."""
    from ftlint.target.variables import is_secret

    if text is None or is_secret(entry.name) or is_secret(to):
        return f"rename `{entry.name}` to `{to}`"
    return f"rename `{entry.name}: {show(context.source_text(entry))}` to `{to}: {show(text)}`"


def spelled(context: Context, value: object) -> str:
    """Return a value as the target's loader wants it written."""
    from ftlint.edits.spelling import spell

    return spell(value, context.target.dialect)


def _complete(context: Context, key: str, written: object, safe: bool) -> tuple[list[Change], bool]:
    """Return what to write besides so that `written` keeps its meaning, and whether it is kept.

    Words that elsewhere say two things at once take two keys here. A quantized base stays as it is
    set (qlora takes 4 or 8 bits); one that is merged has to be whole, so that an export file needs
    no second key.
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
    return [Change("replace" if present else "insert", other, spelled(context, value))], True

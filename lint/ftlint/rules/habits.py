"""Names written out of habit: what the alias table makes of one, and if its value fits there."""

from __future__ import annotations

from ftlint.rules import choices, values
from ftlint.rules.aliases import is_about
from ftlint.rules.observed_types import kind_of
from ftlint.support.messages import show
from ftlint.syntax.dialect import OMEGACONF, looks_numeric, resolve
from ftlint.target.classify import placeholder_of
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry
    from ftlint.target.keys import Key

_MANY = 6
"""Words that a message about a key does not list any more."""


def alias_of(context: Context, entry: Entry) -> dict[str, object] | None:
    """Return the entry of the alias table that is about a key and its value, if one is."""
    found: tuple[dict[str, object], ...] = compiled.ALIASES.get(entry.name, ())
    for alias in found:
        to = alias.get("to")
        if to is not None and context.catalogue.get(str(to)) is None:
            continue
        if is_about(alias, entry.value) or ("if" not in alias and is_within(alias, entry)):
            return alias
    return None


def is_within(alias: dict[str, object], entry: Entry) -> bool:
    """Return whether a number is within an entry's bounds; a quoted one is a number, too.

    Of a template's gap that is not known: there, one entry alone for any number will do.
    """
    value = entry.value
    if isinstance(value, str) and looks_numeric(value):
        value = resolve(value, OMEGACONF)
    alone = len(compiled.ALIASES.get(entry.name, ())) == 1
    return is_about(alias, value) or (alone and placeholder_of(entry.name, value) is not None)


def bounded(context: Context, entry: Entry) -> tuple[str, str] | None:
    """Return the key that is meant and the numbers it takes, where this value is none of them."""
    for alias in compiled.ALIASES.get(entry.name, ()):
        to, least, most = alias.get("to"), alias.get("least"), alias.get("most")
        if least is not None and to is not None and context.catalogue.get(to) is not None:
            return to, f"of at least {least}" if most is None else f"from {least} to {most}"
    return None


def new_value(alias: dict[str, object], old: object) -> object:
    """Return the value to write with the new key; None leaves the old one."""
    transform = alias.get("transform")
    number = isinstance(old, (int, float)) and not isinstance(old, bool)
    if alias.get("by_hand"):
        return None
    if "value" in alias:
        return alias["value"]
    if "entry" in alias:
        return {alias["entry"]: old}
    if transform == "negate" and isinstance(old, bool):
        return not old
    if transform == "square" and number:
        return old * old  # type: ignore[operator]
    if transform == "gigabytes" and isinstance(old, str):
        whole = old.upper().removesuffix("B").removesuffix("G").strip()
        return int(whole) if whole.isdecimal() else None
    return None


def takes(context: Context, name: str, value: object) -> bool:
    """Return whether a key takes a value, or one that a safe fix makes of it.

    What a key of another trainer holds may be a word, a mapping or a list of them where this one
    holds a number: the name is the right one, and the value is another thing.
    """
    key = context.catalogue.get(name)
    if key is None or placeholder_of(name, value) is not None:
        return True
    if key.choices is not None and isinstance(value, (str, bool)):
        table = compiled.VALUE_ALIASES.get(name, {})
        alias = table.get(value) or table.get(str(value).lower())
        if alias is not None and alias["safe"] and alias["to"] in key.choices:
            return True
        if str(value).lower() in (str(choice).lower() for choice in key.choices):
            return True
    if key.choices is not None and choices.is_none_of(context, key, value):
        return False
    if isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        return False
    return kind_of(value) in key.kinds or _is_number_for(key, value)


def _is_number_for(key: Key, value: object) -> bool:
    """Return whether text is a number where the key takes one."""
    if not isinstance(value, str) or not looks_numeric(value):
        return False
    return "float" in key.kinds or ("int" in key.kinds and value.lstrip("+-").isdecimal())


def taken(context: Context, name: str) -> str:
    """Return what a key takes, in words."""
    key = context.catalogue.get(name)
    assert key is not None
    if key.choices is None:
        return f"takes {values.wanted(key.kinds)}"
    words = [choice for choice in key.choices if choice is not None]
    if len(words) > _MANY:
        return f"takes one of the {len(words)} values in `ftlint schema`"
    return f"takes one of {', '.join(map(show, words))}"

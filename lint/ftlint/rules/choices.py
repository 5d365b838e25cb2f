"""Words that are none of those a key takes, and the word `no`, which YAML reads as false."""

from __future__ import annotations

from ftlint.messages import show
from ftlint.nodes import Scalar, deref
from ftlint.records import at_value
from ftlint.rules import mend
from ftlint.rules.condition import equal
from ftlint.rules.fates import matters
from ftlint.rules.probed import counts_as_nothing, fate_of
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.catalogue import Key
    from ftlint.construct import Entry
    from ftlint.context import Context
    from ftlint.records import Finding, Fix

BARE_NO, NOT_A_CHOICE = "FT007", "FT106"


def judge(context: Context, entry: Entry, key: Key) -> Finding | None:
    """Return what is wrong with the choice, if the key has a list of choices."""
    if key.choices is None:
        return None
    if entry.value is False and "no" in key.choices:
        written = {"name": entry.name, "written": context.raw(entry)}
        return at_value(BARE_NO, entry, written, mend.write(context, entry, '"no"', safe=True))
    if not _is_checked(context, key):
        return None
    word = _outside(key, entry.value)
    if word is None or (key.separator is not None and _is_no_list(context, key, entry.value)):
        return None
    if key.checked == "later" and (word == "null" or not matters(context, key)):
        return None
    remedy, fix = _better(context, entry, key, word)
    values = {"name": key.name, "value": word, "remedy": remedy}
    return at_value(NOT_A_CHOICE, entry, values, fix)


def _is_checked(context: Context, key: Key) -> bool:
    """Say whether the program does not do with any word; training alone was probed for it."""
    place = context.target.llamafactory, key.name
    takes_any = context.command == "train" and place in compiled.TAKE_ANY
    return key.checked == "parse" or (key.checked == "later" and not takes_any)


def _is_no_list(context: Context, key: Key, value: object) -> bool:
    """Say whether the program takes a value for no list of words at all, and goes on."""
    release = context.target.llamafactory
    if isinstance(value, bool) and fate_of(release, key.name, "false") != "refused":
        return True
    return counts_as_nothing(release, key.name, value)


def _outside(key: Key, value: object) -> object | None:
    """Return the (first) word of `value` that is none of the key's choices."""
    assert key.choices is not None
    if isinstance(value, (dict, set)):
        return None
    if key.separator is None:
        items = [] if isinstance(value, list) else [value]
    elif isinstance(value, str):
        parts = value.split(key.separator) if key.separator else [value]
        items = [part.strip() for part in parts if part.strip()]
    elif isinstance(value, list):
        items = [item for item in value if isinstance(item, str)]
    else:
        items = [] if value is None else [value]
    for item in items:
        if not any(equal(item, choice) for choice in key.choices):
            return "null" if item is None else item
    return None


def _better(context: Context, entry: Entry, key: Key, value: object) -> tuple[str, Fix | None]:
    """Return what to write instead, in words, and the fix where it is one word for another."""
    assert key.choices is not None
    choices = [choice for choice in key.choices if choice is not None]
    table = compiled.VALUE_ALIASES.get(key.name, {})
    alias = table.get(value) or table.get(str(value).lower())
    whole = isinstance(deref(entry.node), Scalar) and equal(entry.value, value)
    if alias is not None:
        note = f" ({alias['note']})" if alias.get("note") else ""
        to = alias.get("to")
        if to is None:
            fix = mend.delete(context, entry.name, safe=True) if alias["safe"] and whole else None
            return f"it has no counterpart here{note}", fix
        if any(equal(to, choice) for choice in choices):
            fix = _written(context, entry, to, safe=alias["safe"]) if whole else None
            return f"write {show(to)} instead{note}", fix
    joined = _joined(key, value) if whole else None
    if joined is not None:
        text, how = joined
        return f"write {text} instead ({how})", mend.write(context, entry, text, safe=True)
    from difflib import get_close_matches

    names = {str(choice).lower(): choice for choice in choices}
    near = get_close_matches(str(value).lower(), list(names), n=1, cutoff=0.7)
    if near:
        meant = names[near[0]]
        slip = near[0] == str(value).lower()
        fix = _written(context, entry, meant, safe=slip) if whole else None
        return f"perhaps {meant} is meant", fix
    return f"it takes {_listed(choices)}", None


def _joined(key: Key, value: object) -> tuple[str, str] | None:
    """Return several words as the key takes them, and how that is, where others stood between."""
    words = value.replace(",", " ").split() if isinstance(value, str) else []
    assert key.choices is not None
    if len(words) < 2 or not all(word in key.choices for word in words):
        return None
    if key.separator == " ":
        return " ".join(words), "words stand apart by blanks"
    if "list" in key.kinds:
        return f"[{', '.join(words)}]", "several are a list"
    return None


def _written(context: Context, entry: Entry, value: object, *, safe: bool) -> Fix:
    return mend.write(context, entry, mend.spelled(context, value), safe=safe)


def _listed(choices: list[object]) -> str:
    shown = ", ".join(map(show, choices[:12]))
    return shown if len(choices) <= 12 else f"{shown}, … ({len(choices)} in all)"

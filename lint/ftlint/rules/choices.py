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
_MANY = 16
"""Words that a message does not list any more."""


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
    values = {
        "name": key.name, "value": word, "remedy": remedy,
        "release": f"LLaMA Factory {context.target.llamafactory}",
    }  # fmt: skip
    return at_value(NOT_A_CHOICE, entry, values, fix)


def is_none_of(context: Context, key: Key, value: object) -> bool:
    """Say whether the program does not do with a word of `value`."""
    return _is_checked(context, key) and _outside(key, value) is not None


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
    from ftlint.rules.forks import foreign_keys
    from ftlint.slips import guess

    assert key.choices is not None
    choices = [choice for choice in key.choices if choice is not None]
    table = compiled.VALUE_ALIASES.get(key.name, {})
    alias = table.get(value) or table.get(str(value).lower())
    whole = isinstance(deref(entry.node), Scalar) and equal(entry.value, value)
    foreign = tuple(foreign_keys(context))  # the words of a fork may be its own as well
    meant: object = value
    if alias is not None:
        note = f" ({alias['note']})" if alias.get("note") else ""
        meant = alias.get("to")
        if meant is None:
            gone = alias["safe"] and whole and not foreign
            fix = mend.delete(context, entry.name, safe=True) if gone else None
            return f"it has no counterpart here{note}", fix
        if any(equal(meant, choice) for choice in choices):
            safe = alias["safe"] and not foreign
            fix = _written(context, entry, meant, safe=safe) if whole else None
            return f"write `{show(meant)}` instead{note}", fix
    joined = _joined(key, value) if whole else None
    if joined is not None:
        text, how = joined
        return f"write `{text}` instead ({how})", mend.write(context, entry, text, safe=True)
    near = None if alias is not None else guess(str(value), map(str, choices), foreign or None)
    if near is not None and not _was_taken(context, key, value):
        meant = next(choice for choice in choices if str(choice) == near.name)
        same = near.name.lower() == str(value).lower() and not foreign
        fix = _written(context, entry, meant, safe=same) if near.slip and whole else None
        return f"perhaps `{show(meant)}` is meant", fix
    return _of_another_release(context, key, value, meant) or _listed(choices, key.name), None


def _was_taken(context: Context, key: Key, value: object) -> bool:
    return any(equal(value, other) for other in context.catalogue.other_choices(key))


def _of_another_release(context: Context, key: Key, value: object, meant: object) -> str | None:
    """Return when a value came or went that this release does not take, however it is spelled."""
    from ftlint.slips import guess

    others = context.catalogue.other_choices(key)
    if meant not in others:
        near = guess(str(value), map(str, others))
        meant = near.name if near is not None and near.slip else None
    if meant is None or meant not in others:
        return None
    told = others[meant]
    return told if equal(meant, value) else f"`{show(meant)}` seems meant, {told}"


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


def _listed(choices: list[object], name: str) -> str:
    """Return the words there are; of many none is nearer than another, so how many there are."""
    if len(choices) > _MANY:
        return f"it is none of {len(choices)}; see {name} in `ftlint schema`"
    return f"it takes {', '.join(map(show, choices))}"

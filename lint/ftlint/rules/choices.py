"""Words that are none of those a key takes, and the word `no`, which YAML reads as false."""

from __future__ import annotations

from ftlint.diagnostics import at_value
from ftlint.rulebook.condition import equal
from ftlint.rules.observed_types import counts_as_nothing, observed_failure
from ftlint.support.messages import sentence, show
from ftlint.syntax.nodes import Scalar, deref
from ftlint.target.keys import probed
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.diagnostics import Finding, Fix
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry
    from ftlint.target.keys import Key

BARE_NO, NOT_A_CHOICE = "FT007", "FT106"
_MANY = 16
"""Words that a message does not list any more."""


def judge(context: Context, entry: Entry, key: Key) -> Finding | None:
    """Return what is wrong with the choice, if the key has a list of choices."""
    if key.choices is None:
        return None
    if entry.value is False and "no" in key.choices:
        from ftlint.edits import suggest

        written = {"name": entry.name, "written": context.source_text(entry)}
        return at_value(BARE_NO, entry, written, suggest.write(context, entry, '"no"', safe=True))
    if not _is_checked(context, key):
        return None
    word = _outside(key, entry.value)
    if word is None or (key.separator is not None and _is_no_list(context, key, entry.value)):
        return None
    if key.checked == "later":
        from ftlint.rules.liveness import affects_run

        if word == "null" or not affects_run(context, key):
            return None
    remedy, fix = _better(context, entry, key, word)
    values = {
        "name": key.name, "value": word, "remedy": sentence(remedy),
        "release": f"LLaMA Factory {context.target.label}",
    }  # fmt: skip
    return at_value(NOT_A_CHOICE, entry, values, fix)


def is_none_of(context: Context, key: Key, value: object) -> bool:
    """Return whether `value` has a word that makes the program fail."""
    return _is_checked(context, key) and _outside(key, value) is not None


def _is_checked(context: Context, key: Key) -> bool:
    """Return whether an unknown word makes the program fail; only training was probed for that."""
    trains = context.command == "train" or (
        key.name == "rope_scaling" and _exports_as_trained(context)
    )
    takes_any = trains and (probed(context.target.release), key.name) in compiled.TAKE_ANY
    return key.checked == "parse" or (key.checked == "later" and not takes_any)


def _exports_as_trained(context: Context) -> bool:
    """Return whether an export hands the model the length that it was trained with.

    Then, as in training, `rope_scaling` is passed over unless that length exceeds the model's own.
    Source: hparams/parser.py get_infer_args; `packing` gives a `cutoff_len` that is no default.
    """
    values = context.instance.effective
    hands = "cutoff_len" in context.present or bool(values.get("packing"))
    return hands and context.command == "export" and values.get("export_device") != "auto"


def _is_no_list(context: Context, key: Key, value: object) -> bool:
    """Return whether the program takes a value for no list of words at all, and goes on."""
    release = context.target.release
    if isinstance(value, bool) and observed_failure(release, key.name, "false") != "refused":
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
        if isinstance(item, str) and item in key.choices:
            continue
        if not any(equal(item, choice) for choice in key.choices):
            return "null" if item is None else item
    return None


def _better(context: Context, entry: Entry, key: Key, value: object) -> tuple[str, Fix | None]:
    """Return what to write instead, in words, and the fix where it is one word for another."""
    from ftlint.rules.forks import foreign_keys
    from ftlint.target.slips import guess

    assert key.choices is not None
    choices = [choice for choice in key.choices if choice is not None]
    whole = isinstance(deref(entry.node), Scalar) and equal(entry.value, value)
    foreign = tuple(foreign_keys(context))  # the words of a fork may be its own as well
    table = compiled.VALUE_ALIASES.get(key.name, {})
    alias = table.get(value) or table.get(str(value).lower())
    meant: object = value
    if alias is not None:
        meant = alias.get("to")
        if meant is None or any(equal(meant, choice) for choice in choices):
            return _by_alias(context, entry, alias, safe=whole and not foreign, whole=whole)
    from ftlint.edits import suggest

    if entry.value is None:
        unset = suggest.delete(context, entry.name, safe=False)
        return "remove it, an empty value is not the default", unset
    joined = _joined(key, value) if whole else None
    if joined is not None:
        text, how = joined
        return f"write `{text}` ({how})", suggest.write(context, entry, text, safe=True)
    near = None if alias is not None else guess(str(value), map(str, choices), foreign or None)
    if near is not None and not _was_taken(context, key, value):
        meant = next(choice for choice in choices if str(choice) == near.name)
        same = near.name.lower() == str(value).lower() and not foreign
        fix = _written(context, entry, meant, safe=same) if near.slip and whole else None
        return f"did you mean `{show(meant)}`?", fix
    return _of_another_release(context, key, value, meant) or _listed(choices, key.name), None


def _by_alias(
    context: Context, entry: Entry, alias: Mapping[str, Any], *, safe: bool, whole: bool
) -> tuple[str, Fix | None]:
    """Return what the table of aliases has for a word; `whole` when the word is all of a value."""
    note = f" ({alias['note']})" if alias.get("note") else ""
    safe, meant = alias["safe"] and safe, alias.get("to")
    from ftlint.edits import suggest

    if meant is None:
        fix = suggest.delete(context, entry.name, safe=True) if safe else None
        return f"there is no equivalent, remove it{note}", fix
    fix = _written(context, entry, meant, safe=safe) if whole else None
    return f"write `{show(meant)}`{note}", fix


def _was_taken(context: Context, key: Key, value: object) -> bool:
    return any(equal(value, other) for other in context.catalogue.other_choices(key))


def _of_another_release(context: Context, key: Key, value: object, meant: object) -> str | None:
    """Return when a value came or went that this release does not take, however it is spelled."""
    from ftlint.target.slips import guess

    others = context.catalogue.other_choices(key)
    if meant not in others:
        near = guess(str(value), map(str, others))
        meant = near.name if near is not None and near.slip else None
    if meant is None or meant not in others:
        return None
    told = others[meant]
    return told if equal(meant, value) else f"did you mean `{show(meant)}` ({told})?"


def _joined(key: Key, value: object) -> tuple[str, str] | None:
    """Return several words as the key takes them, and how that is, where others stood between."""
    words = value.replace(",", " ").split() if isinstance(value, str) else []
    assert key.choices is not None
    if len(words) < 2 or not all(word in key.choices for word in words):
        return None
    if key.separator == " ":
        return " ".join(words), "separated by spaces"
    if "list" in key.kinds:
        return f"[{', '.join(words)}]", "several values are a list"
    return None


def _written(context: Context, entry: Entry, value: object, *, safe: bool) -> Fix:
    from ftlint.edits import suggest

    return suggest.write(context, entry, suggest.spelled(context, value), safe=safe)


def _listed(choices: list[object], name: str) -> str:
    """Return the words there are; of many none is nearer than another, so how many there are."""
    if len(choices) > _MANY:
        return f"`ftlint schema` lists the {len(choices)} values of `{name}`"
    return f"use one of {', '.join(map(show, choices))}"

"""Values of the wrong type or outside the list, and scalars that are not what they look like."""

from __future__ import annotations

from ftlint.catalogue import TRANSFORMERS
from ftlint.dialect import OMEGACONF, looks_numeric, resolve
from ftlint.facts import words
from ftlint.messages import show
from ftlint.nodes import Scalar, deref
from ftlint.records import Finding
from ftlint.rules.companions import complete
from ftlint.rules.condition import equal
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.catalogue import Key
    from ftlint.construct import Entry
    from ftlint.context import Context
    from ftlint.records import Applicability, Fix

NUMBER_AS_TEXT, BARE_NO, NONE_AS_TEXT = "FT006", "FT007", "FT008"
WRONG_TYPE, NOT_A_CHOICE, TEXT_FOR_TRUTH = "FT105", "FT106", "FT107"

_NONES = frozenset(["none", "nil", "nan", "undefined"])
_TRUE = frozenset(["true", "yes", "on", "y", "t", "1"])
_FALSE = frozenset(["false", "no", "off", "n", "f", "0"])
_NAMES = {
    "null": "null",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "text": "text",
    "list": "a list",
    "map": "a mapping",
}


def check(context: Context) -> Iterator[Finding]:
    """Yield at most one finding for each value."""
    gaps = [one.start for one in context.constructed.problems if one.kind == "unhashable-key"]
    for entry in context.entries.values():
        key = context.catalogue.get(entry.name)
        if key is None or entry.name in context.instance["unknown"]:
            continue
        if any(entry.node.start <= gap <= entry.node.end for gap in gaps):
            continue  # the loader stops there already, most often at a template's gap
        finding = _judge(context, entry, key)
        if finding is not None:
            yield finding


def _judge(context: Context, entry: Entry, key: Key) -> Finding | None:
    if entry.value is False and key.choices is not None and "no" in key.choices:
        return _bare_no(context, entry)
    release = context.target.llamafactory
    if key.choices is not None and (
        key.checked == "parse" or (key.checked == "later" and not _takes_any(context, key))
    ):
        taken = isinstance(entry.value, bool) and fate_of(release, key.name, "false") != "refused"
        taken = taken or _counts_as_nothing(release, key.name, entry.value)
        outside = None if taken and key.separator is not None else _outside(key, entry.value)
        at_start = key.checked == "parse"
        if outside is not None and (at_start or (outside != "null" and _matters(context, key))):
            return _not_a_choice(context, entry, key, outside)
    if isinstance(entry.value, str) and "text" not in key.kinds:
        return _text(context, entry, key, entry.value)
    if entry.value in ("None", "none") and _is_taken_by_name(context, key):
        return _none_as_name(context, entry, key)
    unset = entry.value is None and key.default is not None
    if kind_of(entry.value) in key.kinds and not unset:
        return None
    fate = _fate(context, key, entry.value)
    if unset and fate != "refused" and "null" in key.kinds:
        return None
    return None if fate is None else _wrong_type(context, entry, key, fate)


def _takes_any(context: Context, key: Key) -> bool:
    """Say whether a run does with any word there; training alone was probed for it."""
    place = context.target.llamafactory, key.name
    return context.command == "train" and place in compiled.TAKE_ANY


def _counts_as_nothing(release: str, key: str, value: object) -> bool:
    """Say whether a 0 is as good as not set: where null and false pass, Python's truth decides."""
    zero = isinstance(value, (int, float)) and not value
    return zero and not any(fate_of(release, key, kind) for kind in ("null", "false"))


def _is_live(context: Context, key: Key) -> bool:
    """Say whether the run looks at the key at all: no FT5 rule calls it dead.

    A wrong value of a key that nothing reads hurts nobody. The rules are asked about a right value
    in its place, since a wrong one may be none that they speak of.
    """
    from ftlint.rules.condition import holds

    if context.command in _UNREAD and key.name in _UNREAD[context.command]:
        return False
    instance = dict(context.instance)
    for section in ("config", "effective"):
        instance[section] = {**instance[section], key.name: _some_other(key)}
    for rule in context.rules.judging(context.target, context.command)[0]:
        if rule.code.startswith("FT5") and rule.code not in _READ_IN_VAIN:
            for check in rule.checks:
                names = (check.key,) if check.key else rule.at
                if key.name in names and holds(check.when, instance):
                    return False
    return True


_FOR_TRAINING = frozenset(["use_v1_kernels"])
"""Keys of the model that are looked at when it is to be trained."""

_READ_IN_VAIN = frozenset(["FT536"])
"""Rules on keys that are read, though nothing comes of it: rows held out and never evaluated."""

_UNREAD = {
    "export": ("stage", "mix_strategy", "infer_backend", "sglang_lora_backend", "swanlab_mode"),
    "chat": ("mix_strategy", "sglang_lora_backend", "swanlab_mode"),
    "train": ("sglang_lora_backend", "placement_strategy"),
}
"""Keys that a command parses and never looks at, unless to compare them with one word."""


def _some_other(key: Key) -> object:
    """Return a value that the key takes and that is not its default."""
    for choice in key.choices or ():
        if choice is not None and not equal(choice, key.default):
            return choice
    if "bool" in key.kinds:
        return not key.default
    if "int" in key.kinds or "float" in key.kinds:
        return (key.default if isinstance(key.default, (int, float)) else 0) + 1
    return "x" if "text" in key.kinds else ["x"] if "list" in key.kinds else {"x": 1}


def _fate(context: Context, key: Key, value: object) -> str | None:
    """Return `refused` or where the run crashes on such a value, if it does in this config."""
    release, detail = context.target.llamafactory, detail_of(value)
    fate = fate_of(release, key.name, detail)
    if value in ([], {}) and fate != "refused" and not fate_of(release, key.name, "empty_text"):
        return None  # probed were lists and mappings with something in them
    if not {"int", "float"} & {*key.kinds} and _counts_as_nothing(release, key.name, value):
        return None  # and numbers other than 0
    if key.name == "max_steps" and isinstance(value, float) and value <= 0:
        return None  # no limit, whatever its kind
    if fate is None or key.name in _UNREAD.get(context.command, ()):
        return None
    if fate == "refused":
        return fate if _is_as_seen(context, key, strategy=True) else None
    values = context.instance["effective"]
    runs = context.command == "train" and (
        bool(values.get("do_train"))
        or fate.startswith("data:")
        or (
            fate.startswith("model:")
            and key.group in ("model", "data")
            and key.name not in _FOR_TRAINING
        )
    )  # data and model are loaded for whatever is done with them, adapters made for training alone
    if values.get("stage") == "ppo" and key.layer == TRANSFORMERS:
        return None  # its trainer is another one, and no run of it was seen to end on such a key
    if values.get("streaming") and key.name.startswith(("dataloader_", "preprocessing_num_")):
        return None  # a stream is loaded and mapped in another way
    return fate if runs and _matters(context, key) else None


def _matters(context: Context, key: Key) -> bool:
    return _is_as_seen(context, key) and _is_live(context, key)


def _is_as_seen(context: Context, key: Key, strategy: bool = False) -> bool:
    """Say whether the config is of those that were seen to end on the key.

    `strategy`: as to the strategy of an interval alone, on which it depends whether that is looked
    at while arguments are parsed.
    """
    own = key.name.replace("_steps", "_strategy")
    values, known = context.instance["effective"], context.instance["facts"]
    where = _nearest(compiled.LIVE_WHERE, context.target.llamafactory, key.name)
    return all(
        known.get("dataset_count", 0) > 1 if wanted == 2
        else bool(values.get(name)) if wanted is None
        else equal(values.get(name), wanted)
        for name, wanted in where
        if not strategy or name == own
    )  # fmt: skip


def kind_of(value: object) -> str:
    """Return null, bool, int, float, text, list, map, or other (a date, bytes)."""
    if value is None:
        return "null"
    for kind, types in _KINDS.items():
        if isinstance(value, types):
            return kind
    return "other"


_KINDS: dict[str, type] = {
    "bool": bool,
    "int": int,
    "float": float,
    "text": str,
    "list": list,
    "map": dict,
}


def detail_of(value: object) -> str:
    """Return the kind as the probes of the real program tell them apart (schemas/probe.py)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "whole_float" if value.is_integer() else "float"
    if isinstance(value, str):
        if not value:
            return "empty_text"
        if value.lower() in ("true", "false"):
            return f"{value.lower()}_text"
        if looks_numeric(value):
            return "int_text" if value.lstrip("+-").isdecimal() else "float_text"
        return "word"
    return {"null": "null", "int": "int", "list": "list", "map": "mapping"}.get(
        kind_of(value), "word"
    )


def fate_of(release: str, key: str, detail: str) -> str | None:
    """Return what a value of this kind met: `refused`, where the run crashed, or None."""
    return dict(_nearest(compiled.TYPES, release, key)).get(detail)


def _nearest(
    table: Mapping[tuple[str, str], tuple[tuple[str, Any], ...]], release: str, key: str
) -> tuple[tuple[str, Any], ...]:
    """Return a row of the newest probed release that is not newer, else of the oldest probed."""
    older = [probed for probed in compiled.PROBED if probed <= release]
    return table.get((older[-1] if older else compiled.PROBED[0], key), ())


def _outside(key: Key, value: object) -> object | None:
    """Return the (first) word of `value` that is none of the key's choices."""
    assert key.choices is not None
    if isinstance(value, dict):
        return None
    if key.separator is None:
        inside = any(equal(value, choice) for choice in key.choices)
        return None if inside or isinstance(value, list) else _shown(value)
    if isinstance(value, str):
        parts = value.split(key.separator) if key.separator else [value]
        items: list[object] = [part.strip() for part in parts if part.strip()]
    else:
        items = words(value) if value is not None else []
        if isinstance(value, list):
            items = [item for item in items if isinstance(item, str)]
    for item in items:
        if not any(equal(item, choice) for choice in key.choices):
            return _shown(item)
    return None


def _shown(value: object) -> object:
    return "null" if value is None else value


def _not_a_choice(context: Context, entry: Entry, key: Key, value: object) -> Finding:
    remedy, fix = _better(context, entry, key, value)
    values = {"name": key.name, "value": value, "remedy": remedy}
    start, end = _span(entry)
    return Finding(NOT_A_CHOICE, start, end, key.name, values, fix)


def _better(context: Context, entry: Entry, key: Key, value: object) -> tuple[str, Fix | None]:
    """Return what to write instead, in words, and the fix where it is one word for another."""
    assert key.choices is not None
    choices = [choice for choice in key.choices if choice is not None]
    table = compiled.VALUE_ALIASES.get(key.name, {})
    alias = None
    if not isinstance(value, (list, dict)):
        alias = table.get(value) or table.get(str(value).lower())
    whole = isinstance(deref(entry.node), Scalar) and equal(entry.value, value)
    if alias is not None:
        note = f" ({alias['note']})" if alias.get("note") else ""
        to = alias.get("to")
        if to is None:
            fix = _delete(context, entry, safe=True) if alias["safe"] and whole else None
            return f"it has no counterpart here{note}", fix
        if any(equal(to, choice) for choice in choices):
            fix = _write(context, entry, to, alias["safe"]) if whole else None
            return f"write {show(to)} instead{note}", fix
    from difflib import get_close_matches

    names = {str(choice).lower(): choice for choice in choices}
    near = get_close_matches(str(value).lower(), list(names), n=1, cutoff=0.7)
    if near:
        meant = names[near[0]]
        slip = near[0] == str(value).lower()
        fix = _write(context, entry, meant, slip) if whole else None
        return f"did you mean {meant}?", fix
    return f"it takes {_listed(choices)}", None


def _listed(choices: list[object]) -> str:
    shown = ", ".join(map(show, choices[:12]))
    return shown if len(choices) <= 12 else f"{shown}, … ({len(choices)} in all)"


def _bare_no(context: Context, entry: Entry) -> Finding:
    written = context.raw(entry)
    fix = _replace(context, entry, '"no"', safe=True)
    start, end = _span(entry)
    return Finding(BARE_NO, start, end, entry.name, {"name": entry.name, "written": written}, fix)


def _text(context: Context, entry: Entry, key: Key, text: str) -> Finding | None:
    """Judge text where the key takes none."""
    node = deref(entry.node)
    plain = isinstance(node, Scalar) and node.style == "plain"
    start, end = _span(entry)
    values: dict[str, object] = {"name": key.name, "written": text, "wanted": _wanted(key)}
    better = _number(text, key) if plain and looks_numeric(text) else None
    if better is not None and _fate(context, key, text) is not None:
        values["better"] = better
        values["loader"] = context.target.dialect.name.split()[0]
        fix = _replace(context, entry, better, safe=True)
        return Finding(NUMBER_AS_TEXT, start, end, key.name, values, fix)
    fate = _fate(context, key, text)
    if plain and text.lower() in _NONES:
        if fate is None:
            return None
        unset = "null" in key.kinds
        fix = _replace(context, entry, "null", safe=True) if unset else _delete(context, entry)
        return Finding(NONE_AS_TEXT, start, end, key.name, values, fix)
    if key.kinds[0] == "bool" and text.lower() in _FALSE and fate is None:
        fix = _replace(context, entry, "false", safe=False)
        return Finding(TEXT_FOR_TRUTH, start, end, key.name, values, fix)
    return None if fate is None else _wrong_type(context, entry, key, fate)


_NAMED = frozenset(["adapter_name_or_path", "deepspeed", "eval_dataset", "resume_from_checkpoint"])
"""Keys that take a name or nothing, and end the run when nothing goes by the name of None.

Source: run with 0.9.3 to 0.9.5.
"""


def _is_taken_by_name(context: Context, key: Key) -> bool:
    if key.name not in _NAMED or context.command != "train":
        return False
    values = context.instance["effective"]
    elsewhere = values.get("stage") == "ppo" or bool(values.get("tokenized_path"))
    return key.name == "deepspeed" or (bool(values.get("do_train")) and not elsewhere)


def _none_as_name(context: Context, entry: Entry, key: Key) -> Finding | None:
    node = deref(entry.node)
    if not isinstance(node, Scalar) or node.style != "plain":
        return None
    start, end = _span(entry)
    values = {"name": key.name, "written": entry.value, "wanted": "a name or null"}
    fix = _replace(context, entry, "null", safe=True)
    return Finding(NONE_AS_TEXT, start, end, key.name, values, fix)


def _wrong_type(context: Context, entry: Entry, key: Key, fate: str) -> Finding:
    start, end = _span(entry)
    when = "at start-up" if fate == "refused" else f"later ({fate.replace(': ', ', ')})"
    values = {
        "name": key.name,
        "written": context.raw(entry) or "nothing",
        "kind": _NAMES.get(kind_of(entry.value), "something else"),
        "wanted": _wanted(key if entry.value is not None else key._replace(kinds=_besides(key))),
        "when": when,
    }
    fix = _unquoted(context, entry, key) or _as_share(context, entry)
    return Finding(WRONG_TYPE, start, end, key.name, values, fix)


def _besides(key: Key) -> tuple[str, ...]:
    return tuple(kind for kind in key.kinds if kind != "null") or key.kinds


def _unquoted(context: Context, entry: Entry, key: Key) -> Fix | None:
    """Return the fix that turns a quoted number into a number."""
    text = entry.value
    if not isinstance(text, str) or not looks_numeric(text):
        return None
    whole = text.lstrip("+-").isdecimal()
    if whole and "int" in key.kinds:
        return _replace(context, entry, text, safe=True)
    read = resolve(text, context.target.dialect)
    better = _number(text, key) if isinstance(read, str) or "float" not in key.kinds else text
    return None if better is None else _replace(context, entry, better, safe=True)


_SHARES = {"warmup_steps": "warmup_ratio"}
"""Counts of steps, and the keys that take a share of the run instead."""


def _as_share(context: Context, entry: Entry) -> Fix | None:
    """Return the fix that gives a share of the run, written as a count, to the key for shares."""
    share = _SHARES.get(entry.name)
    if share is None or context.catalogue.get(share) is None or share in context.entries:
        return None
    if not isinstance(entry.value, float) or not 0 < entry.value < 1:
        return None
    from ftlint.fixes.recipe import of_changes
    from ftlint.records import Change

    message = f"rename {entry.name} to {share}, which takes shares of the run"
    return of_changes(context, "safe", message, [Change("rename", entry.name, share)])


def _number(text: str, key: Key) -> str | None:
    """Return `1e-4` as `1.0e-4`, a number to every loader; for a count, `1e3` as 1000."""
    if "float" in key.kinds:
        mantissa, _, exponent = text.strip().lower().partition("e")
        digits = mantissa.lstrip("+-").replace(".", "", 1).replace("_", "")
        octal = not exponent and "." not in mantissa and digits[:1] == "0" and len(digits) > 1
        if octal or not digits.isdecimal():
            return None  # in sixties, in sixteens, in eighths: what was meant is not known
        point = "" if "." in mantissa else ".0"
        if not exponent:
            return mantissa + point
        return f"{mantissa}{point}e{exponent if exponent[:1] in ('+', '-') else f'+{exponent}'}"
    number = resolve(text, OMEGACONF)
    count = isinstance(number, (int, float)) and number == number // 1 and abs(number) < 1e15
    return str(int(number)) if count and "int" in key.kinds else None  # type: ignore[call-overload]


def _wanted(key: Key) -> str:
    kinds = [kind for kind in key.kinds if not (kind == "int" and "float" in key.kinds)]
    return " or ".join(
        _NAMES[kind] for kind in sorted(kinds, key="bool int float text list map null".index)
    )


def _replace(context: Context, entry: Entry, text: str, safe: bool) -> Fix:
    """Return the fix that writes `text`, which is YAML, for the value."""
    from ftlint.fixes.recipe import of_changes
    from ftlint.records import Change

    also, safe = complete(context, entry.name, entry.value, safe)
    changes = [Change("replace", entry.name, text), *also]
    message = f"write {' and '.join(f'{one.key}: {one.text}' for one in changes)}"
    return of_changes(context, "safe" if safe else "unsafe", message, changes)


def _write(context: Context, entry: Entry, value: object, safe: bool) -> Fix:
    from ftlint.fixes.spelling import spell

    return _replace(context, entry, spell(value, context.target.dialect), safe)


def _delete(context: Context, entry: Entry, safe: bool = False) -> Fix:
    from ftlint.fixes.recipe import of_changes
    from ftlint.records import Change

    word: Applicability = "safe" if safe else "unsafe"
    return of_changes(context, word, f"remove {entry.name}", [Change("delete", entry.name)])


def _span(entry: Entry) -> tuple[int, int]:
    """Return the value's span, or the key's when the value is empty."""
    if entry.node.end > entry.node.start:
        return entry.node.start, entry.node.end
    return entry.key.start, entry.key.end

"""Values of the wrong type, and scalars that are not what they look like."""

from __future__ import annotations

from ftlint.diagnostics import Change, at_value
from ftlint.rules import choices
from ftlint.rules.observed_types import kind_of
from ftlint.syntax.dialect import OMEGACONF, looks_numeric, resolve
from ftlint.syntax.nodes import Scalar, deref
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding, Fix
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry
    from ftlint.target.keys import Key

NUMBER_AS_TEXT, NONE_AS_TEXT = "FT006", "FT008"
WRONG_TYPE, TRUTHY_STRING = "FT105", "FT107"

_NONES = frozenset(["none", "nil", "nan", "undefined"])
_FALSE = frozenset(["false", "no", "off", "n", "f", "0"])
_WRITE_NULL = "write `null`"
_NAMES = {
    "bool": "a bool",
    "int": "an integer",
    "float": "a number",
    "text": "a string",
    "list": "a list",
    "map": "a mapping",
    "null": "null",
}
"""Kinds of values in words, in the order in which a message names them."""


def check(context: Context) -> Iterator[Finding]:
    """Yield at most one finding for each value."""
    gaps = [one.start for one in context.constructed.problems if one.kind == "unhashable-key"]
    for entry in context.entries.values():
        key = context.catalogue.get(entry.name)
        if key is None or entry.name in context.instance.unknown:
            continue
        if gaps and any(entry.node.start <= gap <= entry.node.end for gap in gaps):
            continue  # the loader stops there already, most often at a template's gap
        finding = None if key.choices is None else choices.judge(context, entry, key)
        finding = finding or _judge(context, entry, key)
        if finding is not None:
            yield finding


def _judge(context: Context, entry: Entry, key: Key) -> Finding | None:
    if isinstance(entry.value, str) and "text" not in key.kinds:
        return _text(context, entry, key, entry.value)
    if entry.value in ("None", "none") and _is_taken_by_name(context, key):
        return _none_as_name(context, entry)
    unset = entry.value is None and key.default is not None
    if kind_of(entry.value) in key.kinds and not unset:
        return _endless(context, entry, key)
    from ftlint.rules.liveness import failure_stage

    met = failure_stage(context, key, entry.value)
    if met is None or (unset and met != "refused" and "null" in key.kinds):
        return None
    return _wrong_type(context, entry, key, met)


def _endless(context: Context, entry: Entry, key: Key) -> Finding | None:
    """Judge a number that is none to count with."""
    if not isinstance(entry.value, float) or entry.value - entry.value == 0:
        return None
    from ftlint.rules.liveness import endless_failure

    met = endless_failure(context, key, entry.value)
    if met is None:
        return None
    got, ends = _got(context, entry), _ends(met, context)
    values = {"name": key.name, "got": got, "wanted": "a finite number", "ends": ends}
    return at_value(WRONG_TYPE, entry, values)


def _text(context: Context, entry: Entry, key: Key, text: str) -> Finding | None:
    """Judge text where the key takes none."""
    from ftlint.edits import suggest
    from ftlint.rules.liveness import failure_stage

    met = failure_stage(context, key, text)
    values: dict[str, object] = {"name": key.name, "written": text}
    values["late"] = _is_late(met)
    if _is_plain(entry):
        better = _number(text, key) if looks_numeric(text) else None
        if better is not None and met is not None:
            values["better"] = better
            values["loader"] = context.target.dialect.name.split()[0]
            fix = suggest.write(context, entry, better, safe=True)
            return at_value(NUMBER_AS_TEXT, entry, values, fix)
        if text.lower() in _NONES:
            if met is None:
                return None
            if "null" in key.kinds:
                values["remedy"] = _WRITE_NULL
                fix = suggest.write(context, entry, "null", safe=True)
            else:
                values["remedy"] = "remove the key to get its default"
                fix = suggest.delete(context, entry.name, safe=False)
            return at_value(NONE_AS_TEXT, entry, values, fix)
    if key.kinds[0] == "bool" and text.lower() in _FALSE and met is None:
        fix = suggest.write(context, entry, "false", safe=False)
        return at_value(TRUTHY_STRING, entry, values, fix)
    return None if met is None else _wrong_type(context, entry, key, met)


def _is_plain(entry: Entry) -> bool:
    node = deref(entry.node)
    return isinstance(node, Scalar) and node.style == "plain"


_NAMED = frozenset(["adapter_name_or_path", "deepspeed", "eval_dataset", "resume_from_checkpoint"])
"""Keys that take a name or nothing, and end the run when nothing goes by the name of None.

Source: run with 0.9.3 to 0.9.5.
"""


def _is_taken_by_name(context: Context, key: Key) -> bool:
    if key.name not in _NAMED or context.command != "train":
        return False
    values = context.instance.effective
    elsewhere = values.get("stage") == "ppo" or bool(values.get("tokenized_path"))
    return key.name == "deepspeed" or (bool(values.get("do_train")) and not elsewhere)


def _none_as_name(context: Context, entry: Entry) -> Finding | None:
    if not _is_plain(entry):
        return None
    values = {"name": entry.name, "written": entry.value, "remedy": _WRITE_NULL}
    from ftlint.edits import suggest

    return at_value(NONE_AS_TEXT, entry, values, suggest.write(context, entry, "null", safe=True))


def _wrong_type(context: Context, entry: Entry, key: Key, met: str) -> Finding:
    kinds = key.kinds
    if entry.value is None:
        kinds = tuple(kind for kind in kinds if kind != "null") or kinds
    values = {
        "name": key.name,
        "got": _got(context, entry),
        "wanted": wanted(kinds),
        "ends": _ends(met, context) + _condition(context, key),
        "late": _is_late(met),
    }
    fix = _unquoted(context, entry, key) or _as_fraction(context, entry)
    return at_value(WRONG_TYPE, entry, values, fix)


_PLACES = {
    "data": "when the data is prepared",
    "model": "when the model loads",
    "trainer_init": "when the trainer is created",
    "train_begin": "when training starts",
    "step": "in the first steps",
    "evaluation": "at the first evaluation",
    "save": "when the first checkpoint is saved",
    "end": "after training",
    "answer": "at the first answer",
}


def _got(context: Context, entry: Entry) -> str:
    """Return the type of a value without its article, and the value."""
    if entry.value is None:
        return _NAMES["null"]
    kind = _NAMES.get(kind_of(entry.value), "a value")
    return f"{kind.partition(' ')[2]} `{context.source_text(entry)}`"


def _ends(met: str, context: Context) -> str:
    """Return how a run ends, from what was observed: `refused`, or a place and an error."""
    place, _, error = met.partition(": ")
    if not error:
        return "rejected at start-up"
    trains = place != "end" or context.instance.effective.get("do_train")
    return f"crashes {_PLACES[place] if trains else 'during prediction'} ({error})"


def _condition(context: Context, key: Key) -> str:
    from ftlint.rules.liveness import exceeds_rows

    return ", unless there are fewer rows" if exceeds_rows(context, key) is None else ""


def _unquoted(context: Context, entry: Entry, key: Key) -> Fix | None:
    """Return the fix that turns a quoted number into a number."""
    text = entry.value
    if not isinstance(text, str) or not looks_numeric(text):
        return None
    from ftlint.edits import suggest

    if text.lstrip("+-").isdecimal() and "int" in key.kinds:
        return suggest.write(context, entry, text, safe=True)
    read = resolve(text, context.target.dialect)
    better = _number(text, key) if isinstance(read, str) or "float" not in key.kinds else text
    return None if better is None else suggest.write(context, entry, better, safe=True)


def _is_late(met: str | None) -> bool:
    """Return whether the run may take steps before it ends on the value."""
    return met is not None and met.partition(":")[0] in ("step", "evaluation", "save", "end")


_FRACTIONS = {"warmup_steps": "warmup_ratio"}
"""Counts of steps, and the keys that take a fraction of the run instead."""


def _as_fraction(context: Context, entry: Entry) -> Fix | None:
    """Return the fix that moves a fraction of the run from a key for counts to its own key."""
    fraction = _FRACTIONS.get(entry.name)
    if fraction is None or context.catalogue.get(fraction) is None or fraction in context.entries:
        return None
    if not isinstance(entry.value, float) or not 0 < entry.value < 1:
        return None
    message = f"rename `{entry.name}` to `{fraction}`, which takes a fraction of the run"
    from ftlint.edits import suggest

    return suggest.fix(context, message, Change("rename", entry.name, fraction), safe=True)


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


def wanted(kinds: tuple[str, ...]) -> str:
    """Return the kinds that a key takes, in words; an integer is a number."""
    named = [name for kind, name in _NAMES.items() if kind in kinds]
    if "float" in kinds and "int" in kinds:
        named.remove(_NAMES["int"])
    return " or ".join(named)

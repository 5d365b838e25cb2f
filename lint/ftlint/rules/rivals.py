"""Two keys of a file that stand for one: which of them is meant is its author's to say."""

from __future__ import annotations

from ftlint.rulebook.condition import equal
from ftlint.rules import habits
from ftlint.target.keys import is_known
from ftlint.target.slips import is_slip
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry

_EXCLUSIVE = (("bf16", "fp16"), ("pure_bf16", "fp16"), ("val_size", "eval_dataset"))
"""Keys of which a release takes one alone."""

_MOST = 200
"""Keys of a file up to which slips of a key are looked for."""


class Heard(NamedTuple):
    """What the keys of a file that the target does not have say by habit; read once for a file."""

    of: dict[tuple[str, object], list[tuple[str, object]]]
    """Key and the entry of its mapping, if one is meant -> names that stand for it, and values."""
    left_out: list[Entry]
    """Those in whose place nothing is written."""
    others: list[str]
    """Those that are no habit: they may be slips."""


def hear(context: Context) -> Heard:
    """Return what the habits of a file say."""
    heard = Heard({}, [], [])
    for name, entry in context.entries.items():
        if context.catalogue.get(name) is not None:
            continue
        if name not in compiled.ALIASES:
            if not is_known(name):
                heard.others.append(name)
            continue
        alias = habits.alias_of(context, entry)
        if alias is None or alias.get("by_hand"):
            continue
        if alias.get("to") is None:
            heard.left_out.append(entry)
        else:
            place = str(alias["to"]), alias.get("entry")
            heard.of.setdefault(place, []).append((name, _own(alias, entry)))
    return heard


def _own(alias: dict[str, object], entry: Entry) -> object:
    new = habits.new_value(alias, entry.value)
    return entry.value if new is None else new


def choice(
    context: Context, heard: Heard, entry: Entry, to: str, alias: dict[str, object] | None = None
) -> str | None:
    """Return what to choose between, in words, where something else of the file says of `to`, or
    of what excludes it, another thing than `entry` does.
    """
    alias = alias or {}
    if alias.get("by_hand"):
        return None
    own = _own(alias, entry)
    for name, value in _said(context, heard, entry, to, alias.get("entry")):
        if not equal(value, own):
            key = context.catalogue.get(to)
            listed = key is not None and "list" in key.kinds
            keep = "keep one, or list both" if listed else "keep one"
            return f"`{entry.name}` and `{name}` differ: {keep} as `{to}`"
    for other in heard.left_out:
        if _denies(context, other, to, own):
            return contradict(entry.name, other.name)
    for pair in _EXCLUSIVE:
        if to in pair and own:
            excluded = pair[to == pair[0]]
            for name, value in _said(context, heard, entry, excluded):
                if value:
                    return f"`{entry.name}` and `{name}` cannot be combined: keep one of the two"
    return None


def contradict(one: str, other: str) -> str:
    """Return what to do about two keys of which one says the opposite of the other."""
    return f"`{one}` and `{other}` contradict each other: keep one of the two"


def opposite(context: Context, heard: Heard, entry: Entry) -> str | None:
    """Return the key that contradicts `entry`, which says what holds anyway: it is left out."""
    for alias in compiled.ALIASES[entry.name]:
        to = alias.get("to")
        for name, value in _said(context, heard, entry, to) if to is not None else ():
            if _denies(context, entry, to, value):
                return name
    return None


def _denies(context: Context, entry: Entry, to: str, said: object) -> bool:
    """Return whether `entry`, which has no fix, contradicts what the file says about `to`.

    `load_in_8bit: false` says nothing of 4 bits.
    """
    key = context.catalogue.get(to)
    for alias in compiled.ALIASES[entry.name] if key is not None else ():
        if alias.get("to") != to or "entry" in alias or alias.get("by_hand"):
            continue
        if isinstance(entry.value, bool):
            if alias.get("if") is (not entry.value) and equal(alias.get("value"), said):
                return True
        elif isinstance(entry.value, (int, float)) and key is not None:
            return said is not None and not equal(said, key.default)
    return False


def _said(
    context: Context, heard: Heard, entry: Entry, to: str, part: object = None
) -> Iterator[tuple[str, object]]:
    """Yield the other keys that stand for `to`, or for one entry of it, and what they say of it."""
    entries = context.entries
    if to in entries and to != entry.name and part is None:
        yield to, entries[to].value
    for name, value in heard.of.get((to, part), ()):
        if name != entry.name:
            yield name, value
    if part is None and len(entries) <= _MOST:
        for name in heard.others:
            if name not in (to, entry.name) and is_slip(name, to):
                yield name, entries[name].value

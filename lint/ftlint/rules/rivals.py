"""Two keys of a file that stand for one: which of them is meant is its author's to say."""

from __future__ import annotations

from ftlint.catalogue import is_known
from ftlint.rules import habits
from ftlint.rules.condition import equal
from ftlint.slips import guess
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.construct import Entry
    from ftlint.context import Context

_EXCLUSIVE = (("bf16", "fp16"), ("pure_bf16", "fp16"), ("val_size", "eval_dataset"))
"""Keys of which a release takes one alone."""

_MOST = 200
"""Keys of a file up to which slips of a key are looked for."""


def choice(
    context: Context, entry: Entry, to: str, alias: dict[str, object] | None = None
) -> str | None:
    """Return what to choose between, in words, where something else of the file says of `to`, or
    of what excludes it, another thing than `entry` does.
    """
    alias = alias or {}
    if alias.get("by_hand"):
        return None
    new = habits.new_value(alias, entry.value)
    own = entry.value if new is None else new
    for name, value in _said(context, entry, to, alias.get("entry")):
        if not equal(value, own):
            key = context.catalogue.get(to)
            listed = key is not None and "list" in key.kinds
            keep = "keep one, or list both," if listed else "keep one"
            return f"`{entry.name}` and `{name}` differ: {keep} as `{to}`"
    for name in _habits(context):
        other = context.entries[name]
        if habits.is_left_out(context, other) and _denies(context, other, to, own):
            return contradict(entry.name, name)
    for pair in _EXCLUSIVE:
        if to in pair and own:
            excluded = pair[to == pair[0]]
            for name, value in _said(context, entry, excluded):
                if value:
                    return f"`{entry.name}` and `{name}` cannot be combined: keep one of the two"
    return None


def contradict(one: str, other: str) -> str:
    """Return what to do about two keys of which one says the opposite of the other."""
    return f"`{one}` and `{other}` contradict each other: keep one of the two"


def opposite(context: Context, entry: Entry) -> str | None:
    """Return the key that contradicts `entry`, which says what holds anyway: it is left out."""
    for alias in compiled.ALIASES[entry.name]:
        to = alias.get("to")
        for name, value in _said(context, entry, to) if to is not None else ():
            if _denies(context, entry, to, value):
                return name
    return None


def _denies(context: Context, entry: Entry, to: str, said: object) -> bool:
    """Say whether `entry`, for which nothing is written, says that `to` is not what is said of it.

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
    context: Context, entry: Entry, to: str, part: object = None
) -> Iterator[tuple[str, object]]:
    """Yield the other keys that stand for `to`, or for one entry of it, and what they say of it."""
    catalogue, entries = context.catalogue, context.entries
    if to in entries and to != entry.name and part is None:
        yield to, entries[to].value
    for name in entries if len(entries) <= _MOST else _habits(context):
        if name in (to, entry.name) or catalogue.get(name) is not None:
            continue
        if name in compiled.ALIASES:
            other = entries[name]
            alias = habits.alias_of(context, other)
            if alias is None or alias.get("to") != to or alias.get("by_hand"):
                continue
            if alias.get("entry") == part:
                value = habits.new_value(alias, other.value)
                yield name, other.value if value is None else value
        elif part is None and not is_known(name) and _is_slip(name, to):
            yield name, entries[name].value


def _habits(context: Context) -> list[str]:
    """Return the keys of a file that the target does not have and the alias table does."""
    names = context.entries.keys() & compiled.ALIASES.keys()
    return sorted(name for name in names if context.catalogue.get(name) is None)


def _is_slip(written: str, name: str) -> bool:
    found = guess(written, [name])
    return found is not None and found.slip

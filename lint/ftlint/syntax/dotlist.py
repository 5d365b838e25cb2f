"""`KEY=VALUE` behind a config, as OmegaConf's command line takes it: typed, nested, merged.

Source: omegaconf 2.4.0 `BaseContainer.merge_with_dotlist`, `OmegaConf.update`, `split_key`,
`BaseContainer._map_merge`. Whatever reads the file itself, its loader types the values.
"""

from __future__ import annotations

import re

from ftlint.support.limits import DEFAULT, Limits, reason
from ftlint.syntax.construct import Entry, Problem, construct
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.nodes import Alias, Broken, Mapping, Scalar, Sequence
from ftlint.syntax.parse import compose
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Table

    from ftlint.syntax.construct import Constructed
    from ftlint.syntax.nodes import Node

OUTSIDE = 1 << 40
"""Where offsets of arguments begin: no file is as long, so that none is taken for one of a file."""
UNSET = "???"
INCOMPATIBLE = "a list and a mapping do not merge"


class BadArgument(NamedTuple):
    """An argument that OmegaConf does not take, and why."""

    text: str
    reason: str


class Override(NamedTuple):
    """One `KEY=VALUE`: the keys that it goes down, and where it begins."""

    text: str
    path: tuple[str, ...]
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


class Overrides(NamedTuple):
    """What arguments set over a file: each top-level key with its value and its last argument."""

    arguments: tuple[Override, ...] = ()
    entries: Table[str, Entry] = {}
    under: str = ""
    """The line of a script that hands them over; nothing for the command line of ftlint."""

    def told(self, argument: Override) -> str:
        """Return an argument as messages name it."""
        return f"`{argument.text}`, {self.under}" if self.under else f"`--set {argument.text}`"

    def at(self, offset: int) -> Override | None:
        """Return the argument at an offset; None where that is one of the file."""
        found = (one for one in self.arguments if one.start <= offset <= one.end)
        return next(found, None) if offset >= OUTSIDE else None

    def text(self, start: int, end: int) -> str:
        """Return what is written between two offsets of one argument."""
        one = self.at(start)
        return "" if one is None else one.text[start - one.start : end - one.start]


def overridden(made: Constructed, overrides: Overrides) -> Constructed:
    """Return what a file says with overrides over it; of those that do not merge, that they crash.

    A value `???` is none: what the file says stays.
    """
    entries = dict(made.entries)
    problems = list(made.problems)
    for name, own in overrides.entries.items():
        before = entries.get(name)
        if before is None:
            entries[name] = own
            continue
        try:
            value = _merged(before.value, own.value)
        except TypeError:
            kinds = [_KINDS[type(one.value)] for one in (own, before)]
            values: dict[str, object] = {"name": name, "own": kinds[0], "theirs": kinds[1]}
            problems.append(Problem("unlike-override", own.key.start, own.node.end, values))
            continue
        if value is not before.value:
            entries[name] = own._replace(value=value)
    return made._replace(entries=entries, problems=tuple(problems))


_KINDS: dict[type, str] = {dict: "a mapping", list: "a list"}


def read(
    arguments: Iterable[str], limits: Limits = DEFAULT, under: str = ""
) -> Overrides | BadArgument:
    """Return what arguments set, or the first that OmegaConf does not take.

    `under`: the line of a script that hands them over.

    >>> read(["a=1e-4", "b.c=[x]"]).entries["b"].value
    {'c': ['x']}
    """
    found: list[Override] = []
    root: dict[object, object] = {}
    last: dict[str, tuple[Scalar, Node]] = {}
    start = OUTSIDE
    for text in arguments:
        split = _ESCAPED_KEY.match(text)
        assert split is not None
        key, rest = split[0], text[split.end() :]
        begin = start + len(key) + len(rest[:1])
        made = _value(rest[1:], begin, limits) if rest else _NOTHING
        if isinstance(made, str):
            return BadArgument(text, made)
        value, node = made
        path = split_key(key)
        if len(path) > limits.depth:
            return BadArgument(text, reason("depth", "levels", limits))
        try:
            _update(root, path, value)
        except (IndexError, TypeError, ValueError) as error:
            return BadArgument(text, str(error))
        found.append(Override(text, tuple(path), start))
        at = Scalar(start, start + len(key), path[0], "plain")
        end = start + len(text)
        last[path[0]] = at, Scalar(end, end, "", "plain") if node is None else node
        start = end + 1
    entries = {name: Entry(name, key, node, root[name]) for name, (key, node) in last.items()}
    return Overrides(tuple(found), entries, under)


_ESCAPED_KEY = re.compile(r"(?:\\[.\[\]=]|[^=])*", re.S)
_NOTHING = (None, None)


def _value(text: str, start: int, limits: Limits) -> tuple[object, Node | None] | str:
    """Return a value and its node, from `start` on, or why it is none."""
    document = compose(text, limits)
    if isinstance(document, Broken):
        return document.reason
    made = construct(document.root, OMEGACONF, limits)
    for problem in made.problems:
        if problem.kind != "key-not-text":  # which is told of the keys of a config, and not below
            return str(problem.values.get("reason", problem.kind.replace("-", " ")))
    if document.root is None:
        return "a tag without a value" if text.lstrip()[:1] == "!" else _NOTHING
    return made.value, _moved(document.root, start)


def _moved(node: Node, by: int) -> Node:
    """Return a node, and all below it, so much further on."""
    start, end = node.start + by, node.end + by
    if isinstance(node, Alias):
        return node._replace(start=start, end=end, target=_moved(node.target, by))
    if isinstance(node, Sequence):
        return node._replace(start=start, end=end, items=tuple(_moved(n, by) for n in node.items))
    if isinstance(node, Mapping):
        pairs = tuple((_moved(key, by), _moved(item, by)) for key, item in node.pairs)
        return node._replace(start=start, end=end, pairs=pairs)
    return node._replace(start=start, end=end)


_SEGMENT = re.compile(
    r"\.(?P<dotted>(?:\\[.\[\]=]|[^.\[])*)|\[(?P<bracketed>(?:\\[.\[\]=]|[^\]])*)\]", re.S
)
_ESCAPE = re.compile(r"\\([.\[\]=])")


def split_key(key: str) -> list[str]:
    r"""Return the keys that a path goes down; what follows a bracket left open is dropped.

    >>> split_key("a.b[c].d"), split_key(r"a\.b"), split_key("[a]")
    (['a', 'b', 'c', 'd'], ['a.b'], ['a'])
    """
    found: list[str] = []
    rest = key if key[:1] == "[" else f".{key}"
    position = 0
    while position < len(rest):
        match = _SEGMENT.match(rest, position)
        if match is None:
            break
        part = match["dotted"] if match["bracketed"] is None else match["bracketed"]
        found.append(_ESCAPE.sub(r"\1", part))
        position = match.end()
    return found


def _update(root: dict[object, object], path: list[str], value: object) -> None:
    """Set a value below `root`, as one argument after the other does.

    Raises IndexError, TypeError or ValueError where OmegaConf does.
    """
    place: dict[object, object] | list[object] = root
    for name in path[:-1]:
        key = _key(place, name)
        below = _get(place, key)
        if not isinstance(below, (dict, list)):
            below = {}
            _set(place, key, below)
        place = below
    key = int(path[-1]) if isinstance(place, list) else _key(place, path[-1])
    before = _get(place, key) if isinstance(value, (dict, list)) else None
    _set(place, key, _merged(before, value) if isinstance(before, (dict, list)) else value)


def _key(place: dict[object, object] | list[object], name: str) -> object:
    """Return the key that a name is: a number where that is one of a mapping's, or in a list."""
    if isinstance(place, list):
        try:
            number = int(name)
        except ValueError:
            raise TypeError(f"index {name!r} is not a number") from None
        return number + len(place) if number < 0 else number
    if name not in place and _is_number(name) and int(name) in place:
        return int(name)
    return name


def _is_number(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _get(place: dict[object, object] | list[object], key: object) -> object:
    if isinstance(place, dict):
        return place.get(key)
    assert isinstance(key, int)
    return place[key] if -len(place) <= key < len(place) else None


def _set(place: dict[object, object] | list[object], key: object, value: object) -> None:
    if isinstance(place, dict):
        place[key] = value
        return
    assert isinstance(key, int)
    if not -len(place) <= key < len(place):
        raise IndexError("list index out of range")
    place[key] = value


def _merged(before: object, value: object) -> object:
    """Return a value over another one: mappings key by key, all else replaced.

    Raises TypeError for a list over a mapping, or a mapping over a list.
    """
    if value == UNSET and isinstance(value, str):
        return before
    if not isinstance(before, (dict, list)) or not isinstance(value, (dict, list)):
        return value
    if isinstance(before, list) or isinstance(value, list):
        if type(before) is not type(value):
            raise TypeError(INCOMPATIBLE)
        return value
    merged = dict(before)
    for key, item in value.items():
        merged[key] = _merged(before[key], item) if key in before else item
    return merged

"""Nodes to the values the target's loader makes of them, and what it refuses on the way."""

from __future__ import annotations

from ftlint.support.limits import DEFAULT, Limits, reason
from ftlint.syntax.dialect import (
    WORDS,
    WORDS_OF_TRUTH,
    BadScalar,
    Dialect,
    resolve,
    to_date,
    to_float,
    to_int,
)
from ftlint.syntax.nodes import Alias, Mapping, Scalar, Sequence, deref
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.syntax.nodes import Node

MAX_EXPANDED_NODES = 10_000
"""OmegaConf's own limit on nodes after aliases are followed (2.4; larger documents are refused).

Under PyYAML, which has none, the limit on written nodes holds for expanded ones too.
"""

UNBUILT = frozenset(["expansion", "too-many-nodes"])
"""Problems for which no value was built: rules would take the keys for absent."""
_YAML = "tag:yaml.org,2002:"


class Problem(NamedTuple):
    """Something the loader refuses (or, for `overridden-key`, drops without a word)."""

    kind: str
    start: int
    end: int
    values: dict[str, object]


class Entry(NamedTuple):
    """One key of the config: its nodes and the value the target sees."""

    name: str
    key: Scalar
    node: Node
    value: object

    @property
    def start(self) -> int:
        """Where the pair starts."""
        return self.key.start

    @property
    def end(self) -> int:
        """Where the pair ends."""
        return max(self.node.end, self.key.end)

    @property
    def value_span(self) -> tuple[int, int]:
        """Where the value is written; where the key is, when nothing is written for a value."""
        written = self.node if self.node.end > self.node.start else self.key
        return written.start, written.end


class Constructed(NamedTuple):
    """The root value, its entries when it is a mapping (the last of each name), the problems."""

    value: object
    entries: dict[str, Entry]
    problems: tuple[Problem, ...]


def construct(root: Node | None, dialect: Dialect, limits: Limits = DEFAULT) -> Constructed:
    """Read `root` as `dialect` does. Never raises: what the loader would raise is a problem."""
    if root is None:
        return Constructed(None, {}, ())
    too_large = _expansion(root, dialect, limits)
    if too_large is not None:  # a bomb: to build its value, or only to print it, could take years
        return Constructed(None, {}, (too_large,))
    reader = _Reader(dialect)
    value = reader.value(root)
    entries: dict[str, Entry] = {}
    target = deref(root)
    if isinstance(target, Mapping) and isinstance(value, dict):
        for key, node in reader.pairs(target):
            scalar = deref(key)
            name = reader.text_key(key)
            if not isinstance(scalar, Scalar):
                continue
            if name is None:
                reader.problem("key-not-text", key, text=scalar.text)
            else:
                entries[name] = Entry(name, scalar, node, value[name])
    return Constructed(value, entries, tuple(_at_keys(reader.found.values(), entries)))


def _at_keys(problems: Iterable[Problem], entries: dict[str, Entry]) -> Iterator[Problem]:
    """Yield the problems; one of a broken reference gets the key whose value contains it."""
    for problem in problems:
        if problem.kind == "broken-reference":
            for entry in entries.values():
                if entry.node.start <= problem.start < entry.node.end:
                    problem.values["name"] = entry.name
        yield problem


class _Reader:
    """One document under one dialect. Nodes that aliases share are read once."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.found: dict[tuple[str, int], Problem] = {}
        self.container_problems: list[tuple[str, int]] = []
        self.known: dict[int, object] = {}
        self.merged: dict[int, list[tuple[Node, Node]]] = {}

    def problem(self, kind: str, node: Node, **values: object) -> None:
        place = (kind, node.start)
        self.found.setdefault(place, Problem(kind, node.start, node.end, values))
        if kind in _CONTAINER_PROBLEMS:
            self.container_problems.append(place)

    def value(self, node: Node) -> object:
        target = node if type(node) is Scalar else deref(node)
        if isinstance(target, Scalar):
            made = self.scalar(target)
            if isinstance(made, str) and "${" in made:
                self.reference(target, made)
            return made
        if id(target) not in self.known:
            self.known[id(target)] = (
                self.sequence(target) if isinstance(target, Sequence) else self.mapping(target)
            )
        return self.known[id(target)]

    def scalar(self, node: Scalar) -> object:
        if node.tag is None and node.style != "plain":
            return self.contained(node, node.text)
        if node.tag is not None and node.tag != "!":
            return self.tagged(node, node.tag)
        value = resolve(node.text, self.dialect)  # a lone `!` resolves even a quoted scalar
        if isinstance(value, BadScalar):
            self.problem(f"malformed-{value.kind}", node, text=node.text, reason=value.reason)
            return None
        return self.contained(node, value)

    def tagged(self, node: Scalar, tag: str) -> object:
        if not tag.startswith(_YAML):
            self.problem("unknown-tag", node, tag=tag)
            return None
        name = tag[len(_YAML) :]
        if name == "str":
            return self.contained(node, node.text)
        if name == "binary":
            import base64
            import binascii

            try:
                return base64.decodebytes(node.text.encode("ascii"))
            except (binascii.Error, UnicodeEncodeError) as error:
                self.problem("malformed-binary", node, text=node.text, reason=str(error))
                return None
        if name not in ("null", "bool", "int", "float", "timestamp"):
            self.problem("unknown-tag", node, tag=f"!!{name}")
            return None
        if name == "null":
            return None
        try:
            value = _CONVERT[name](node.text)
        except (ValueError, LookupError):
            value = BadScalar(name, f"not a value of !!{name}")
        if isinstance(value, BadScalar):
            kind = "date" if name == "timestamp" else name
            self.problem(f"malformed-{kind}", node, text=node.text, reason=value.reason)
            return None
        return self.contained(node, value)

    def contained(self, node: Node, value: object) -> object:
        """Pass a value through OmegaConf's containers where the target does."""
        if self.dialect.containers and not isinstance(value, _PRIMITIVES):
            self.problem("unsupported-value", node, type=type(value).__name__)
        return value

    def reference(self, node: Scalar, text: str) -> None:
        """Hold a value with `${` against OmegaConf's grammar; keys it does not look at."""
        if self.dialect.containers:
            from ftlint.syntax.interpolation import is_readable

            if not is_readable(text):
                self.problem("broken-reference", node, text=text)

    def sequence(self, node: Sequence) -> object:
        name = (node.tag or "!!seq").removeprefix(_YAML).removeprefix("!!")
        if name in ("omap", "pairs"):
            return [item for entry in node.items for item in self.pair_of(entry)]
        if name != "seq" and node.tag != "!":
            self.problem("unknown-tag", node, tag=node.tag)
        return [self.value(item) for item in node.items]

    def pair_of(self, entry: Node) -> Iterator[tuple[object, object]]:
        target = deref(entry)
        if isinstance(target, Mapping) and len(target.pairs) == 1:
            yield self.value(target.pairs[0][0]), self.value(target.pairs[0][1])
        else:
            self.problem("unknown-tag", entry, tag="!!omap")

    def mapping(self, node: Mapping) -> object:
        name = (node.tag or "!!map").removeprefix(_YAML).removeprefix("!!")
        if name not in ("map", "set") and node.tag != "!":
            self.problem("unknown-tag", node, tag=node.tag)
        values: dict[object, object] = {}
        objections: dict[object, list[tuple[str, int]]] = {}
        for key, item in self.pairs(node):
            known = len(self.container_problems)
            made = self.key(key)
            content = self.value(item)
            if made is _UNUSABLE:
                continue
            for replaced in objections.pop(made, ()):  # containers never see the earlier pair
                self.found.pop(replaced, None)
            end = max(key.end, item.end)
            found = self.container_problems[known:]
            inside = [place for place in found if key.start <= place[1] < end] if found else []
            if inside:
                objections[made] = inside
            values[made] = content
        if name == "set":
            return self.contained(node, set(values))
        return values

    def key(self, node: Node) -> object:
        target = deref(node)
        if isinstance(target, Scalar) and _is_word(target):
            return target.text
        if not isinstance(target, Scalar):
            self.value(target)
            self.problem("unhashable-key", node)
            return _UNUSABLE
        if target.text == "=" and target.style == "plain" and target.tag is None:
            return "="
        made = self.scalar(target)
        if self.dialect.containers and (made is None or not isinstance(made, _PRIMITIVES)):
            self.problem("unsupported-key", node, text=target.text)
        return made

    def pairs(self, node: Mapping) -> list[tuple[Node, Node]]:
        """Return the pairs with `<<` resolved: merged ones first, so that own ones win."""
        if id(node) in self.merged:
            return self.merged[id(node)]
        self.merged[id(node)] = []  # a mapping that merges itself ends here
        own: list[tuple[Node, Node]] = []
        merged: list[tuple[Node, Node]] = []
        first: dict[str, Node] = {}
        for key, item in node.pairs:
            if _is_merge(key):
                merged.extend(self.merge(deref(item), item))
                continue
            own.append((key, item))
            name = self.text_key(key)
            if name is None:
                continue
            if name in first:
                self.problem(
                    "duplicate-key" if self.dialect.unique_keys else "overridden-key",
                    key,
                    name=name,
                    first=first[name].start,
                )
            first.setdefault(name, key)
        if self.dialect.unique_keys:  # OmegaConf never constructs what an own key replaces
            merged = [pair for pair in merged if self.text_key(pair[0]) not in first]
        self.merged[id(node)] = [*merged, *own]
        return self.merged[id(node)]

    def merge(self, target: Node, item: Node) -> list[tuple[Node, Node]]:
        if isinstance(target, Mapping):
            return self.pairs(target)
        if isinstance(target, Sequence):
            found: list[tuple[Node, Node]] = []
            for part in reversed(target.items):
                mapping = deref(part)
                if isinstance(mapping, Mapping):
                    found.extend(self.pairs(mapping))
                else:
                    self.problem("bad-merge", part)
            return found
        self.problem("bad-merge", item)
        return []

    def text_key(self, node: Node) -> str | None:
        target = deref(node)
        if not isinstance(target, Scalar):
            return None
        if _is_word(target):
            return target.text
        made = self.key(target)
        return made if isinstance(made, str) else None


def _expansion(root: Node, dialect: Dialect, limits: Limits) -> Problem | None:
    """Return what is refused when aliases blow a small file up."""
    sizes: dict[int, int] = {}
    unique = _Count()
    expanded = _expanded(root, unique, sizes)
    if not dialect.unique_keys:
        if expanded <= limits.nodes:
            return None
        why = reason("nodes", "keys and values once its aliases are followed", limits)
        return Problem("too-many-nodes", root.start, root.end, {"reason": why})
    ratio = expanded > 1000 and expanded > 100 * unique.nodes
    if expanded <= MAX_EXPANDED_NODES and not ratio:
        return None
    values: dict[str, object] = {"nodes": expanded, "limit": MAX_EXPANDED_NODES}
    return Problem("expansion", root.start, root.end, values)


class _Count:
    """How many nodes are written; an alias is none."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = 0


def _expanded(node: Node, unique: _Count, sizes: dict[int, int]) -> int:
    """Return the nodes below `node` and itself, aliases followed; what they lead to is known."""
    target = deref(node)
    size = sizes.get(id(target))
    if size is not None:
        return size
    unique.nodes += node is target
    size = 1
    if not isinstance(target, Scalar):
        children = target.items if isinstance(target, Sequence) else _flattened(target.pairs)
        for child in children:
            if type(child) is Scalar:
                size += 1
                unique.nodes += 1
            else:
                size += _expanded(child, unique, sizes)
        sizes[id(target)] = size
    return size


def _flattened(pairs: tuple[tuple[Node, Node], ...]) -> Iterator[Node]:
    for pair in pairs:
        yield from pair


def _is_word(key: Scalar) -> bool:
    """Return whether a key is certainly a string, as nearly all are: not a number, bool or null."""
    return key.tag is None and key.text.isidentifier() and key.text not in WORDS


def _is_merge(key: Node) -> bool:
    if isinstance(key, Alias):
        key = deref(key)
    return (
        isinstance(key, Scalar)
        and key.text == "<<"
        and ((key.style == "plain" and key.tag is None) or key.tag == _YAML + "merge")
    )


_UNUSABLE = object()
_CONTAINER_PROBLEMS = frozenset(["unsupported-value", "unsupported-key", "broken-reference"])
_PRIMITIVES = (str, bytes, int, float, bool, type(None))
_CONVERT = {
    "bool": lambda text: WORDS_OF_TRUTH[text.lower()],
    "int": to_int,
    "float": to_float,
    "timestamp": to_date,
}

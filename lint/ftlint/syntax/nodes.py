"""A text as nodes, each with its exact span, and what walks them."""

from __future__ import annotations

from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, Union

    Style = Literal["plain", "single", "double", "literal", "folded"]


class Scalar(NamedTuple):
    """A leaf. `text` is its content, unquoted; the span covers it as written, quotes included."""

    start: int
    end: int
    text: str
    style: Style
    tag: str | None = None
    anchor: str | None = None


class Alias(NamedTuple):
    """`*name`, with the node it stands for."""

    start: int
    end: int
    name: str
    target: Node


class Sequence(NamedTuple):
    """A list; `flow` when it is written in brackets."""

    start: int
    end: int
    items: tuple[Node, ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


class Mapping(NamedTuple):
    """Key and value pairs in the order of the file; `flow` when written in braces."""

    start: int
    end: int
    pairs: tuple[tuple[Node, Node], ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


if TYPE_CHECKING:
    Node = Union[Scalar, Alias, Sequence, Mapping]


class Comment(NamedTuple):
    """A comment from its `#` to the end of the line, line break excluded."""

    start: int
    end: int
    text: str


class Broken(NamedTuple):
    """Why a text has no tree, and where: `kind` names the reader problem."""

    kind: str
    start: int
    end: int
    reason: str


class Document(NamedTuple):
    """The root node (None for an empty file) and every comment."""

    root: Node | None
    comments: tuple[Comment, ...]


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything below it, depth first; aliases are not followed."""
    yield node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            yield from walk(key)
            yield from walk(value)


def deref(node: Node) -> Scalar | Sequence | Mapping:
    """Return the node an alias stands for, or the node itself."""
    while isinstance(node, Alias):
        node = node.target
    return node


def line_end(text: str, position: int) -> int:
    """Return where the line that `position` is on ends, as YAML counts lines."""
    match = _LINE_BREAK.search(text, position)
    return match.start() if match else len(text)


_LINE_BREAK = pattern("[\r\n\x85\u2028\u2029]")
"""YAML 1.1 ends a comment at the last three too; no editor counts them as lines."""

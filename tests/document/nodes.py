"""A document's nodes as flat records, for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.syntax.nodes import Alias, Broken, Document, Mapping, Scalar, Sequence
from ftlint.syntax.parse import compose
from tests.document.written import Stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.syntax.nodes import Node


def composed(text: str) -> Document:
    document = compose(text)
    assert not isinstance(document, Broken), (document, text)
    return document


def stands(node: Node, way: tuple[str, ...] = ()) -> Iterator[Stands]:
    """Yield every node with the way to it, in no particular order."""
    if isinstance(node, Scalar):
        yield Stands(way, node.style, node.start, node.end)
    elif isinstance(node, Alias):
        yield Stands(way, "alias", node.start, node.end)
    elif isinstance(node, Sequence):
        yield Stands(way, "sequence", node.start, node.end)
        for number, item in enumerate(node.items):
            yield from stands(item, (*way, str(number)))
    elif isinstance(node, Mapping):
        yield Stands(way, "mapping", node.start, node.end)
        for number, (key, value) in enumerate(node.pairs):
            yield from stands(key, (*way, str(number), "key"))
            yield from stands(value, (*way, str(number), "value"))

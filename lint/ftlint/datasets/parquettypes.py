"""The types of a Parquet file's columns, by the elements of its schema.

Source: apache/parquet-format `LogicalTypes.md` and `parquet.thrift`.
"""

from __future__ import annotations

from ftlint.datasets.shapes import (
    FIXED,
    LIST,
    MAP,
    NULL,
    NUMBER,
    NUMERAL,
    OTHER,
    STRUCT,
    TRUTH,
    WHOLE,
)
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.datasets.shapes import Type

_REPEATED = 2
_BOOLEAN, _INT64, _DOUBLE, _BYTES, _FIXED = 0, 2, 5, 6, 7  # of the types
_UTF8, _AS_MAP, _MAP_ITEMS, _AS_LIST, _INT_64 = 0, 1, 2, 3, 18  # of the converted types
_LOGICAL_TEXT, _LOGICAL_MAP, _LOGICAL_LIST, _LOGICAL_NULL = 1, 2, 3, 11  # of the logical types
DEEPEST = 200


class Element(NamedTuple):
    """A node of the schema, whose children follow it."""

    name: str = ""
    children: int = 0
    type: int = -1
    converted: int = -1
    logical: int = -1
    repetition: int = 0
    rest: str = ""  # what else tells its type

    def is_text(self) -> bool:
        """Return whether it is a column of texts."""
        return self.type == _BYTES and (self.converted == _UTF8 or self.logical == _LOGICAL_TEXT)


def type_of(tree: list[Element], depth: int = 0, listed: bool = False) -> Type:
    """Take an element and those below it from the end, and return the type of its values.

    `listed` says that what is around it tells that it repeats.
    """
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    one = tree.pop()
    kind: Type
    if one.converted in (_AS_MAP, _MAP_ITEMS) or one.logical == _LOGICAL_MAP:
        for _ in range(one.children):
            type_of(tree, depth + 1)
        kind = MAP
    elif one.children == 1 and (one.converted == _AS_LIST or one.logical == _LOGICAL_LIST):
        kind = LIST, _items(tree, depth + 1)
    elif one.children or one.type < 0:
        names = []
        for _ in range(one.children):
            name = tree[-1].name
            names.append((name, type_of(tree, depth + 1)))
        kind = STRUCT, tuple(names)
    else:
        kind = _leaf(one)
    return (LIST, kind) if one.repetition == _REPEATED and not listed else kind


def _items(tree: list[Element], depth: int) -> Type:
    """Return the type of the items of a list, which stands in a group of its own, or did once."""
    group = tree[-1]
    if group.children != 1 or group.name == "array" or group.name.endswith("_tuple"):
        return type_of(tree, depth, listed=True)
    tree.pop()
    return type_of(tree, depth)


def _leaf(one: Element) -> Type:
    """Return the type of a column of values; texts may all be numerals, or none of them there."""
    if one.logical == _LOGICAL_NULL:
        return NULL
    if one.is_text():
        return NUMERAL
    plain = one.converted < 0 and one.logical < 0
    if one.type == _FIXED and plain:
        return FIXED
    if one.type == _INT64 and (plain or one.converted == _INT_64):
        return WHOLE
    simple = {_BOOLEAN: TRUTH, _DOUBLE: NUMBER}
    return simple.get(one.type, OTHER + one.rest) if plain else OTHER + one.rest

"""Rows, columns and their types of Parquet files, read from the footer.

The footer is a Thrift structure, of which a few fields are read; of the pages only the first heads,
which tell a file that lost its beginning. Source: apache/parquet-format `README.md`,
`LogicalTypes.md` and `parquet.thrift`.
"""

from __future__ import annotations

import os
from io import BufferedReader

from ftlint.datasets.rowcount import RowCount
from ftlint.datasets.shapes import (
    FIXED,
    LIST,
    MAP,
    NULL,
    NUMBER,
    NUMERAL,
    OTHER,
    PERHAPS,
    STRUCT,
    TRUTH,
    WHOLE,
    rejected,
)
from ftlint.datasets.thrift import BINARY, I32, I64, Compact
from ftlint.datasets.thrift import LIST as ITEMS
from ftlint.datasets.thrift import STRUCT as FIELDS
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

    from ftlint.datasets.shapes import Type
    from ftlint.support.disk import Disk

MAGIC = b"PAR1"
EMPTY_GROUP = "begins with a row group of no rows, which the loader rejects"

_SCHEMA, _ROWS, _GROUPS = 2, 3, 4  # fields of FileMetaData
_TYPE, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _LOGICAL = 1, 3, 4, 5, 6, 10
_NUMBER = 9  # of a column, where it has one
_REPEATED = 2
_BOOLEAN, _INT64, _DOUBLE, _BYTES, _FIXED = 0, 2, 5, 6, 7  # of the types
_UTF8, _AS_MAP, _MAP_ITEMS, _AS_LIST, _INT_64 = 0, 1, 2, 3, 18  # of the converted types
_LOGICAL_TEXT, _LOGICAL_MAP, _LOGICAL_LIST, _LOGICAL_NULL = 1, 2, 3, 11  # of the logical types
_CHUNKS, _GROUP_ROWS, _META = 1, 3, 3  # of RowGroup, of ColumnChunk
_PATH, _LENGTH, _PAGES, _DICTIONARY, _STATISTICS, _NULLS = 3, 7, 9, 11, 12, 3

_PAGE_TYPES = {0: (5, 4, (2, 3, 4)), 2: (7, 2, (2,)), 3: (8, 6, (4,))}
"""Of a type of page: the field with its own head, how many numbers that needs, which are codes."""
_LAST_ENCODING = 31  # 9 in 2.12 of the format
PAGE_HEAD = 16 << 10  # bytes that hold the head of a page and its statistics
CHUNKS_LOOKED_AT = 16
DEEPEST = 200


class Footer(NamedTuple):
    """What the footer of a Parquet file says.

    `nulls` are the rows without a value, for the columns of text about which it says so.
    """

    rows: int
    columns: tuple[str, ...]
    nulls: tuple[tuple[str, int], ...] = ()
    type: Type = NULL
    starts_empty: bool = False  # the first row group has no rows


class _Chunk(NamedTuple):
    """Where the values of a column are; `nulls` is -1 where they are not told."""

    path: tuple[str, ...]
    nulls: int
    start: int
    length: int


class _Element(NamedTuple):
    """A node of the schema, whose children follow it."""

    name: str = ""
    children: int = 0
    type: int = -1
    converted: int = -1
    logical: int = -1
    repetition: int = 0
    rest: str = ""  # what else tells its type

    def is_text(self) -> bool:
        return self.type == _BYTES and (self.converted == _UTF8 or self.logical == _LOGICAL_TEXT)


def count_parquet(path: str, disk: Disk) -> RowCount:
    """Return the rows of a Parquet file. Raises OSError when the file cannot be read."""
    footer = read_footer(path, disk)
    if isinstance(footer, str):
        return RowCount(None, footer, doubt=footer.endswith(PERHAPS))
    if footer.starts_empty:
        return RowCount(None if footer.rows else 0, EMPTY_GROUP, tables=(footer.type,))
    return RowCount(footer.rows, tables=(footer.type,))


def read_footer(path: str, disk: Disk) -> Footer | str:
    """Return rows and top-level columns, or what is wrong. Raises OSError."""
    with BufferedReader(disk.open(path)) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        tail = file.read(8)
        if tail[4:] != MAGIC:
            return "is encrypted Parquet" if tail[4:] == b"PARE" else "is not a Parquet file"
        length = int.from_bytes(tail[:4], "little")
        if length > size - 8:
            return "is a Parquet file with a broken footer"
        end = size - 8 - length
        file.seek(end)
        reader = _FooterReader(file.read(length))
        try:
            footer = reader.footer()
        except (IndexError, UnicodeDecodeError, ValueError):
            return "is a Parquet file with a broken footer"
        if reader.end > end or any(
            _broken(file, chunk, end) for chunk in reader.chunks[:CHUNKS_LOOKED_AT]
        ):
            return "is a Parquet file with broken pages: it is damaged, or cut at its beginning"
    return rejected(footer.type) or footer


def _broken(file: BinaryIO, chunk: _Chunk, end: int) -> bool:
    """Whether the first two pages of a column cannot be where they are said to be."""
    place, stop = chunk.start, chunk.start + chunk.length
    if not 0 <= place <= stop <= end:
        return True
    for _ in range(2):
        if place >= stop:
            break
        file.seek(place)
        head = Compact(file.read(PAGE_HEAD))
        try:
            place += _page_length(head) + head.place
        except (IndexError, ValueError):
            return True
    return False


def _page_length(head: Compact) -> int:
    """Return the bytes of a page behind its head. Raises IndexError and ValueError."""
    found, inside = _numbers(head)
    needed = {1, 2, 3}  # the type of the page, its bytes before and after compression
    if not needed <= found.keys() or min(found[2], found[3]) < 0:
        raise ValueError("no type or no length")
    own, fields, codes = _PAGE_TYPES.get(found[1], (0, 0, ()))
    if own:
        numbers = inside.get(own, {})
        if not set(range(1, fields + 1)) <= numbers.keys():
            raise ValueError("not all about its values")
        if not all(0 <= numbers[code] <= _LAST_ENCODING for code in codes):
            raise ValueError("no encoding")
    return found[3]


def _numbers(head: Compact, depth: int = 0) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
    """Return the numbers of a struct, and those of each struct in it."""
    found: dict[int, int] = {}
    inside: dict[int, dict[int, int]] = {}
    for field, kind in head.fields():
        if kind == I32:
            found[field] = head.integer()
        elif kind == FIELDS and not depth:
            inside[field] = _numbers(head, 1)[0]
        else:
            head.skip(kind)
    return found, inside


class _FooterReader(Compact):
    """Reads the footer; `chunks` are those of the first row group."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.chunks: list[_Chunk] = []
        self.first_rows = -1  # of the first row group
        self.end = 0  # of the last of all chunks

    def footer(self) -> Footer:
        columns: list[_Element] = []
        types: list[tuple[str, Type]] = []
        rows = -1
        nulls: dict[str, int] = {}
        for field, kind in self.fields():
            if field == _SCHEMA and kind == ITEMS:
                columns, types = self.schema()
            elif field == _ROWS and kind == I64:
                rows = self.integer()
            elif field == _GROUPS and kind == ITEMS:
                nulls = self.groups()
                break  # nothing behind them is asked for
            else:
                self.skip(kind)
        if rows < 0:
            raise ValueError("no number of rows")
        texts = [one.name for one in columns if not one.children and one.is_text()]
        return Footer(
            rows, tuple(one.name for one in columns),
            tuple((name, nulls[name]) for name in texts if name in nulls),
            (STRUCT, tuple(types)), self.first_rows == 0,
        )  # fmt: skip

    def schema(self) -> tuple[list[_Element], list[tuple[str, Type]]]:
        """Return the children of the schema's root, and their types."""
        count, _ = self.items()
        tree = [self.element() for _ in range(count)][::-1]
        columns, types = [], []
        root = tree.pop()
        for _ in range(root.children):
            columns.append(tree[-1])
            types.append((tree[-1].name, _type(tree)))
        return columns, types

    def element(self) -> _Element:
        found = _Element()
        for field, kind in self.fields():
            start = self.place
            if field == _NAME and kind == BINARY:
                found = found._replace(name=self.binary().decode())
                continue
            if field == _LOGICAL and kind == FIELDS:
                for number, inner in self.fields():
                    found = found._replace(logical=number)
                    self.skip(inner)
            elif kind == I32:
                value = self.integer()
                if field == _TYPE:
                    found = found._replace(type=value)
                elif field == _REPETITION:
                    found = found._replace(repetition=value)
                elif field == _CHILDREN:
                    found = found._replace(children=value)
                elif field == _CONVERTED:
                    found = found._replace(converted=value)
            else:
                self.skip(kind)
            if field not in (_REPETITION, _CHILDREN, _NUMBER):
                found = found._replace(rest=f"{found.rest} {self.data[start : self.place].hex()}")
        return found

    def groups(self) -> dict[str, int]:
        """Return the nulls of each flat column over all row groups that all say how many."""
        told: dict[str, int] = {}
        count, _ = self.items()
        for group in range(count):
            chunks: list[_Chunk] = []
            rows = -1
            for field, kind in self.fields():
                if field == _CHUNKS and kind == ITEMS:
                    chunks = [self.chunk() for _ in range(self.items()[0])]
                elif field == _GROUP_ROWS and kind == I64:
                    rows = self.integer()
                else:
                    self.skip(kind)
            self.end = max([self.end, *(one.start + one.length for one in chunks)])
            if group == 0:
                self.first_rows, self.chunks = rows, chunks if rows else []
            told = {one.path[0]: told.get(one.path[0], 0) + one.nulls for one in chunks
                    if len(one.path) == 1 and one.nulls >= 0
                    and (group == 0 or one.path[0] in told)}  # fmt: skip
        return told

    def chunk(self) -> _Chunk:
        path: list[str] = []
        nulls = -1
        numbers: dict[int, int] = {}
        for field, kind in self.fields():
            if field != _META or kind != FIELDS:
                self.skip(kind)
                continue
            for inner, its_kind in self.fields():
                if inner == _PATH and its_kind == ITEMS:
                    path = [self.binary().decode() for _ in range(self.items()[0])]
                elif its_kind == I64:
                    numbers[inner] = self.integer()
                elif inner == _STATISTICS and its_kind == FIELDS:
                    for name, type_ in self.fields():
                        if name == _NULLS and type_ == I64:
                            nulls = self.integer()
                        else:
                            self.skip(type_)
                else:
                    self.skip(its_kind)
        start = numbers.get(_PAGES, 0)
        dictionary = numbers.get(_DICTIONARY, 0)
        start = dictionary if 0 < dictionary < start else start
        return _Chunk(tuple(path), nulls, start, numbers.get(_LENGTH, 0))


# Types --------------------------------------------------------------------------------------------


def _type(tree: list[_Element], depth: int = 0, listed: bool = False) -> Type:
    """Take an element and those below it from the end, and return the type of its values.

    `listed` says that what is around it tells that it repeats.
    """
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    one = tree.pop()
    kind: Type
    if one.converted in (_AS_MAP, _MAP_ITEMS) or one.logical == _LOGICAL_MAP:
        for _ in range(one.children):
            _type(tree, depth + 1)
        kind = MAP
    elif one.children == 1 and (one.converted == _AS_LIST or one.logical == _LOGICAL_LIST):
        kind = LIST, _items(tree, depth + 1)
    elif one.children or one.type < 0:
        names = []
        for _ in range(one.children):
            name = tree[-1].name
            names.append((name, _type(tree, depth + 1)))
        kind = STRUCT, tuple(names)
    else:
        kind = _leaf(one)
    return (LIST, kind) if one.repetition == _REPEATED and not listed else kind


def _items(tree: list[_Element], depth: int) -> Type:
    """Return the type of the items of a list, which stands in a group of its own, or did once."""
    group = tree[-1]
    if group.children != 1 or group.name == "array" or group.name.endswith("_tuple"):
        return _type(tree, depth, listed=True)
    tree.pop()
    return _type(tree, depth)


def _leaf(one: _Element) -> Type:
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

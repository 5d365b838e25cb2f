"""Rows and columns of Arrow files, in the stream format or the file format.

Only the heads of the messages are read; the data between them is passed over. pyarrow would do it,
but `pip install ftlint` does not bring it, and counts must not depend on it. Source: Apache Arrow
`docs/source/format/Columnar.rst` (IPC), `format/Message.fbs`, `format/Schema.fbs`; FlatBuffers
`docs/source/internals.md`.
"""

from __future__ import annotations

import os
import struct
from io import BufferedReader, BytesIO

from ftlint.datasets.rowcount import NEWER, RowCount
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
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

    from ftlint.datasets.shapes import Type
    from ftlint.support.disk import Disk

FILE_MAGIC = b"ARROW1"
CODED, CLOSED = "2.20", "2.21"
"""The datasets that reads columns with a dictionary, and the file format: older ones do not."""

_CONTINUES = 0xFFFFFFFF
_SCHEMA, _RECORD_BATCH = 1, 3  # of the union MessageHeader
_LONGEST_HEAD = 64 << 20
_DEEPEST = 64


_NULL, _INT, _FLOAT, _UTF8, _BOOL, _LIST, _STRUCT = 1, 2, 3, 5, 6, 12, 13  # of the union Type
_FIXED_BYTES, _FIXED_LIST, _MAP, _LARGE_UTF8, _LARGE_LIST = 15, 16, 17, 20, 21


class ArrowTable(NamedTuple):
    """Rows over all record batches, the names of the columns, and of texts the rows without one."""

    rows: int
    columns: tuple[str, ...]
    nulls: tuple[tuple[str, int], ...] = ()
    type: Type = NULL
    since: str = ""
    """The datasets that reads it, where older ones do not."""


def count_arrow(path: str, disk: Disk) -> RowCount:
    """Return the rows of an Arrow file. Raises OSError when the file cannot be read."""
    table = read_table(path, disk)
    if isinstance(table, str):
        return RowCount(None, table, doubt=table.endswith(PERHAPS))
    since = f"{NEWER} {table.since}" if table.since else ""
    return RowCount(table.rows, assumption=since, tables=(table.type,))


def read_table(path: str, disk: Disk) -> ArrowTable | str:
    """Return rows and columns, or what is wrong. Raises OSError."""
    with BufferedReader(disk.open(path)) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        named = file.read(6) == FILE_MAGIC
        file.seek(max(size - 6, 0))
        closed = size >= 20 and file.read(6) == FILE_MAGIC
        if named and not closed:  # the file format ends with its footer and the same word
            return "is an Arrow file that is cut short"
        table: ArrowTable | None = None
        for start in (8,) if named else (0, 8) if closed else (0,):  # the loader looks at the end
            file.seek(start)
            try:
                table = table or _messages(file, size)
                if start:
                    table = table._replace(since=CLOSED)
            except (struct.error, IndexError, UnicodeDecodeError, ValueError):
                continue
    if table is None:
        return "is not an Arrow file"
    return rejected(table.type) or table


def has_dictionary(data: bytes) -> bool | None:
    """Return whether a column has a dictionary, in the message of a schema; None for no such one.

    Nothing in the message may lead nowhere.
    """
    try:
        head = _head(BytesIO(data))
        message = _Flat(head, _u32(head, 0))
        fields = message.table(2).tables(1)
        for field in fields:
            field.text(0)
            _type(field)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError):
        return None
    return any(map(_is_coded, fields)) if message.byte(1) == _SCHEMA else None


def _messages(file: BinaryIO, size: int) -> ArrowTable:
    rows, columns = 0, None
    kind_of_all: Type = NULL
    since = ""
    texts: list[tuple[str, int]] = []
    nulls: dict[str, int] = {}
    while True:
        head = _head(file)
        if not head:
            break
        message = _Flat(head, _u32(head, 0))
        kind, body = message.byte(1), message.long(3)
        if kind == _SCHEMA and columns is None:
            fields = message.table(2).tables(1)
            columns = tuple(field.text(0) for field in fields)
            kind_of_all = STRUCT, tuple((field.text(0), _type(field)) for field in fields)
            since = CODED if any(map(_is_coded, fields)) else ""
            texts = _texts(fields)
            nulls = dict.fromkeys(dict(texts), 0)
        elif kind == _RECORD_BATCH:
            batch = message.table(2)
            length = batch.long(0)
            if length < 0:
                raise ValueError("a batch of fewer rows than none")
            rows += length
            for name, node in texts:
                nulls[name] += batch.second_long(1, node)
        if not 0 <= body <= size - file.tell():
            raise ValueError("a message that ends after the file")
        file.seek(body, os.SEEK_CUR)
    if columns is None:
        raise ValueError("no schema")
    return ArrowTable(rows, columns, tuple(nulls.items()), kind_of_all, since)


def _type(field: _Flat, depth: int = 0) -> Type:
    """Return the type of a column's values; texts may all be numerals, or none of them there."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    kind, inside = field.byte(2), field.tables(5)
    simple = {_NULL: NULL, _UTF8: NUMERAL, _LARGE_UTF8: NUMERAL, _BOOL: TRUTH, _FIXED_BYTES: FIXED,
              _MAP: MAP}  # fmt: skip
    if kind in simple:
        return simple[kind]
    if kind in (_LIST, _LARGE_LIST, _FIXED_LIST) and len(inside) == 1:
        return LIST, _type(inside[0], depth + 1)
    if kind == _STRUCT:
        return STRUCT, tuple((child.text(0), _type(child, depth + 1)) for child in inside)
    if kind == _INT:
        of = field.table(3)
        signed, bits = of.byte(1), of.byte(0)
        return WHOLE if signed and bits == 64 else f"{OTHER}{kind} {signed} {bits}"
    if kind == _FLOAT:
        precision = field.table(3).byte(0)
        return NUMBER if precision == 2 else f"{OTHER}{kind} {precision}"
    return f"{OTHER}{kind}"


def _texts(fields: list[_Flat]) -> list[tuple[str, int]]:
    """Return the columns of text, each with its place among the nodes of a batch."""
    texts, node = [], 0
    for field in fields:
        if field.byte(2) in (_UTF8, _LARGE_UTF8) and not field.field(4):  # no dictionary
            texts.append((field.text(0), node))
        node += _nodes(field)
    return texts


def _is_coded(field: _Flat) -> bool:
    """Return whether a column or one inside of it has a dictionary; `_type` knows how deep."""
    return bool(field.field(4)) or any(map(_is_coded, field.tables(5)))


def _nodes(field: _Flat, depth: int = 0) -> int:
    if depth > _DEEPEST or (field.field(4) and field.tables(5)):
        raise ValueError("nested too deep, or a dictionary of nested values")
    return 1 + sum(_nodes(child, depth + 1) for child in field.tables(5))


def _head(file: BinaryIO) -> bytes:
    """Return the next message's metadata; nothing at the end of the stream."""
    word = file.read(4)
    if len(word) < 4:
        return b""
    length = _u32(word, 0)
    if length == _CONTINUES:  # absent before Arrow 0.15
        length = _u32(file.read(4), 0)
    if length > _LONGEST_HEAD:
        raise ValueError("a head too long")
    head = file.read(length)
    if len(head) < length:
        raise ValueError("a head cut short")
    return head


def _u32(data: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", data, place)[0])


class _Flat:
    """A FlatBuffers table: a place in a buffer, and fields found through its vtable."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data = data
        self.place = place
        self.vtable = place - int(struct.unpack_from("<i", data, place)[0])
        self.length = int(struct.unpack_from("<H", data, self.vtable)[0])

    def field(self, number: int) -> int:
        """Return where a field is, 0 when it is absent and so has its default."""
        slot = 4 + 2 * number
        if slot + 2 > self.length:
            return 0
        offset = int(struct.unpack_from("<H", self.data, self.vtable + slot)[0])
        return self.place + offset if offset else 0

    def byte(self, number: int) -> int:
        place = self.field(number)
        return self.data[place] if place else 0

    def long(self, number: int) -> int:
        place = self.field(number)
        return int(struct.unpack_from("<q", self.data, place)[0]) if place else 0

    def table(self, number: int) -> _Flat:
        place = self.field(number)
        if not place:
            raise ValueError("a table is missing")
        return _Flat(self.data, place + _u32(self.data, place))

    def tables(self, number: int) -> list[_Flat]:
        place = self.field(number)
        if not place:
            return []
        place += _u32(self.data, place)
        count = _u32(self.data, place)
        if 4 * count > len(self.data):
            raise ValueError("a vector that ends after the message")
        slots = range(place + 4, place + 4 + 4 * count, 4)
        return [_Flat(self.data, slot + _u32(self.data, slot)) for slot in slots]

    def second_long(self, number: int, item: int) -> int:
        """Return the second number of an item in a vector of pairs of them."""
        place = self.field(number)
        if not place:
            raise ValueError("a vector is missing")
        place += _u32(self.data, place)
        if not 0 <= item < _u32(self.data, place):
            raise ValueError("an item behind the end of a vector")
        # The pairs are aligned to eight bytes, as the writer of a vector of structs has to.
        return int(struct.unpack_from("<q", self.data, place + 4 + 16 * item + 8)[0])

    def text(self, number: int) -> str:
        place = self.field(number)
        if not place:
            return ""
        place += _u32(self.data, place)
        return self.data[place + 4 : place + 4 + _u32(self.data, place)].decode()

"""Rows and columns of Parquet files, read from the footer alone.

The footer is a Thrift structure in compact protocol; only its first fields are read. Source:
apache/parquet-format `README.md` and `parquet.thrift`, apache/thrift `thrift-compact-protocol.md`.
"""

from __future__ import annotations

import os

from ftlint.datasets.rowcount import RowCount
from ftschemas.named import NamedTuple

MAGIC = b"PAR1"

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(
    13
)
_SCHEMA, _ROWS = 2, 3  # fields of FileMetaData
_NAME, _CHILDREN = 4, 5  # fields of SchemaElement


class Footer(NamedTuple):
    """What the footer of a Parquet file says."""

    rows: int
    columns: tuple[str, ...]


def count_parquet(path: str) -> RowCount:
    """Return the rows of a Parquet file. Raises OSError when the file cannot be read."""
    footer = read_footer(path)
    return RowCount(None, footer) if isinstance(footer, str) else RowCount(footer.rows)


def read_footer(path: str) -> Footer | str:
    """Return rows and top-level columns, or what is wrong. Raises OSError."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        tail = file.read(8)
        if tail[4:] != MAGIC:
            return "is encrypted Parquet" if tail[4:] == b"PARE" else "is not a Parquet file"
        length = int.from_bytes(tail[:4], "little")
        if length > size - 8:
            return "is a Parquet file with a broken footer"
        file.seek(size - 8 - length)
        data = file.read(length)
    try:
        return _Compact(data).footer()
    except (IndexError, UnicodeDecodeError, ValueError):
        return "is a Parquet file with a broken footer"


class _Compact:
    """Reads Thrift's compact protocol. Raises IndexError or ValueError on what is not it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def footer(self) -> Footer:
        columns: tuple[str, ...] = ()
        field = 0
        while True:
            field, kind = self.field(field)
            if kind == _STOP:
                raise ValueError("no number of rows")
            if field == _SCHEMA and kind == _LIST:
                columns = self.columns()
            elif field == _ROWS and kind == _I64:
                rows = self.integer()
                if rows < 0:
                    raise ValueError(rows)
                return Footer(rows, columns)
            else:
                self.skip(kind)

    def columns(self) -> tuple[str, ...]:
        """Return the children of the schema's root; the tree is listed depth first."""
        names = []
        count, _ = self.items()
        open_children: list[int] = []  # how many are still to come, at each level above
        for _ in range(count):
            name, children = self.element()
            while open_children and not open_children[-1]:
                open_children.pop()
            if open_children:
                open_children[-1] -= 1
            if len(open_children) == 1:
                names.append(name)
            if children or not open_children:
                open_children.append(children)
        return tuple(names)

    def element(self) -> tuple[str, int]:
        name, children, field = "", 0, 0
        while True:
            field, kind = self.field(field)
            if kind == _STOP:
                return name, children
            if field == _NAME and kind == _BINARY:
                name = self.binary().decode()
            elif field == _CHILDREN and kind == _I32:
                children = self.integer()
            else:
                self.skip(kind)

    def byte(self) -> int:
        value = self.data[self.place]
        self.place += 1
        return value

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number too long")

    def integer(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def field(self, last: int) -> tuple[int, int]:
        head = self.byte()
        kind = head & 0x0F
        if kind == _STOP:
            return last, kind
        return (last + (head >> 4) if head >> 4 else self.integer()), kind

    def items(self) -> tuple[int, int]:
        head = self.byte()
        return (self.varint() if head >> 4 == 15 else head >> 4), head & 0x0F

    def binary(self) -> bytes:
        length = self.varint()
        value = self.data[self.place : self.place + length]
        if len(value) < length:
            raise ValueError("a text too long")
        self.place += length
        return value

    def skip(self, kind: int, depth: int = 0) -> None:
        if depth > 32 or kind > _STRUCT:
            raise ValueError("not Thrift")
        if kind in (_TRUE, _FALSE):
            return  # the value is in the type
        if kind == _BYTE:
            self.byte()
        elif kind in (_I16, _I32, _I64):
            self.varint()
        elif kind == _DOUBLE:
            self.place += 8
        elif kind == _BINARY:
            self.binary()
        elif kind in (_LIST, _SET):
            count, inner = self.items()
            for _ in range(count):
                if inner in (_TRUE, _FALSE):
                    self.byte()  # in a list a truth value takes a byte
                else:
                    self.skip(inner, depth + 1)
        elif kind == _MAP:
            count = self.varint()
            kinds = self.byte() if count else 0
            for _ in range(count):
                self.skip(kinds >> 4, depth + 1)
                self.skip(kinds & 0x0F, depth + 1)
        elif kind == _STRUCT:
            field = 0
            while True:
                field, inner = self.field(field)
                if inner == _STOP:
                    return
                self.skip(inner, depth + 1)

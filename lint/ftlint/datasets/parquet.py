"""Rows and columns of Parquet files, read from the footer alone.

The footer is a Thrift structure in compact protocol, of which a few fields are read. Source:
apache/parquet-format `README.md` and `parquet.thrift`, apache/thrift `thrift-compact-protocol.md`.
"""

from __future__ import annotations

import os

from ftlint.datasets.rowcount import RowCount
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"PAR1"

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(
    13
)
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4  # fields of FileMetaData
_TYPE, _NAME, _CHILDREN, _CONVERTED = 1, 4, 5, 6  # fields of SchemaElement
_BYTES, _UTF8 = 6, 0  # of the types, of the converted types
_CHUNKS, _META, _PATH, _STATISTICS, _NULLS = 1, 3, 3, 12, 3


class Footer(NamedTuple):
    """What the footer of a Parquet file says.

    `nulls` are the rows without a value, for the columns of text about which it says so.
    """

    rows: int
    columns: tuple[str, ...]
    nulls: tuple[tuple[str, int], ...] = ()


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
        columns: list[str] = []
        texts: list[str] = []
        rows, field = -1, 0
        nulls: dict[str, int] | None = None
        while True:
            field, kind = self.field(field)
            if kind == _STOP:
                break
            if field == _SCHEMA and kind == _LIST:
                columns, texts = self.columns()
            elif field == _ROWS and kind == _I64:
                rows = self.integer()
            elif field == _GROUPS and kind == _LIST:
                nulls = self.groups()
                break  # nothing behind them is asked for
            else:
                self.skip(kind)
        if rows < 0:
            raise ValueError("no number of rows")
        known = [(name, nulls[name]) for name in texts if name in nulls] if nulls else []
        return Footer(rows, tuple(columns), tuple(known))

    def columns(self) -> tuple[list[str], list[str]]:
        """Return the children of the schema's root, and which of them are texts.

        The tree is listed depth first.
        """
        names, texts = [], []
        count, _ = self.items()
        open_children: list[int] = []  # how many are still to come, at each level above
        for _ in range(count):
            name, children, text = self.element()
            while open_children and not open_children[-1]:
                open_children.pop()
            if open_children:
                open_children[-1] -= 1
            if len(open_children) == 1:
                names.append(name)
                texts += [name] * text
            if children or not open_children:
                open_children.append(children)
        return names, texts

    def element(self) -> tuple[str, int, bool]:
        name, children, field, type_, converted = "", 0, 0, -1, -1
        while True:
            field, kind = self.field(field)
            if kind == _STOP:
                return name, children, not children and (type_, converted) == (_BYTES, _UTF8)
            if field == _NAME and kind == _BINARY:
                name = self.binary().decode()
            elif kind == _I32 and field in (_TYPE, _CHILDREN, _CONVERTED):
                value = self.integer()
                type_ = value if field == _TYPE else type_
                children = value if field == _CHILDREN else children
                converted = value if field == _CONVERTED else converted
            else:
                self.skip(kind)

    def groups(self) -> dict[str, int]:
        """Return the nulls of each flat column over all row groups that all say how many."""
        told: dict[str, int] = {}
        count, _ = self.items()
        for group in range(count):
            found: dict[str, int] = {}
            for field, kind in self.fields():
                if field == _CHUNKS and kind == _LIST:
                    for _ in range(self.items()[0]):
                        path, nulls = self.chunk()
                        if len(path) == 1 and nulls >= 0:
                            found[path[0]] = nulls
                else:
                    self.skip(kind)
            told = {name: told.get(name, 0) + nulls for name, nulls in found.items()
                    if group == 0 or name in told}  # fmt: skip
        return told

    def chunk(self) -> tuple[list[str], int]:
        """Return the path of a column chunk and its nulls, -1 where they are not told."""
        path: list[str] = []
        nulls = -1
        for field, kind in self.fields():
            if field != _META or kind != _STRUCT:
                self.skip(kind)
                continue
            for inner, its_kind in self.fields():
                if inner == _PATH and its_kind == _LIST:
                    path = [self.binary().decode() for _ in range(self.items()[0])]
                elif inner == _STATISTICS and its_kind == _STRUCT:
                    for name, type_ in self.fields():
                        if name == _NULLS and type_ == _I64:
                            nulls = self.integer()
                        else:
                            self.skip(type_)
                else:
                    self.skip(its_kind)
        return path, nulls

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a struct; the caller reads its value."""
        field = 0
        while True:
            field, kind = self.field(field)
            if kind == _STOP:
                return
            yield field, kind

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
            for _, inner in self.fields():
                self.skip(inner, depth + 1)

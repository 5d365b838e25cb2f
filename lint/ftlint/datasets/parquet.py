"""Rows, columns and their types of Parquet files, read from the footer.

The footer is a Thrift structure, of which a few fields are read, and those that must be there
looked for; of the pages only the first heads, which tell a file that lost its beginning. Damage
within the values shows when they are decompressed, which takes pyarrow. Source:
apache/parquet-format `README.md` and `parquet.thrift`; Arrow C++ `parquet/arrow/schema.cc` (26).
"""

from __future__ import annotations

import os
import re
from io import BufferedReader

from ftlint.datasets.parquetpages import Chunk, is_broken
from ftlint.datasets.parquettypes import Element, type_of
from ftlint.datasets.rowcount import NEWER, OLDER, RowCount
from ftlint.datasets.shapes import NULL, PERHAPS, STRUCT, rejected
from ftlint.datasets.thrift import BINARY, I32, I64, Compact
from ftlint.datasets.thrift import LIST as ITEMS
from ftlint.datasets.thrift import STRUCT as FIELDS
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.datasets.shapes import Type
    from ftlint.support.disk import Disk

MAGIC = b"PAR1"
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
EMPTY_GROUP = f"begins with a row group of no rows, {OLDER} 2.18"

_SCHEMA, _ROWS, _GROUPS = 2, 3, 4  # fields of FileMetaData
_TYPE, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _LOGICAL = 1, 3, 4, 5, 6, 10
_NUMBER = 9  # of a column, where it has one
_CHUNKS, _GROUP_ROWS, _META = 1, 3, 3  # of RowGroup, of ColumnChunk
_KEYS, _KEY, _VALUE = 5, 1, 2  # what the writer adds: of FileMetaData, of KeyValue
_PATH, _LENGTH, _PAGES, _DICTIONARY, _STATISTICS, _NULLS = 3, 7, 9, 11, 12, 3

_FILE_NEEDS = {1: I32, _SCHEMA: ITEMS, _ROWS: I64, _GROUPS: ITEMS}
_ELEMENT_NEEDS = {_NAME: BINARY}
_GROUP_NEEDS = {_CHUNKS: ITEMS, 2: I64, _GROUP_ROWS: I64}
_CHUNK_NEEDS = {2: I64}
_META_NEEDS = {1: I32, 2: ITEMS, _PATH: ITEMS, 4: I32, 5: I64, 6: I64, _LENGTH: I64, _PAGES: I64}
_KEY_NEEDS = {_KEY: BINARY}
ARROW_SCHEMA = b"ARROW:schema"
"""The key under which pyarrow keeps its own schema, and refuses a file where that is damaged."""
CHUNKS_LOOKED_AT = 16


class Footer(NamedTuple):
    """What the footer of a Parquet file says.

    `nulls` are the rows without a value, for the columns of text about which it says so.
    """

    rows: int
    columns: tuple[str, ...]
    nulls: tuple[tuple[str, int], ...] = ()
    type: Type = NULL
    starts_empty: bool = False  # the first row group has no rows
    since: str = ""  # the datasets that reads it, where older ones do not


def count_parquet(path: str, disk: Disk) -> RowCount:
    """Return the rows of a Parquet file. Raises OSError when the file cannot be read."""
    footer = read_footer(path, disk)
    if isinstance(footer, str):
        return RowCount(None, footer, doubt=footer.endswith(PERHAPS))
    if footer.starts_empty and footer.rows:
        return RowCount(None, EMPTY_GROUP, tables=(footer.type,))
    if footer.starts_empty:  # alone it has no row for any loader; among others `_hollow` says more
        return RowCount(0, "has no rows", tables=(footer.type,))
    since = f"{NEWER} {footer.since}" if footer.since else ""
    return RowCount(footer.rows, assumption=since, tables=(footer.type,))


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
            is_broken(file, chunk, end) for chunk in reader.chunks[:CHUNKS_LOOKED_AT]
        ):
            return "is a Parquet file with broken pages: it is damaged, or cut at its beginning"
    return rejected(footer.type) or footer


def _since(value: bytes) -> str:
    """Return the datasets that reads a schema of Arrow's, as its message in base64; "" for any.

    Raises ValueError for one that pyarrow cannot read.
    """
    from binascii import a2b_base64

    from ftlint.datasets.arrowipc import CODED, has_dictionary

    coded = has_dictionary(a2b_base64(value)) if _BASE64.fullmatch(value) else None
    if coded is None:
        raise ValueError("no schema of Arrow's")
    return CODED if coded else ""


class _FooterReader(Compact):
    """Reads the footer; `chunks` are those of the first row group."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.chunks: list[Chunk] = []
        self.first_rows = -1  # of the first row group
        self.end = 0  # of the last of all chunks
        self.since = ""

    def footer(self) -> Footer:
        columns: list[Element] = []
        types: list[tuple[str, Type]] = []
        rows = -1
        nulls: dict[str, int] = {}
        for field, kind in self.fields(_FILE_NEEDS):
            if field == _SCHEMA and kind == ITEMS:
                columns, types = self.schema()
            elif field == _ROWS and kind == I64:
                rows = self.integer()
            elif field == _GROUPS and kind == ITEMS:
                nulls = self.groups()
            elif field == _KEYS and kind == ITEMS:
                self.keys()
            else:
                self.skip(kind)
        if rows < 0:
            raise ValueError("no number of rows")
        texts = [one.name for one in columns if not one.children and one.is_text()]
        return Footer(
            rows, tuple(one.name for one in columns),
            tuple((name, nulls[name]) for name in texts if name in nulls),
            (STRUCT, tuple(types)), self.first_rows == 0, self.since,
        )  # fmt: skip

    def schema(self) -> tuple[list[Element], list[tuple[str, Type]]]:
        """Return the children of the schema's root, and their types."""
        count, _ = self.items()
        tree = [self.element() for _ in range(count)][::-1]
        columns, types = [], []
        root = tree.pop()
        for _ in range(root.children):
            columns.append(tree[-1])
            types.append((tree[-1].name, type_of(tree)))
        return columns, types

    def element(self) -> Element:
        found = Element()
        for field, kind in self.fields(_ELEMENT_NEEDS):
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
            chunks: list[Chunk] = []
            rows = -1
            for field, kind in self.fields(_GROUP_NEEDS):
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

    def keys(self) -> None:
        """Read what the writer adds. Raises ValueError for a schema that pyarrow cannot read."""
        for _ in range(self.items()[0]):
            told = {_KEY: b"", _VALUE: b""}
            for field, kind in self.fields(_KEY_NEEDS):
                if field in told and kind == BINARY:
                    told[field] = self.binary()
                else:
                    self.skip(kind)
            if told[_KEY] == ARROW_SCHEMA:
                self.since = _since(told[_VALUE])

    def chunk(self) -> Chunk:
        path: list[str] = []
        nulls = -1
        numbers: dict[int, int] = {}
        for field, kind in self.fields(_CHUNK_NEEDS):
            if field != _META or kind != FIELDS:
                self.skip(kind)
                continue
            for inner, its_kind in self.fields(_META_NEEDS):
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
        return Chunk(tuple(path), nulls, start, numbers.get(_LENGTH, 0))

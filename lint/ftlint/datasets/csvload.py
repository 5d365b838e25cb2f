"""Read a CSV file as pandas does for `datasets`: what it refuses, its rows, the types of columns.

pandas reads 10,000 records at a time and finds one type for each column of them; each such table
is cast to the first. Source: datasets `packaged_modules/csv/csv.py` (2.16 to 4.0), pandas' C
tokenizer and parsers.pyx; tests/oracle/loaders.py holds it against them.
"""

from __future__ import annotations

import re
import sys
from io import BufferedReader, TextIOWrapper

from ftlint.datasets.faults import Doubtful, NotLoadable
from ftlint.datasets.shapes import GAPS, NULLS, NUMBER, NUMERAL, STRUCT, TEXT, TRUTH, WHOLE
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.datasets.jsonload import Row
    from ftlint.datasets.shapes import Type
    from ftlint.support.disk import Disk

CHUNK = 10_000  # records that pandas finds one type for

_TRUTHS = frozenset(["True", "TRUE", "true", "False", "FALSE", "false"])
_WHOLE = pattern(r"\s*[+-]?\d+\s*", re.A)
_FLOAT = pattern(r"\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?)\s*", re.A | re.I)
_NONE, _TRUTH, _INT, _REAL, _WORDS = 1, 2, 4, 8, 16
_CLOSED = "\x1cftlint: the file ends outside of quotes\x1c"


class CsvFile:
    """One file. `tables` are the types of its chunks, complete once `rows` came to its end."""

    def __init__(self, path: str, disk: Disk, typed: bool = True) -> None:
        self.disk = disk
        self.path = path
        self.typed = typed
        self.tables: list[Type] = []
        self.header: list[str] = []
        self.count = 0
        self.extra = 0  # fields that the first record has more than the header

    def rows(self) -> Iterator[Row]:
        """Yield the rows. Raises NotLoadable, Doubtful and OSError."""
        columns = [_Column() for _ in self.header]
        for record in self.records():
            if not columns:
                columns = [_Column() for _ in self.header]
            if self.count % CHUNK == 1 and self.count > 1:
                self._chunk(columns)
                columns = [_Column() for _ in self.header]
            values = record[self.extra :]
            if self.typed:
                for column, value in zip(columns, values):
                    if column.seen < _WORDS:
                        column.see(value)
                for column in columns[len(values) :]:
                    column.see("")
            row: Row = dict.fromkeys(self.header)
            row.update((name, None if value in NULLS else value)
                       for name, value in zip(self.header, values))  # fmt: skip
            yield row
        if self.count:
            self._chunk(columns)
        elif self.header:
            self.tables.append((STRUCT, tuple((name, "null") for name in self.header)))

    def _chunk(self, columns: list[_Column]) -> None:
        index = [(f"__index_level_{level}__", TEXT) for level in range(self.extra)]
        named = [(name, column.type()) for name, column in zip(self.header, columns)]
        self.tables.append((STRUCT, (*named, *index)))

    def records(self) -> Iterator[list[str]]:
        """Yield the records behind the header, and count them. Raises NotLoadable, Doubtful."""
        widest = 0
        for line, record in _records(self.path, self.disk):
            if not self.header:
                self.header = _named(record)
                widest = len(record)
                continue
            self.count += 1
            if self.count == 1 and len(record) > widest:
                self.extra, widest = len(record) - widest, len(record)
            if len(record) > widest and self.count % CHUNK == 1:  # pandas before 3 starts anew
                raise Doubtful(
                    f"has {len(record)} fields in line {line}, where {widest} are expected"
                )
            if len(record) > widest:
                raise NotLoadable(f"has {len(record)} fields in line {line}, where {widest} are "
                                 "expected: put text that holds a comma in quotes")  # fmt: skip
            yield record
        if not self.header:
            raise NotLoadable("is empty")


class _Column:
    """The kinds of values of one column in one chunk."""

    def __init__(self) -> None:
        self.seen = 0

    def see(self, value: str) -> None:
        if value in NULLS:
            self.seen |= _NONE
        elif value in _TRUTHS:
            self.seen |= _TRUTH
        elif _WHOLE.fullmatch(value):
            # Python itself reads no number of more than 4300 digits.
            if len(value) > 18 and (len(value) > 99 or not -(1 << 63) <= int(value) < 1 << 63):
                raise Doubtful(f"has the number {value[:24]}, which does not fit into 64 bits")
            self.seen |= _INT
        elif _FLOAT.fullmatch(value):
            self.seen |= _REAL
        else:
            self.seen |= _WORDS

    def type(self) -> Type:
        seen = self.seen
        if seen & _WORDS:
            return TEXT
        if seen & _TRUTH:
            return NUMERAL if seen & (_INT | _REAL) else TRUTH
        return NUMBER if seen & _REAL else WHOLE if seen == _INT else GAPS


def _named(record: list[str]) -> list[str]:
    """Return the header as pandas completes it: no name twice, none empty."""
    names: list[str] = []
    for place, name in enumerate(record):
        name = name or f"Unnamed: {place}"
        plain, times = name, 0
        while name in names:
            times += 1
            name = f"{plain}.{times}"
        names.append(name)
    return names


def _records(path: str, disk: Disk) -> Iterator[tuple[int, list[str]]]:
    """Yield (line it ends in, fields) of every record, header first."""
    import csv

    limit = csv.field_size_limit(sys.maxsize)  # a field of text may be long
    try:
        with disk.open(path) as file:
            lines = _Lines(TextIOWrapper(BufferedReader(file), "utf-8-sig", newline=""))
            reader = csv.reader(lines.and_mark())
            for record in reader:
                if record == [_CLOSED]:
                    return
                if len(record) > 1 or (record and not _blank(record[0], lines.last)):
                    if _CLOSED in record[-1]:
                        raise NotLoadable("has a quote that is never closed, in its last record")
                    yield reader.line_num, record
    except UnicodeDecodeError:
        raise NotLoadable("is not UTF-8") from None
    except csv.Error as error:  # a NUL, which pandas takes and Python only from 3.11 on
        raise Doubtful(f"cannot be parsed as CSV: {error}") from None
    finally:
        csv.field_size_limit(limit)


def _blank(field: str, line: str) -> bool:
    """Return whether pandas passes over the only field of a line: blanks without quotes."""
    return not field.strip(" \t") and '"' not in line


class _Lines:
    """The lines of a file; `last` is the one that was read last."""

    def __init__(self, file: Iterator[str]) -> None:
        self.file = file
        self.last = ""

    def and_mark(self) -> Iterator[str]:
        """Add a line that is a record of its own, unless a quote is still open."""
        for line in self.file:
            self.last = line
            yield line
        yield _CLOSED

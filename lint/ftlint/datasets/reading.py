"""Read the rows of a file one after the other, for the checks that need what is in them."""

from __future__ import annotations

import codecs
import json

from ftlint.datasets.rowcount import BOM, RowCount
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import BinaryIO

WINDOW = 1 << 20

Row = dict[str, object]


class Unreadable(Exception):
    """The file does not load; the text says why, to follow its name."""


class NoReader(Exception):
    """The file may well load, but a package that reads it is not installed here."""


def rows_of(path: str, kind: str, columns: Iterable[str | None]) -> Iterator[Row]:
    """Yield the rows of a file of the given kind: json, csv, text, parquet or arrow.

    Of parquet and arrow only `columns` are read. Raises Unreadable, NoReader and OSError.
    """
    if kind == "json":
        return json_rows(path)
    if kind == "text":
        return _text_rows(path)
    if kind == "csv":
        return _csv_rows(path)
    return _table_rows(path, kind, [name for name in columns if name])


def columns_of(path: str, kind: str) -> tuple[str, ...]:
    """Return the columns of a file's first row. Raises Unreadable and OSError."""
    if kind in ("parquet", "arrow"):
        from ftlint.datasets.arrowipc import read_table
        from ftlint.datasets.parquet import read_footer

        head = (read_footer if kind == "parquet" else read_table)(path)
        if isinstance(head, str):
            raise Unreadable(head)
        return head.columns
    return tuple(next(rows_of(path, kind, ()), ()))


def json_rows(path: str) -> Iterator[Row]:
    """Yield the objects of an array, or of values that follow each other; anything else ends it.

    Raises Unreadable and OSError.
    """
    with open(path, "rb") as file:
        start = 3 if file.read(3) == BOM else 0
        file.seek(start)
        try:
            if file.read(WINDOW).lstrip()[:1] == b"{":
                file.seek(start)
                start += yield from _lines(file)
            file.seek(start)
            yield from _values(iter(lambda: file.read(WINDOW), b""))
        except RecursionError as error:
            raise Unreadable("nests its values too deep") from error


def count_parsed(path: str) -> RowCount:
    """Return the rows of a small .json or .jsonl file by parsing it. Raises OSError."""
    try:
        rows = sum(1 for _ in json_rows(path))
    except Unreadable as error:
        return RowCount(None, str(error))
    if not rows:
        with open(path, "rb") as file:
            if not file.read().removeprefix(BOM).strip():
                return RowCount(None, "is empty")
    return RowCount(rows)


def _lines(file: BinaryIO) -> Generator[Row, None, int]:
    """Yield objects as long as there is one a line, and return the bytes that were read so.

    That is the common case, in which the parser runs at its full speed.
    """
    done = 0
    for line in file:
        try:
            value = json.loads(line, strict=False)
        except ValueError:
            if line.strip():
                break
        else:
            yield _object(value)
        done += len(line)
    return done


def _values(blocks: Iterator[bytes]) -> Iterator[Row]:
    decode = json.JSONDecoder(strict=False).raw_decode
    text = _Window(blocks)
    text.skip(" \t\r\n")
    array = text.take("[")
    while True:
        text.skip(" \t\r\n")
        if array and text.take("]"):
            text.skip(" \t\r\n")
            break
        if text.ended():
            if array:
                raise Unreadable("is not valid JSON: the array does not end")
            return
        yield _object(text.value(decode))
        text.skip(" \t\r\n")
        if array and not text.take(","):
            if not text.take("]"):
                missing = "the array does not end" if text.ended() else "two rows without a comma"
                raise Unreadable(f"is not valid JSON: {missing}")
            text.skip(" \t\r\n")
            break
    if not text.ended():
        raise Unreadable("is not valid JSON: something follows the array")


def _object(value: object) -> Row:
    if not isinstance(value, dict):
        raise Unreadable("holds a row that is not a JSON object")
    return value


class _Window:
    """Text of a file, read as far as needed and forgotten behind the current place."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text = ""
        self.place = 0
        self.complete = False

    def more(self, least: int = 1) -> bool:
        """Read `least` characters or more; false at the end of the file."""
        parts = [self.text[self.place :]]
        length = 0
        while length < least and not self.complete:
            block = next(self.blocks, b"")
            self.complete = not block
            try:
                part = self.decoder.decode(block, final=self.complete)
            except UnicodeDecodeError as error:
                raise Unreadable("is not UTF-8") from error
            length += len(part)
            parts.append(part)
        self.text, self.place = "".join(parts), 0
        return length > 0

    def skip(self, characters: str) -> None:
        while True:
            text, place, end = self.text, self.place, len(self.text)
            while place < end and text[place] in characters:
                place += 1
            self.place = place
            if place < end or not self.more():
                return

    def take(self, character: str) -> bool:
        found = self.text.startswith(character, self.place)
        self.place += found
        return found

    def ended(self) -> bool:
        return self.place >= len(self.text) and not self.more()

    def value(self, decode: Callable[[str, int], tuple[object, int]]) -> object:
        while True:
            try:  # not JSON, or not all of it yet
                value, self.place = decode(self.text, self.place)
            except json.JSONDecodeError as error:
                if self.more(len(self.text) - self.place):
                    continue
                cut = error.pos >= len(self.text.rstrip()) or error.msg.startswith("Unterminated")
                told = "it ends within a row" if cut else f"{error.msg} in a row"
                raise Unreadable(f"is not valid JSON: {told}") from None
            return value


def _text_rows(path: str) -> Iterator[Row]:
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                yield {"text": line.rstrip("\n")}
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8") from error


# What pandas takes for a missing value unless it is told otherwise.
MISSING = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
     "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
)  # fmt: skip


def _csv_rows(path: str) -> Iterator[Row]:
    import csv

    from ftlint.datasets.textscan import records_of

    records = records_of(path)
    try:
        header = [_text(name) for name in next(records, [])]
        for record in records:
            yield {name: None if value in MISSING else _text(value)
                   for name, value in zip(header, record)}  # fmt: skip
    except csv.Error as error:
        raise Unreadable(f"is not readable as CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8") from error


def _text(value: str) -> str:
    return value if value.isascii() else value.encode("latin-1").decode()


def _table_rows(path: str, kind: str, columns: list[str]) -> Iterator[Row]:
    from importlib import import_module

    try:
        arrow = import_module("pyarrow")
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise NoReader("needs pyarrow to be looked into: pip install 'ftlint[parquet]'") from error
    try:
        if kind == "parquet":
            with parquet.ParquetFile(path) as table:
                present = [name for name in table.schema_arrow.names if name in columns]
                for batch in table.iter_batches(1024, columns=present):
                    yield from batch.to_pylist()
            return
        with open(path, "rb") as stream:
            try:
                batches = arrow.ipc.open_stream(stream)
            except (OSError, arrow.ArrowInvalid):
                table = arrow.ipc.open_file(stream)
                batches = map(table.get_batch, range(table.num_record_batches))
            for batch in batches:
                present = [name for name in batch.schema.names if name in columns]
                yield from batch.select(present).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable(f"cannot be read: {error}") from error

"""Read the rows of a file one after the other, for the checks that need what is in them."""

from __future__ import annotations

from io import BufferedReader, TextIOWrapper

from ftlint.datasets.faults import Doubtful, NotLoadable
from ftlint.datasets.jsonload import JsonFile
from ftlint.datasets.rowcount import NEWER, RowCount
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.datasets.jsonload import Row
    from ftlint.support.disk import Disk


class NoReader(Exception):
    """The file may well load, but a package that reads it is not installed here."""


def rows_of(path: str, kind: str, columns: Iterable[str | None], disk: Disk) -> Iterator[Row]:
    """Yield the rows of a file of the given kind: json, csv, text, parquet or arrow.

    Of parquet and arrow only `columns` are read. Raises NotLoadable, Doubtful, NoReader
    and OSError.
    """
    if kind == "json":
        return JsonFile(path, disk).rows()
    if kind == "text":
        return _text_rows(path, disk)
    if kind == "csv":
        from ftlint.datasets.csvload import CsvFile

        return CsvFile(path, disk, typed=False).rows()
    return _table_rows(path, kind, [name for name in columns if name], disk)


def columns_of(path: str, kind: str, disk: Disk) -> tuple[str, ...]:
    """Return the columns of a file's first row. Raises NotLoadable and OSError."""
    if kind in ("parquet", "arrow"):
        from ftlint.datasets.arrowipc import read_table
        from ftlint.datasets.parquet import read_footer

        head = (read_footer if kind == "parquet" else read_table)(path, disk)
        if isinstance(head, str):
            raise NotLoadable(head)
        return head.columns
    return tuple(next(rows_of(path, kind, (), disk), ()))


def count_parsed(path: str, disk: Disk) -> RowCount:
    """Return the rows of a .json or .jsonl file and their types. Raises OSError."""
    file = JsonFile(path, disk)
    try:
        for _ in file.rows():
            pass
    except NotLoadable as error:
        return RowCount(None, str(error))
    except Doubtful as error:
        return RowCount(None, str(error), doubt=True)
    if not file.count and (not file.tables or file.blank):
        return RowCount(0, "is empty", tables=tuple(file.tables))
    since = f"{NEWER} {file.since}" if file.since else ""
    return RowCount(file.count, assumption=since, tables=tuple(file.tables))


def _text_rows(path: str, disk: Disk) -> Iterator[Row]:
    try:
        with disk.open(path) as file:
            for line in TextIOWrapper(BufferedReader(file), encoding="utf-8"):
                yield {"text": line.rstrip("\n")}
    except UnicodeDecodeError as error:
        raise NotLoadable("is not UTF-8") from error


def _table_rows(path: str, kind: str, columns: list[str], disk: Disk) -> Iterator[Row]:
    from importlib import import_module

    try:
        arrow = import_module("pyarrow")
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise NoReader("needs pyarrow to be looked into: pip install 'ftlint[parquet]'") from error
    try:
        if kind == "parquet":
            with disk.open(path) as stream, parquet.ParquetFile(stream) as table:
                present = [name for name in table.schema_arrow.names if name in columns]
                for batch in table.iter_batches(1024, columns=present):
                    yield from batch.to_pylist()
            return
        with disk.open(path) as stream:
            try:
                batches = arrow.ipc.open_stream(stream)
            except (OSError, arrow.ArrowInvalid):
                table = arrow.ipc.open_file(stream)
                batches = map(table.get_batch, range(table.num_record_batches))
            for batch in batches:
                present = [name for name in batch.schema.names if name in columns]
                yield from batch.select(present).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise NotLoadable(f"cannot be read: {error}") from error

"""Count the rows of text and comma-separated files.

Source: datasets `packaged_modules/text/text.py` and `csv/csv.py` (4.0), pandas' C tokenizer.
"""

from __future__ import annotations

import sys

from ftlint.datasets.rowcount import BOM, RowCount
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 1 << 19


def count_text(path: str) -> RowCount:
    r"""Return the lines of a text file: they end at \n, \r\n or a lone \r, and blank ones count.

    Raises OSError when the file cannot be read.
    """
    rows, last = 0, b"\n"
    with open(path, "rb", buffering=0) as file:
        while block := file.read(BLOCK):
            rows += block.count(b"\n")
            if b"\r" in block:
                rows += block.count(b"\r") - block.count(b"\r\n")
            if last == b"\r" and block[:1] == b"\n":
                rows -= 1
            last = block[-1:]
    return RowCount(rows + (last not in b"\r\n"))


def count_csv(path: str) -> RowCount:
    """Return the records after the header, as pandas reads them; blank lines are none.

    Raises OSError when the file cannot be read.
    """
    import csv

    try:
        records = sum(1 for _ in records_of(path))
    except csv.Error as error:
        return RowCount(None, f"is not readable as CSV: {error}")
    return RowCount(max(records - 1, 0))


def records_of(path: str) -> Iterator[list[str]]:
    """Yield the records of a CSV file, header first, with every byte as one character.

    Raises OSError and csv.Error.
    """
    import csv

    limit = csv.field_size_limit(sys.maxsize)  # a field of text may be long
    try:
        with open(path, encoding="latin-1", newline="") as file:
            if file.read(len(BOM)).encode("latin-1") != BOM:
                file.seek(0)
            for record in csv.reader(file):
                if record and (len(record) > 1 or not record[0] or record[0].strip(" \t")):
                    yield record
    finally:
        csv.field_size_limit(limit)

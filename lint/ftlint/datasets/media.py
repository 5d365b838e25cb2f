"""Images, videos and audio in the rows of a dataset: what is declared, and what is really there."""

from __future__ import annotations

import os
from itertools import chain, islice

from ftlint.datasets.faults import Doubtful, NotLoadable
from ftlint.datasets.files import KINDS
from ftlint.datasets.reading import NoReader, rows_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.datasets.jsonload import Row
    from ftlint.datasets.records import DatasetSize
    from ftlint.support.disk import Disk

_MOST = 1000
"""Rows that are looked at: where there are media at all, most rows have some."""


def first_row(size: DatasetSize, column: str, disk: Disk, most: int | None = None) -> int | None:
    """Return the number of the first row with something in a column; 0: none has, as far as seen.

    None where the rows cannot be looked at. `most`: rows of the dataset that are used.
    """
    if size.source != "file" or not size.files:
        return None
    rows = chain.from_iterable(_rows(path, column, disk) for path in size.files)
    try:
        for number, row in enumerate(islice(rows, min(most or _MOST, _MOST)), 1):
            if row.get(column):
                return number
    except (Doubtful, NoReader, OSError, NotLoadable):
        return None
    return 0


def _rows(path: str, column: str, disk: Disk) -> Iterator[Row]:
    return rows_of(path, KINDS[os.path.splitext(path)[1][1:]], (column,), disk)

"""Dataset sizes without loading data: definitions, row counts, rows that preprocessing drops."""

from ftlint.datasets.cache import Cache, folder
from ftlint.datasets.entries import Entry, Info, define, read_info
from ftlint.datasets.files import Trouble
from ftlint.datasets.sizes import (
    NOT_LOCAL,
    DatasetSize,
    Question,
    absent_columns,
    count_rows,
    measure,
    samples,
    tokenized,
)

__all__ = [
    "NOT_LOCAL",
    "Cache",
    "DatasetSize",
    "Entry",
    "Info",
    "Question",
    "Trouble",
    "absent_columns",
    "count_rows",
    "define",
    "folder",
    "measure",
    "read_info",
    "samples",
    "tokenized",
]

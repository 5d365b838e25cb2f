"""Dataset definitions and the rows behind them, counted as the real loader takes them.

May import: support, steps, target.
"""

from ftlint.datasets.cache import Cache, folder
from ftlint.datasets.counting import count_rows
from ftlint.datasets.entries import DatasetEntry, Info, define, read_info
from ftlint.datasets.files import Trouble
from ftlint.datasets.records import NOT_LOCAL, DatasetSize, Question
from ftlint.datasets.sizes import absent_columns, measure, samples
from ftlint.datasets.tokenized_path import tokenized

__all__ = [
    "NOT_LOCAL",
    "Cache",
    "DatasetEntry",
    "DatasetSize",
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

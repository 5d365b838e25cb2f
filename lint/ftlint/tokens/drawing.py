"""The rows of a dataset that are counted: the first ones, or some of these drawn by chance."""

from __future__ import annotations

import json
import os
from io import BufferedReader
from itertools import islice
from random import Random

from ftlint.datasets.files import KINDS
from ftlint.datasets.reading import rows_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from ftlint.datasets.entries import DatasetEntry
    from ftlint.support.disk import Disk

    Rows = list[Mapping[str, Any]]


def first_rows(paths: Sequence[str], entry: DatasetEntry, count: int, disk: Disk) -> Rows:
    """Return the first rows of a dataset. Raises what `datasets.reading.rows_of` does."""
    return _taken(paths, entry, count, None, disk)


def drawn_rows(
    paths: Sequence[str], entry: DatasetEntry, count: int, sample: int, disk: Disk
) -> Rows:
    """Return so many of the first `count` rows, drawn by chance and always the same.

    Of a file with a row a line only these lines are parsed.
    """
    chosen = frozenset(Random(0).sample(range(count), sample))
    if len(paths) == 1 and KINDS[_suffix(paths[0])] == "json":
        found = _lines(paths[0], chosen, disk)
        if found is not None:
            return found
    return _taken(paths, entry, count, chosen, disk)


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1][1:]


def _taken(
    paths: Sequence[str],
    entry: DatasetEntry,
    count: int,
    chosen: Collection[int] | None,
    disk: Disk,
) -> Rows:
    found: Rows = []
    place = 0
    for path in paths:
        rows = rows_of(path, KINDS[_suffix(path)], entry.columns, disk)
        for row in islice(rows, count - place):
            if chosen is None or place in chosen:
                found.append(row)
            place += 1
    return found


def _lines(path: str, chosen: Collection[int], disk: Disk) -> Rows | None:
    """Return the rows of these lines; None for a file that has not a row in each of its lines."""
    found: Rows = []
    place = 0
    with BufferedReader(disk.open(path)) as file:
        for line in file:
            if line.isspace():
                continue
            if place in chosen:
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    return None
                if not isinstance(row, dict):
                    return None
                found.append(row)
            place += 1
    return found if len(found) == len(chosen) else None

"""How many rows one data file has: by the reader of its kind, or as the cache still knows."""

from __future__ import annotations

from ftlint.datasets.rowcount import MOST_ROWS, RowCount
from ftlint.support.kept import NONE, Unfit, form, of_form
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.datasets.cache import Cache
    from ftlint.support.disk import Disk

CHECKED_UP_TO = 16 << 20  # bytes; the types of bigger files are known as far as rows are looked at
ROWS = "rows, types, tables and loaders"  # what the cache is asked for
COUNT = form((int, NONE), str, str, bool, (list, NONE))
CACHED_FROM = 1 << 20  # smaller files are counted faster than the cache is asked


def is_worth_keeping(path: str, disk: Disk) -> bool:
    """Return whether to ask the cache for what is counted in a file. Raises OSError."""
    return disk.size(path) >= CACHED_FROM and not disk.is_held(path)


def known_rows(path: str, kind: str, cache: Cache, disk: Disk) -> RowCount:
    """Return `count_rows`, kept for a large file. Raises OSError."""
    worth = is_worth_keeping(path, disk)
    kept = cache.get(path, ROWS) if worth else None
    if kept is not None:
        try:
            return _revived(kept)
        except Unfit:
            pass
    count = count_rows(path, kind, disk)
    if worth:
        cache.put(path, ROWS, list(count))
    return count


def _revived(kept: list[object]) -> RowCount:
    """Return a count as a cache has kept it. Raises Unfit."""
    from ftlint.datasets.shapes import STRUCT, frozen

    rows, problem, assumption, doubt, kinds = of_form(COUNT, kept)
    tables = None if kinds is None else tuple([frozen(one) for one in kinds])
    if not 0 <= (rows or 0) <= MOST_ROWS or any(one[:1] != (STRUCT,) for one in tables or ()):
        raise Unfit
    return RowCount(rows, problem, assumption, doubt, tables)


def count_rows(path: str, kind: str, disk: Disk) -> RowCount:
    """Return the rows of one file of a kind of `files.KINDS`. Raises OSError."""
    if kind == "json" and disk.size(path) <= CHECKED_UP_TO:
        from ftlint.datasets.reading import count_parsed as count
    elif kind == "json":
        from ftlint.datasets.jsonscan import count_json as count
    elif kind == "csv":
        from ftlint.datasets.textscan import count_csv

        return count_csv(path, disk, typed=disk.size(path) <= CHECKED_UP_TO)
    elif kind == "text":
        from ftlint.datasets.textscan import count_text as count
    elif kind == "parquet":
        from ftlint.datasets.parquet import count_parquet as count
    else:
        from ftlint.datasets.arrowipc import count_arrow as count
    return count(path, disk)

"""What the loader makes of the tables that it reads one after the other, by their types alone."""

from __future__ import annotations

import os

from ftlint.datasets.files import DOUBTFUL, ORDER, UNREADABLE, Trouble
from ftlint.datasets.shapes import DOUBT, TIME, orders
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.datasets.rowcount import RowCount
    from ftlint.support.disk import Disk


def differing(
    paths: Sequence[str], counts: Sequence[RowCount], workers: int, disk: Disk
) -> Trouble | None:
    """Return what the loader makes of tables of different types, None where all is well.

    It reads files in the order in which the file system lists them, and casts to the first one:
    ORDER says that they load here, and that it depends on that order.
    """
    if any(count.tables is None for count in counts):
        return None
    tables = [count.tables or () for count in counts]
    names = [os.path.basename(path) for path in paths]
    apart = min(workers, len(paths)) > 1
    if apart and not all(tables):
        empty = next(name for name, file in zip(names, tables) if not file)
        return Trouble(UNREADABLE, f"{empty} is empty, which the loader rejects with "
                       "`preprocessing_num_workers`")  # fmt: skip
    if len({table for file in tables for table in file}) < 2:
        return None
    found = [misfit for misfit, file in zip(orders(tables, apart=apart), tables) if file]  # type: ignore
    filled = [place for place, file in enumerate(tables) if file]
    listed = {name: place for place, name in enumerate(disk.names(os.path.dirname(paths[0])))}
    first = min(range(len(filled)), key=lambda turn: listed.get(names[filled[turn]], 0))
    here, misfit = found[first], next((one for one in found if one is not None), None)
    if misfit is None:
        return None
    told = here or misfit
    what = f"{names[told.file]}: {told.why}"
    if told.why == DOUBT:
        doubt = f"{names[told.file]} has columns of other types than what is read before it"
        return Trouble(DOUBTFUL, doubt)
    if here is None:
        return Trouble(ORDER, what)
    where = f" ({names[filled[first]]} is listed first on this machine)" if None in found else ""
    parts = "files" if len(paths) > 1 else "rows"
    return Trouble(UNREADABLE, f"{what}{where}; give all {parts} the same columns and types")


def times(counts: Sequence[RowCount]) -> frozenset[str]:
    """Return the columns whose texts all read as times, which pyarrow then makes of them."""
    table = next((count.tables[0] for count in counts if count.tables), None)
    return frozenset(name for name, kind in (table[1] if table else ()) if kind == TIME)  # type: ignore


def uneven(counts: Sequence[RowCount]) -> bool:
    """Return whether a table lacks columns of another one, which older datasets do not fill."""
    return len({_names(table) for count in counts for table in count.tables or ()}) > 1


def has_columns(count: RowCount) -> bool:
    """Return whether anything is known to be in the rows, or nothing is known."""
    return _fields(count) != ()


def shifted(count: RowCount) -> bool:
    """Return whether pandas takes the first fields of a CSV file for an index."""
    return "__index_level_0__" in (_fields(count) or ())


def _fields(count: RowCount) -> tuple[str, ...] | None:
    """Return the columns of the first table, None where they were not looked at."""
    if not count.tables:
        return None
    return tuple(name for name, _ in count.tables[0][1])  # type: ignore[index]


def _names(kind: object) -> object:
    """Return the fields of a type, and of those inside of it, without what they hold."""
    if not isinstance(kind, tuple):
        return ""
    if kind[0] == "list":
        return _names(kind[1])
    return frozenset((name, _names(inner)) for name, inner in kind[1])

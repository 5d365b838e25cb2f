"""Objects inside of rows as Arrow hands them on: with the fields that any of them has.

What is written as JSON into a turn (tools, calls of tools) comes out with the fields in the order
in which they were first met, and null where a row has none.
"""

from __future__ import annotations

from ftlint.datasets.shapes import LIST, NUMBER, STRUCT, Conflict, Record
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.datasets.entries import DatasetEntry
    from ftlint.datasets.shapes import Type

    Row = Mapping[str, Any]


def as_loaded(rows: list[Row], entry: DatasetEntry) -> list[Row]:
    """Return rows with the columns that hold objects as the loader hands them on."""
    names = [name for name in (entry.columns.messages, entry.columns.tools) if name]
    types = Record("", times=False)
    try:
        for row in rows:
            types.see({name: row[name] for name in names if name in row})
    except (Conflict, ValueError):
        return rows  # told where the rows are counted
    known = dict(types.type()[1])  # type: ignore[call-overload]
    return [
        {**row, **{name: _filled(row.get(name), known[name]) for name in names if name in known}}
        for row in rows
    ]


def _filled(value: Any, kind: Type) -> Any:
    if isinstance(value, list) and kind[0] == LIST:
        return [_filled(one, kind[1]) for one in value]  # type: ignore[arg-type]
    if isinstance(value, dict) and kind[0] == STRUCT:
        return {name: _filled(value.get(name), inner) for name, inner in kind[1]}  # type: ignore
    if kind == NUMBER and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value

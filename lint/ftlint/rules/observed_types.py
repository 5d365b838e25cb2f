"""What the real program did with every kind of value of every key (schemas/probe.py)."""

from __future__ import annotations

from ftlint.syntax.dialect import looks_numeric
from ftlint.target.keys import nearest
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "text",
    list: "list",
    dict: "map",
}


def kind_of(value: object) -> str:
    """Return null, bool, int, float, text, list, map, or other (a date, bytes)."""
    return _KINDS.get(type(value), "other")


def detail_of(value: object) -> str:
    """Return the kind as the probes tell them apart."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "whole_float" if value.is_integer() else "float"
    if isinstance(value, str):
        if not value:
            return "empty_text"
        if value.lower() in ("true", "false"):
            return f"{value.lower()}_text"
        if looks_numeric(value):
            return "int_text" if value.lstrip("+-").isdecimal() else "float_text"
        return "word"
    return {"null": "null", "int": "int", "list": "list", "map": "mapping"}.get(
        kind_of(value), "word"
    )


def observed_failure(release: str, key: str, detail: str) -> str | None:
    """Return what a value of this kind met: `refused`, where the run crashed, or None."""
    return dict(nearest(compiled.TYPES, release, key)).get(detail)


def observed_with(release: str, key: str) -> tuple[tuple[str, Any], ...]:
    """Return the other keys, and their values, with which the run was seen to end on a key.

    None for a value: any that is true. 2: a list of several names.
    """
    return nearest(compiled.LIVE_WHERE, release, key)


def counts_as_nothing(release: str, key: str, value: object) -> bool:
    """Return whether 0 counts as unset: where null and false pass, Python's bool decides."""
    zero = isinstance(value, (int, float)) and not value
    return zero and not any(observed_failure(release, key, kind) for kind in ("null", "false"))

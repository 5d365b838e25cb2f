"""Whether data that were read from a file have the form that a `TypedDict` describes."""

from __future__ import annotations

import types
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

LARGEST = 1e18
"""No second, byte or step of a run comes near it; beyond, sums and squares overflow."""


def fault(data: object, kind: Any, place: str = "") -> str | None:
    """Return where `data` is not of the form `kind`, None where all of it is."""
    if is_typeddict(kind):
        return _of_fields(data, kind, place)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        faults = [fault(data, one, place) for one in inner]
        return None if None in faults else max(map(str, faults), key=len)
    if origin is list:
        if not isinstance(data, list):
            return place
        found = (fault(one, inner[0], f"{place}[{at}]") for at, one in enumerate(data))
        return next((one for one in found if one is not None), None)
    if origin is dict:
        if not isinstance(data, dict):
            return place
        found = (fault(one, inner[1], f"{place}.{name}") for name, one in data.items())
        return next((one for one in found if one is not None), None)
    return None if _is(data, kind) else place


def _of_fields(data: object, kind: Any, place: str) -> str | None:
    if not isinstance(data, dict):
        return place
    for name, wanted in _hints(kind).items():
        if name not in data:  # a later field, which older data do not have
            continue
        found = fault(data[name], wanted, f"{place}.{name}".lstrip("."))
        if found is not None:
            return found
    return None


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is(data: object, kind: Any) -> bool:
    if kind in (Any, object):
        return True
    if kind is type(None):
        return data is None
    if kind in (int, float):
        number = isinstance(data, int | float) if kind is float else isinstance(data, int)
        return number and not isinstance(data, bool) and abs(data) < LARGEST  # type: ignore[arg-type]
    return isinstance(data, kind)

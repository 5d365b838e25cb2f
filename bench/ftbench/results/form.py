"""Records that are written as JSON and read back: what was read has the form that its type says.

A type is a `TypedDict`, which stays a dict, a dataclass, or built of both with lists, tuples, dicts
and unions. `json_name` in a field's metadata is what it is called in the file.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

LARGEST = 1e18
"""No second, byte or step of a run comes near it; beyond, sums and squares overflow."""

T = TypeVar("T")


class BadForm(ValueError):
    """Data that are not of a form. `place` is where, as `steps[3].seconds`; empty for the whole."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def parse(data: object, kind: type[T]) -> T:
    """Return data as the record that `kind` describes.

    A field that is absent takes its default; one of a `TypedDict` may be absent, since older data
    do not have later fields, and what a `TypedDict` does not name stays. Raises `BadForm`.
    """
    return cast("T", _parse(data, kind, ""))


def plain(record: object) -> Any:
    """Return a record as what JSON can hold; the inverse of `parse`."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {_written(one): plain(getattr(record, one.name)) for one in _fields(type(record))}
    if isinstance(record, Mapping):
        return {name: plain(value) for name, value in record.items()}
    return [plain(one) for one in record] if isinstance(record, (list, tuple)) else record


def _parse(data: object, kind: Any, place: str) -> object:
    origin = get_origin(kind)
    if is_typeddict(kind):
        return _typed_dict(data, kind, place)
    if dataclasses.is_dataclass(kind):
        return _dataclass(data, kind, place)
    if origin in (Union, types.UnionType):
        return _union(data, kind, place)
    if origin is list:
        return [_parse(one, get_args(kind)[0], at) for one, at in _items(data, place)]
    if origin is tuple:
        return _tuple(data, get_args(kind), place)
    if origin is dict:
        values = get_args(kind)[1]
        return {name: _parse(one, values, f"{place}.{name}") for name, one in _named(data, place)}
    if not _is(data, kind):
        raise BadForm(place)
    return data


def _typed_dict(data: object, kind: Any, place: str) -> dict[str, object]:
    found = dict(_named(data, place))
    for name, wanted in _hints(kind).items():
        if name in found:
            found[name] = _parse(found[name], wanted, f"{place}.{name}".lstrip("."))
    return found


def _dataclass(data: object, kind: Any, place: str) -> object:
    given, hints = dict(_named(data, place)), _hints(kind)
    found = {}
    for one in _fields(kind):
        inside = f"{place}.{_written(one)}".lstrip(".")
        if _written(one) in given:
            found[one.name] = _parse(given[_written(one)], hints[one.name], inside)
        elif one.default is one.default_factory is dataclasses.MISSING:
            raise BadForm(inside)
    return kind(**found)


def _union(data: object, kind: Any, place: str) -> object:
    misfits = []
    for one in get_args(kind):
        found = _tried(data, one, place)
        if not isinstance(found, BadForm):
            return found
        misfits.append(found)
    raise max(misfits, key=lambda one: len(one.place))


def _tried(data: object, kind: Any, place: str) -> object | BadForm:
    try:
        return _parse(data, kind, place)
    except BadForm as error:
        return error


def _tuple(data: object, kinds: tuple[Any, ...], place: str) -> tuple[object, ...]:
    items = _items(data, place)
    if kinds[-1] is Ellipsis:
        return tuple(_parse(one, kinds[0], at) for one, at in items)
    if len(items) != len(kinds):
        raise BadForm(place)
    return tuple(_parse(one, kind, at) for (one, at), kind in zip(items, kinds))


def _items(data: object, place: str) -> list[tuple[object, str]]:
    if not isinstance(data, list):
        raise BadForm(place)
    return [(one, f"{place}[{at}]") for at, one in enumerate(data)]


def _named(data: object, place: str) -> Any:
    if not isinstance(data, dict):
        raise BadForm(place)
    return data.items()


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _fields(kind: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(kind)


def _written(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("json_name", field.name))


def _is(data: object, kind: Any) -> bool:
    if kind in (Any, object):
        return True
    if kind is type(None):
        return data is None
    if kind in (int, float):
        number = isinstance(data, int | float) if kind is float else isinstance(data, int)
        return number and not isinstance(data, bool) and abs(data) < LARGEST  # type: ignore[arg-type]
    return isinstance(data, kind)

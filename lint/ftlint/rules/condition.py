"""Does a rule's condition hold? The part of JSON Schema 2020-12 that rules are written in.

`jsonschema` is the reference: a test holds this against it for every rule and every corpus file.
This one answers in microseconds and needs no import, which is what the linter's path asks for.
"""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftschemas.ruleformat import Condition

    Instance = dict[str, Any]
    """`config`, `effective` and `facts`, each a mapping."""


def holds(when: Condition, instance: Instance) -> bool:
    """Say whether `when` holds over `instance`.

    What rests on an unknown value (a `$data` reference to nothing, a template's gap) does not
    hold, and nor does its negation; under `anyOf` the other branches still may.
    """
    try:
        return _holds(when, instance)
    except _NotKnownError:
        return False


def _holds(when: Condition, instance: Instance) -> bool:
    for section in ("config", "facts", "effective"):
        keys = when.get(section)
        if keys is not None:
            values: Mapping[str, object] = instance[section]
            for key, schema in keys.items():
                if key in instance["unknown"]:
                    raise _NotKnownError
                if schema is False:
                    if key in values:
                        return False
                elif key not in values or not matches(schema, values[key], instance):
                    return False
    if "anyOf" in when and not any(holds(part, instance) for part in when["anyOf"]):
        return False
    if "allOf" in when and not all(_holds(part, instance) for part in when["allOf"]):
        return False
    return not ("not" in when and _holds(when["not"], instance))


def matches(schema: Any, value: object, instance: Instance) -> bool:
    """Say whether `value` is valid under `schema`."""
    if isinstance(schema, bool):
        return schema
    for keyword, argument in schema.items():
        if isinstance(argument, dict) and "$data" in argument:
            argument = _referred(argument["$data"], instance)
        if not _keyword(keyword, argument, value, instance):
            return False
    return True


def _keyword(keyword: str, argument: Any, value: object, instance: Instance) -> bool:
    if keyword in _LOGIC:
        return bool(_LOGIC[keyword](argument, value, instance))
    if keyword in _NUMERIC:
        if not is_type(value, "number"):
            return True
        if not is_type(argument, "number"):
            raise _NotKnownError
        return bool(_NUMERIC[keyword](value, argument))
    if keyword in _TEXT:
        return not isinstance(value, str) or _TEXT[keyword](value, argument)
    if keyword in _LIST:
        return not isinstance(value, list) or _LIST[keyword](value, argument, instance)
    return not isinstance(value, dict) or _OBJECT[keyword](value, argument, instance)


def is_type(value: object, name: str) -> bool:
    """Say whether `value` is of a JSON type; True is no number, and 8.0 is an integer."""
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "integer":
        if isinstance(value, float):
            return value.is_integer()
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _TYPES[name])


def equal(one: object, other: object) -> bool:
    """Compare as JSON does: 1 equals 1.0, True equals only True."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return one == other


_TYPES: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def _multiple(value: Any, of: Any) -> bool:
    if of == 0 or value != value or value in (float("inf"), float("-inf")):
        return False
    if isinstance(of, float):
        quotient = value / of
        return bool(int(quotient) == quotient)
    return not value % of


_NUMERIC: dict[str, Any] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "multipleOf": _multiple,
}
_TEXT: dict[str, Any] = {
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
}
_LOGIC: dict[str, Any] = {
    "type": lambda names, value, _: any(
        is_type(value, name) for name in ([names] if isinstance(names, str) else names)
    ),
    "const": lambda wanted, value, _: equal(value, wanted),
    "enum": lambda items, value, _: any(equal(value, item) for item in items),
    "not": lambda part, value, instance: not matches(part, value, instance),
    "anyOf": lambda parts, value, i: any(matches(part, value, i) for part in parts),
    "allOf": lambda parts, value, i: all(matches(part, value, i) for part in parts),
}
_LIST: dict[str, Any] = {
    "minItems": lambda value, bound, _: len(value) >= bound,
    "maxItems": lambda value, bound, _: len(value) <= bound,
    "items": lambda value, part, i: all(matches(part, item, i) for item in value),
    "contains": lambda value, part, i: any(matches(part, item, i) for item in value),
    "prefixItems": lambda value, parts, i: all(
        matches(part, item, i) for part, item in zip(parts, value)
    ),
}
_OBJECT: dict[str, Any] = {
    "required": lambda value, names, _: all(name in value for name in names),
    "minProperties": lambda value, bound, _: len(value) >= bound,
    "properties": lambda value, parts, i: all(
        matches(part, value[name], i) for name, part in parts.items() if name in value
    ),
    "propertyNames": lambda value, part, i: all(matches(part, name, i) for name in value),
}


class _NotKnownError(LookupError):
    """A `$data` reference names a value that is absent or of no use to the keyword."""


def _referred(pointer: str, instance: Instance) -> object:
    found: Any = instance
    for part in pointer.lstrip("/").split("/"):
        if not isinstance(found, dict) or part not in found:
            raise _NotKnownError
        found = found[part]
    if found is None:
        raise _NotKnownError
    return found

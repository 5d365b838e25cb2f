"""Does a rule's condition hold? The part of JSON Schema 2020-12 that rules are written in.

`jsonschema` is the reference: a test holds this against it for every rule and every corpus file.
This one answers in microseconds and needs no import, which is what the linter's path asks for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftschemas.ruleformat import Condition

Instance = dict[str, Any]
"""`config`, `effective` and `facts`, each a mapping."""


class Unsupported(ValueError):
    """A keyword that ftlint's conditions do not have."""


def holds(when: Condition, instance: Instance) -> bool:
    """Say whether `when` holds over `instance`; a reference to an unknown value never does."""
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
                if schema is False:
                    if key in values:
                        return False
                elif key not in values or not matches(schema, values[key], instance):
                    return False
    if "anyOf" in when and not any(_holds(part, instance) for part in when["anyOf"]):
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
    if keyword == "type":
        names = [argument] if isinstance(argument, str) else argument
        return any(is_type(value, name) for name in names)
    if keyword == "const":
        return equal(value, argument)
    if keyword == "enum":
        return any(equal(value, item) for item in argument)
    if keyword == "not":
        return not matches(argument, value, instance)
    if keyword == "anyOf":
        return any(matches(part, value, instance) for part in argument)
    if keyword == "allOf":
        return all(matches(part, value, instance) for part in argument)
    if keyword in _NUMERIC:
        if not is_type(value, "number"):
            return True
        if not is_type(argument, "number"):
            raise _NotKnownError
        return _NUMERIC[keyword](value, argument)
    if keyword in _TEXT:
        return not isinstance(value, str) or _TEXT[keyword](value, argument)
    if keyword in ("minItems", "maxItems"):
        if not isinstance(value, list):
            return True
        if not is_type(argument, "number"):
            raise _NotKnownError
        return len(value) >= argument if keyword == "minItems" else len(value) <= argument
    if keyword == "items":
        return not isinstance(value, list) or all(matches(argument, v, instance) for v in value)
    if keyword == "contains":
        return not isinstance(value, list) or any(matches(argument, v, instance) for v in value)
    if keyword == "required":
        return not isinstance(value, dict) or all(name in value for name in argument)
    if keyword == "properties":
        return not isinstance(value, dict) or all(
            matches(part, value[name], instance) for name, part in argument.items() if name in value
        )
    raise Unsupported(keyword)


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

"""Does a rule's condition hold? The part of JSON Schema 2020-12 that rules are written in.

`jsonschema` is the reference: a test holds this against it for every rule and every corpus file.
This one makes a function of a condition, which answers in microseconds and needs no import.
"""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ftschemas.rule import Condition

    Predicate = Callable[["Instance"], bool]
    Test = Callable[[Any, "Instance"], bool]
    """Is a value valid? The instance is there for what refers to other values."""


class Instance(NamedTuple):
    """What conditions are about: a config as it is written, over its defaults, and what is known.

    `unknown` are the keys whose value is a placeholder of a template: no rule may rest on those.
    """

    config: dict[str, Any]
    effective: dict[str, Any]
    facts: dict[str, Any]
    unknown: set[str]

    def section(self, name: str) -> dict[str, Any]:
        """Return the values of a section, none where it is no section."""
        return self[_PLACES[name]] if name in _PLACES else {}  # type: ignore[return-value]


_PLACES = {"config": 0, "effective": 1, "facts": 2}


def holds(when: Condition, instance: Instance) -> bool:
    """Return whether `when` holds over `instance`; keep the `predicate` to ask more than once."""
    return predicate(when)(instance)


def predicate(when: Condition) -> Predicate:
    """Return the function that says whether `when` holds over an instance.

    What rests on an unknown value (a `$data` reference to nothing, a template's gap) does not
    hold, and nor does its negation; under `anyOf` the other branches still may.
    """
    condition = _condition(when)

    def known_to_hold(instance: Instance) -> bool:
        try:
            return condition(instance)
        except _NotKnownError:
            return False

    return known_to_hold


def mentioned(when: Any) -> set[str]:
    """Return the keys and facts that a condition rests on.

    >>> sorted(mentioned({"config": {"a": {"const": {"$data": "/facts/b/c"}}}, "not": {}}))
    ['a', 'b']
    """
    found: set[str] = set()
    if isinstance(when, dict):
        for name, part in when.items():
            if name in _PLACES and isinstance(part, dict):
                found.update(part)
            if name == "$data" and isinstance(part, str):
                found.update(part.lstrip("/").split("/")[1:2])
            found |= mentioned(part)
    elif isinstance(when, (list, tuple)):
        found.update(*map(mentioned, when))
    return found


def _condition(when: Condition) -> Predicate:
    keys = [
        (_PLACES[section], key, None if schema is False else _schema(schema))
        for section in ("config", "facts", "effective")
        for key, schema in when.get(section, {}).items()
    ]
    others: list[Predicate] = list(map(_condition, when.get("allOf", ())))
    if "anyOf" in when:
        branches = list(map(predicate, when["anyOf"]))
        others.insert(0, _any(branches))
    if "not" in when:
        negated = _condition(when["not"])
        others.append(lambda instance: not negated(instance))

    def condition(instance: Instance) -> bool:
        unknown = instance.unknown
        for place, key, test in keys:
            if key in unknown:
                raise _NotKnownError
            values: Any = instance[place]
            if test is None:
                if key in values:
                    return False
            elif key not in values or not test(values[key], instance):
                return False
        for other in others:  # noqa: SIM110
            if not other(instance):
                return False
        return True

    return condition


def _any(branches: list[Predicate]) -> Predicate:
    def any_branch(instance: Instance) -> bool:
        for branch in branches:  # noqa: SIM110 - a generator costs as much as two branches
            if branch(instance):
                return True
        return False

    return any_branch


def _schema(schema: Any) -> Test:
    """Return the test of a JSON Schema."""
    if isinstance(schema, bool):
        return lambda value, instance: schema
    tests = [_keyword(keyword, argument) for keyword, argument in schema.items()]
    return tests[0] if len(tests) == 1 else _every(tests)


def _every(tests: list[Test]) -> Test:
    def every_test(value: Any, instance: Instance) -> bool:
        for test in tests:  # noqa: SIM110
            if not test(value, instance):
                return False
        return True

    return every_test


def _some(tests: list[Test]) -> Test:
    def some_test(value: Any, instance: Instance) -> bool:
        for test in tests:  # noqa: SIM110
            if test(value, instance):
                return True
        return False

    return some_test


def _keyword(keyword: str, argument: Any) -> Test:
    if not (isinstance(argument, dict) and "$data" in argument):
        return _MAKERS[keyword](argument)
    make, pointer = _MAKERS[keyword], argument["$data"]
    return lambda value, instance: make(_referred(pointer, instance))(value, instance)


def equal(one: object, other: object) -> bool:
    """Compare as JSON does: 1 equals 1.0, True equals only True."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return one == other


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": _is_number,
    "integer": lambda value: (
        value.is_integer()
        if isinstance(value, float)
        else isinstance(value, int) and not isinstance(value, bool)
    ),
}


def _type(names: str | list[str]) -> Test:
    kinds = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    if len(kinds) == 1:
        (kind,) = kinds
        return lambda value, _: kind(value)
    return lambda value, _: any(kind(value) for kind in kinds)


def _const(wanted: Any) -> Test:
    if wanted is None or isinstance(wanted, bool):
        return lambda value, _: value is wanted
    if isinstance(wanted, str):
        return lambda value, _: bool(value == wanted)
    return lambda value, _: equal(value, wanted)


def _enum(items: list[Any]) -> Test:
    texts = {item for item in items if isinstance(item, str)}
    others = [item for item in items if not isinstance(item, str)]
    truths = [item for item in others if isinstance(item, bool)]
    numbers = {item for item in others if _is_number(item)}
    null = None in others

    def is_one(value: Any, _: Instance) -> bool:
        if isinstance(value, str):
            return value in texts
        if value is None:
            return null
        if isinstance(value, bool):
            return value in truths
        if isinstance(value, (int, float)):
            return value in numbers
        return any(equal(value, one) for one in others)

    return is_one


def _bounded(within: Callable[[Any, Any], bool]) -> Callable[[Any], Test]:
    """Return the maker of a test of numbers, which nothing else fails."""

    def make(bound: Any) -> Test:
        if not _is_number(bound):
            return _unknown_bound
        return lambda value, _: not _is_number(value) or within(value, bound)

    return make


def _unknown_bound(value: object, _: Instance) -> bool:
    if _is_number(value):
        raise _NotKnownError
    return True


def _is_multiple(value: Any, of: Any) -> bool:
    if of == 0 or value != value or value in (float("inf"), float("-inf")):
        return False
    if isinstance(of, float):
        quotient = value / of
        return bool(int(quotient) == quotient)
    return not value % of


def _of(kind: type, test: Test) -> Test:
    """Return a test that only values of this kind can fail."""
    return lambda value, instance: not isinstance(value, kind) or test(value, instance)


def _pattern(pattern: str) -> Test:
    return _of(str, lambda value, _: re.search(pattern, value) is not None)


def _not(schema: Any) -> Test:
    test = _schema(schema)
    return lambda value, instance: not test(value, instance)


def _any_of(schemas: list[Any]) -> Test:
    return _some(list(map(_schema, schemas)))


def _all_of(schemas: list[Any]) -> Test:
    return _every(list(map(_schema, schemas)))


def _items(schema: Any) -> Test:
    test = _schema(schema)
    return _of(list, lambda value, instance: all(test(item, instance) for item in value))


def _contains(schema: Any) -> Test:
    test = _schema(schema)
    return _of(list, lambda value, instance: any(test(item, instance) for item in value))


def _prefix_items(schemas: list[Any]) -> Test:
    tests = list(map(_schema, schemas))
    return _of(
        list,
        lambda value, instance: all(test(item, instance) for test, item in zip(tests, value)),
    )


def _properties(schemas: dict[str, Any]) -> Test:
    tests = {name: _schema(schema) for name, schema in schemas.items()}
    return _of(
        dict,
        lambda value, instance: all(
            test(value[name], instance) for name, test in tests.items() if name in value
        ),
    )


def _property_names(schema: Any) -> Test:
    test = _schema(schema)
    return _of(dict, lambda value, instance: all(test(name, instance) for name in value))


_MAKERS: dict[str, Callable[[Any], Test]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "not": _not,
    "anyOf": _any_of,
    "allOf": _all_of,
    "minimum": _bounded(lambda value, bound: bool(value >= bound)),
    "maximum": _bounded(lambda value, bound: bool(value <= bound)),
    "exclusiveMinimum": _bounded(lambda value, bound: bool(value > bound)),
    "exclusiveMaximum": _bounded(lambda value, bound: bool(value < bound)),
    "multipleOf": _bounded(_is_multiple),
    "pattern": _pattern,
    "minLength": lambda bound: _of(str, lambda value, _: len(value) >= bound),
    "maxLength": lambda bound: _of(str, lambda value, _: len(value) <= bound),
    "minItems": lambda bound: _of(list, lambda value, _: len(value) >= bound),
    "items": _items,
    "contains": _contains,
    "prefixItems": _prefix_items,
    "required": lambda names: _of(dict, lambda value, _: all(name in value for name in names)),
    "minProperties": lambda bound: _of(dict, lambda value, _: len(value) >= bound),
    "properties": _properties,
    "propertyNames": _property_names,
}


class _NotKnownError(LookupError):
    """A `$data` reference names a value that is absent or of no use to the keyword."""


def _referred(pointer: str, instance: Instance) -> object:
    section, *parts = pointer.lstrip("/").split("/")
    if section not in _PLACES:
        raise _NotKnownError
    found: Any = instance[_PLACES[section]]
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            raise _NotKnownError
        found = found[part]
    if found is None:
        raise _NotKnownError
    return found

"""Our evaluator of conditions against `jsonschema`, on every rule and every corpus file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from ftlint.rulebook.condition import Instance, holds, predicate
from ftlint.rulebook.registry import BUILT_IN
from ftschemas.ruleformat import to_json_schema
from tests.rules.examples import load, spans
from tests.rules.instances import instance_of
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = [(rule.code, check) for rule in BUILT_IN.rules.values() for check in rule.checks]
REFERS = '"$data"'


class Judge:
    """One condition by both, over any number of instances.

    Instances in which all that the condition reads is the same are one question, asked once.
    """

    def __init__(self, code: str, when: Any) -> None:
        self.code, self.when = code, when
        self.text = json.dumps(when, default=str)
        self.ours = predicate(when)
        self.theirs = (
            None if REFERS in self.text else Draft202012Validator(to_json_schema(when)).is_valid
        )
        self.reads = sorted(set(reads(when)))
        self.asked: dict[str, bool] = {}

    def fires(self, instance: Instance) -> bool:
        """Whether it holds, which both say; what rests on an unknown value is not asked."""
        if any(f'"{name}"' in self.text for name in instance.unknown):
            return False
        values = [instance.section(place).get(name, ...) for place, name in self.reads]
        if (question := repr(values)) not in self.asked:
            ours = self.ours(instance)
            if self.theirs is not None:
                theirs = self.theirs(instance._asdict())
            else:
                theirs = reference(self.when, instance)
            assert ours == theirs, (self.code, self.when)
            self.asked[question] = ours
        return self.asked[question]


def reads(when: Any) -> Iterator[tuple[str, str]]:
    """Yield the section and the name of each value that a condition is about or refers to."""
    for name, part in when.items():
        if name in Instance._fields:
            yield from ((name, key) for key in part)
            yield from referred(part)
        elif isinstance(part, list):
            for one in part:
                yield from reads(one)
        else:
            assert name == "not", name
            yield from reads(part)


def referred(schema: Any) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        if "$data" in schema:
            section, name = schema["$data"].lstrip("/").split("/")[:2]
            yield section, name
        for part in schema.values():
            yield from referred(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from referred(part)


def resolved(when: Any, instance: Instance) -> Any:
    """Put the values in place of `$data` references; raises LookupError for unknown ones."""
    if isinstance(when, dict):
        if "$data" in when:
            found: Any = instance._asdict()
            for part in when["$data"].lstrip("/").split("/"):
                found = found[part]
            if not isinstance(found, (int, float)) or isinstance(found, bool):
                raise LookupError
            return found
        return {key: resolved(value, instance) for key, value in when.items()}
    return [resolved(item, instance) for item in when] if isinstance(when, list) else when


def reference(when: Any, instance: Instance) -> bool:
    """What jsonschema says; a branch of anyOf that refers to nothing is left out of the choice."""
    branches = when.get("anyOf")
    if branches is not None and "$data" in json.dumps(branches, default=str):
        rest = {key: value for key, value in when.items() if key != "anyOf"}
        return reference(rest, instance) and any(reference(part, instance) for part in branches)
    try:
        schema = to_json_schema(resolved(when, instance))
    except LookupError:
        return False
    return bool(Draft202012Validator(schema).is_valid(instance._asdict()))


@pytest.fixture(scope="module")
def judges() -> list[Judge]:
    return [Judge(code, check.when) for code, check in CHECKS]


def fired(judges: list[Judge], instance: Instance) -> int:
    return sum(judge.fires(instance) for judge in judges)


@pytest.mark.shared
@pytest.mark.parametrize("version", ["0.9.3", "0.9.5"])
def test_conditions_mean_what_jsonschema_says_on_the_corpus(
    version: str, judges: list[Judge]
) -> None:
    judged = 0
    for path in sorted(CORPUS.glob("files/*")):
        instance = instance_of(path.read_text(encoding="utf-8"), version)
        if instance is not None:
            fired(judges, instance)
            judged += 1
    assert judged > 240


def test_conditions_mean_what_jsonschema_says_on_every_example(judges: list[Judge]) -> None:
    found = 0
    for code in BUILT_IN.rules:
        example = load(code)
        for text in (spans(example.about.bad)[0], example.about.good):
            instance = instance_of(text, example.options.target.llamafactory)
            if instance is not None:
                found += fired(judges, instance)
    assert found > 10


def test_a_reference_to_nothing_never_fires() -> None:
    when = {"effective": {"a": {"exclusiveMinimum": {"$data": "/effective/b"}}}}
    assert not holds(when, Instance({}, {"a": 2}, {}, set()))
    assert not holds(when, Instance({}, {"a": 2, "b": "text"}, {}, set()))
    assert holds(when, Instance({}, {"a": 2, "b": 1}, {}, set()))

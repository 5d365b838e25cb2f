"""Our evaluator of conditions against `jsonschema`, on every rule and every corpus file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ftlint.rulebook.condition import Instance, holds
from ftlint.rulebook.registry import BUILT_IN
from ftschemas.ruleformat import to_json_schema
from tests.rules.examples import load, spans
from tests.rules.instances import instance_of
from tests.shared import CORPUS

CHECKS = [(rule.code, check) for rule in BUILT_IN.rules.values() for check in rule.checks]


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


def agree(instance: Instance) -> int:
    fired = 0
    for code, check in CHECKS:
        if not any(f'"{name}"' in json.dumps(check.when) for name in instance.unknown):
            ours, theirs = holds(check.when, instance), reference(check.when, instance)
            assert ours == theirs, (code, check.when)
            fired += ours
    return fired


@pytest.mark.shared
@pytest.mark.parametrize("version", ["0.9.3", "0.9.5"])
def test_conditions_mean_what_jsonschema_says_on_the_corpus(version: str) -> None:
    judged = 0
    for path in sorted(CORPUS.glob("files/*"))[::4]:
        instance = instance_of(path.read_text(encoding="utf-8"), version)
        if instance is not None:
            agree(instance)
            judged += 1
    assert judged > 60


def test_conditions_mean_what_jsonschema_says_on_every_example() -> None:
    fired = 0
    for code in BUILT_IN.rules:
        example = load(code)
        for text in (spans(example.about.bad)[0], example.about.good):
            instance = instance_of(text, example.options.target.llamafactory)
            if instance is not None:
                fired += agree(instance)
    assert fired > 10


def test_a_reference_to_nothing_never_fires() -> None:
    when = {"effective": {"a": {"exclusiveMinimum": {"$data": "/effective/b"}}}}
    assert not holds(when, Instance({}, {"a": 2}, {}, set()))
    assert not holds(when, Instance({}, {"a": 2, "b": "text"}, {}, set()))
    assert holds(when, Instance({}, {"a": 2, "b": 1}, {}, set()))

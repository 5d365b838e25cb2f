"""A condition that is left out because a file lacks a key would not have held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.rulebook.registry import BUILT_IN, JUDGED
from ftlint.target.releases import KNOWN, Target, resolve_target
from tests.rules.examples import load, spans
from tests.rules.instances import instance_of
from tests.shared import CORPUS

if TYPE_CHECKING:
    from ftlint.rulebook.condition import Predicate
    from ftschemas.ruleformat import Check


def texts() -> list[str]:
    examples = [
        spans(getattr(load(code).about, kind))[0]
        for code in BUILT_IN.rules
        for kind in ("bad", "good")
    ]
    files = sorted(CORPUS.rglob("*.yaml"))
    return examples + [path.read_bytes().decode("utf-8", "replace") for path in files]


@pytest.mark.parametrize("version", KNOWN)
def test_what_is_not_asked_does_not_hold(version: str) -> None:
    target = resolve_target(version)
    asked_of_all = left_out = 0
    for text in texts():
        instance = instance_of(text, version)
        if instance is None:
            continue
        for command in ("train", "export", "chat", "eval"):
            asked = BUILT_IN.asked(target, command, JUDGED, instance)
            kept = {id(check) for _, check, _ in asked}
            assert asked == [pair for pair in every(target, command) if id(pair[1]) in kept]
            asked_of_all += len(asked)
            for code, check, holds in every(target, command):
                if id(check) not in kept:
                    left_out += 1
                    assert not holds(instance), (code, check.needs)
    assert left_out > 2 * asked_of_all > 0


def every(target: Target, command: str) -> list[tuple[str, Check, Predicate]]:
    return BUILT_IN.conditions(target, command)

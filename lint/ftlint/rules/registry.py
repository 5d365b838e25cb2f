"""The rules there are, as the compiled data name them."""

from __future__ import annotations

from functools import cache

from ftlint.target import Target, in_range
from ftschemas import compiled
from ftschemas.ruleformat import Check, FixRecipe, Rule


def _load(data: tuple[object, ...]) -> Rule:
    *head, checks, problems, module, fix = data
    return Rule(
        *head,  # type: ignore[arg-type]
        checks=tuple(Check(*check) for check in checks),  # type: ignore[attr-defined]
        problems=problems,  # type: ignore[arg-type]
        module=module,  # type: ignore[arg-type]
        fix=None if fix is None else FixRecipe(*fix),  # type: ignore[misc]
    )


RULES: dict[str, Rule] = {rule.code: rule for rule in map(_load, compiled.RULES)}
BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES.values()}
BY_PROBLEM: dict[str, Rule] = {kind: rule for rule in RULES.values() for kind in rule.problems}


def find(word: str) -> Rule | None:
    """Return the rule with this code or name, however it is capitalised."""
    return RULES.get(word.upper()) or BY_NAME.get(word.lower())


@cache
def judging(target: Target, command: str) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Return what judges files of `command` under `target`: data rules, and names of modules."""
    rules = [rule for rule in RULES.values() if applies(rule, target, command)]
    modules = dict.fromkeys(rule.module for rule in rules if rule.module is not None)
    return tuple(rule for rule in rules if rule.checks), tuple(modules)


def applies(rule: Rule, target: Target, command: str) -> bool:
    """Say whether the rule judges files of `command` under `target`."""
    llamafactory, transformers = target.versions
    return (
        command in rule.commands
        and in_range(llamafactory, rule.llamafactory)
        and in_range(transformers, rule.transformers)
    )

"""The rules there are: ftlint's own, as the compiled data name them, and a team's policies."""

from __future__ import annotations

from operator import itemgetter

from ftlint.target import Target, in_range
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING
from ftschemas.ruleformat import Check, FixRecipe, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

Needing = dict["str | None", list[tuple[int, Rule, Check]]]
"""Numbered conditions by what they need."""

_number = itemgetter(0)


class RuleBook:
    """A set of rules and what of it judges a given target and command."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: dict[str, Rule] = {rule.code: rule for rule in rules}
        self._judging: dict[tuple[Target, str], tuple[tuple[Rule, ...], tuple[str, ...]]] = {}
        self._needing: dict[tuple[Target, str], Needing] = {}

    def find(self, word: str) -> Rule | None:
        """Return the rule with this code or name, however it is capitalised."""
        named = (rule for rule in self.rules.values() if rule.name == word.lower())
        return self.rules.get(word.upper()) or next(named, None)

    def judging(self, target: Target, command: str) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
        """Return what judges files of `command` under `target`: data rules, names of modules."""
        key = (target, command)
        if key not in self._judging:
            rules = [rule for rule in self.rules.values() if applies(rule, target, command)]
            modules = dict.fromkeys(rule.module for rule in rules if rule.module is not None)
            self._judging[key] = tuple(rule for rule in rules if rule.checks), tuple(modules)
        return self._judging[key]

    def asked(
        self, target: Target, command: str, instance: Mapping[str, Any]
    ) -> list[tuple[Rule, Check]]:
        """Return the conditions that may hold for a file, in the order of the rules.

        Those that need a key or a fact which it lacks are left out.
        """
        key = (target, command)
        if key not in self._needing:
            checks = ((rule, one) for rule in self.judging(*key)[0] for one in rule.checks)
            needing: Needing = {}
            for number, (rule, check) in enumerate(checks):
                needing.setdefault(check.needs, []).append((number, rule, check))
            self._needing[key] = needing
        needing = self._needing[key]
        present = {None, *instance["config"], *instance["facts"]}
        found = [one for name in needing.keys() & present for one in needing[name]]
        return [(rule, check) for _, rule, check in sorted(found, key=_number)]

    def with_policies(self, policies: Iterable[Rule]) -> RuleBook:
        """Return a book of these rules and a team's own."""
        return RuleBook([*self.rules.values(), *policies])


def applies(rule: Rule, target: Target, command: str) -> bool:
    """Say whether the rule judges files of `command` under `target`."""
    llamafactory, transformers = target.versions
    return (
        command in rule.commands
        and in_range(llamafactory, rule.llamafactory)
        and in_range(transformers, rule.transformers)
    )


def _load(data: tuple[object, ...]) -> Rule:
    *head, checks, problems, module, fixes, starts = data
    return Rule(
        *head,  # type: ignore[arg-type]
        checks=tuple(Check(*check) for check in checks),  # type: ignore[attr-defined]
        problems=problems,  # type: ignore[arg-type]
        module=module,  # type: ignore[arg-type]
        fixes=tuple(FixRecipe(*fix) for fix in fixes),  # type: ignore[attr-defined, misc]
        starts=starts,  # type: ignore[arg-type]
    )


BUILT_IN = RuleBook(map(_load, compiled.RULES))
RULES = BUILT_IN.rules
BY_PROBLEM: dict[str, Rule] = {kind: rule for rule in RULES.values() for kind in rule.problems}

"""Rules that tests of fixes make up, and the options under which they count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN
from ftlint.target.releases import resolve_target
from ftschemas import ruleformat

if TYPE_CHECKING:
    from ftschemas.rule import Rule


def rule(code: str, **data: Any) -> Rule:
    made = {"code": code, "name": code.lower(), "severity": "warning", "message": "$key", **data}
    ruleformat.validate({**made, "summary": "s", "why": "w", "bad": "", "good": ""})
    return ruleformat.parse(made)


def options(*rules: Rule, target: str = "0.9.5", only: bool = True) -> Options:
    made = Options(resolve_target(target), rules=BUILT_IN.with_policies(rules))
    return made._replace(select=tuple(one.code for one in rules)) if rules and only else made

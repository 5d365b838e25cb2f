"""Rules that tests of fixes make up, and the options under which they count."""

from __future__ import annotations

from typing import Any

from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN
from ftlint.target.releases import resolve_target
from ftschemas import ruleformat


def rule(code: str, **data: Any) -> ruleformat.Rule:
    made = {"code": code, "name": code.lower(), "severity": "warning", "message": "$key", **data}
    ruleformat.validate({**made, "summary": "s", "why": "w", "bad": "", "good": ""})
    return ruleformat.parse(made)


def options(*rules: ruleformat.Rule, target: str = "0.9.5", only: bool = True) -> Options:
    made = Options(resolve_target(target), rules=BUILT_IN.with_policies(rules))
    return made._replace(select=tuple(one.code for one in rules)) if rules and only else made

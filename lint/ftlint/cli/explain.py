"""`ftlint rule`: what a rule checks and why, of ftlint's own rules and of a team's policies."""

from __future__ import annotations

import json
import textwrap

from ftlint.cli.prose import inline, prose
from ftlint.report.text import paint
from ftlint.support.messages import in_general
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.rulebook.registry import RuleBook
    from ftschemas.rule import Rule

MARKS = str.maketrans("", "", "«»")


def listing(rules: RuleBook, format: str) -> str:
    """Return every rule, a line each."""
    every = sorted(rules.rules.values(), key=_place)
    if format == "json":
        return json.dumps([_facts(rule, rules) for rule in every], indent=1) + "\n"
    width = max(len(rule.name) for rule in every)
    codes = max(len(rule.code) for rule in every)
    return "".join(
        f"{rule.code:{codes}}  {rule.severity:7}  {rule.name:{width}}  "
        f"{inline(rules.about(rule.code).summary, colour=False)}\n"
        for rule in every
    )


def explain(rule: Rule, rules: RuleBook, format: str, colour: bool) -> str:
    """Return what a rule checks, why, and the wrong and the right way."""
    about = rules.about(rule.code)
    if format == "json":
        return json.dumps({**_facts(rule, rules), "why": about.why}, indent=1) + "\n"

    def head(text: str) -> str:
        return paint(text, "1", colour)

    kind = f"  ({rule.severity}, {', '.join(rule.commands)})"
    parts = [
        head(f"{rule.code} {rule.name}") + kind,
        inline(about.summary, colour),
        "",
        *prose(about.why, colour),
    ]
    if about.targets:
        parts += ["", head("Releases"), *(f"  {name} {span}" for name, span in about.targets)]
    if about.verified:
        parts += ["", head("Run with") + f"  LLaMA Factory {', '.join(about.verified)}"]
    for title, text in (("Bad", about.bad), ("Good", about.good)):
        if text.strip():
            parts += ["", head(title), textwrap.indent(text.translate(MARKS).rstrip(), "  ")]
    for fix in rule.fixes:
        parts += [
            "",
            head("Fix") + f"  {inline(in_general(fix.message), colour)} ({fix.applicability})",
        ]
    if rule.code_fixes:
        parts += ["", head("Fix") + f"  {_by_file(rule.code_fixes)}"]
    if about.source:
        parts += ["", head("Source") + f"  {inline(about.source, colour)}"]
    return "\n".join(parts) + "\n"


def _place(rule: Rule) -> tuple[bool, str, int]:
    """Return where a rule comes in a list: FT410, FT411, FT4100; a project's policies last."""
    letters = rule.code.rstrip("0123456789")
    family = rule.code[: len(letters) + 1]
    return letters != "FT", family, int(rule.code[len(family) :] or 0)


def _by_file(applicabilities: tuple[str, ...]) -> str:
    return f"depends on the file ({' or '.join(applicabilities)})"


def _facts(rule: Rule, rules: RuleBook) -> dict[str, Any]:
    about = rules.about(rule.code)
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": about.summary,
        "severity": rule.severity,
        "kind": rule.kind,
        "targets": dict(about.targets) or None,
        "commands": list(rule.commands),
        "fixable": bool(rule.applicabilities),
        "applicability": list(rule.applicabilities),
        "since": about.since,
        "verified": list(about.verified),
        "yields_to": list(rule.yields_to),
        "bad": about.bad.translate(MARKS),
        "good": about.good,
    }

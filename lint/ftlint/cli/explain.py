"""`ftlint rule`: the rule files, for reading."""

from __future__ import annotations

import json
import os
import re
import textwrap

from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.disk import Disk
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftschemas.ruleformat import Rule

_LINK = re.compile(r"\[([^][]+)\]\([^()\s]+\)")
MARKS = str.maketrans("", "", "«»")


def document(rule: Rule) -> dict[str, Any]:
    """Return the rule's file as data."""
    from ruamel.yaml import YAML

    import ftschemas

    folder = os.path.join(os.path.dirname(ftschemas.__file__), "rules")
    path = os.path.join(folder, f"{rule.code}-{rule.name}.yaml")
    with Disk().open(path) as file:
        return YAML(typ="safe").load(file)  # type: ignore[no-any-return]


def listing(format: str) -> str:
    """Return every rule, a line each."""
    if format == "json":
        return json.dumps([_facts(rule) for rule in BUILT_IN.rules.values()], indent=1) + "\n"
    width = max(len(rule.name) for rule in BUILT_IN.rules.values())
    return "".join(
        f"{rule.code}  {rule.severity:7}  {rule.name:{width}}  {document(rule)['summary']}\n"
        for rule in BUILT_IN.rules.values()
    )


def explain(rule: Rule, format: str, colour: bool) -> str:
    """Return what a rule checks, why, and the wrong and the right way."""
    data = document(rule)
    if format == "json":
        return json.dumps({**_facts(rule), "why": data["why"]}, indent=1) + "\n"

    def head(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if colour else text

    parts = [
        head(f"{rule.code} {rule.name}") + f"  ({rule.severity}, {', '.join(rule.commands)})",
        data["summary"],
        "",
        *textwrap.wrap(_LINK.sub(r"\1", " ".join(data["why"].split())), 88),
    ]
    targets = data.get("targets")
    if targets:
        parts += ["", head("Releases"), *(f"  {name} {span}" for name, span in targets.items())]
    for title, text in (("Bad", data["bad"]), ("Good", data["good"])):
        if text.strip():
            parts += ["", head(title), textwrap.indent(text.translate(MARKS).rstrip(), "  ")]
    for fix in rule.fixes:
        parts += ["", head("Fix") + f"  {fix.message} ({fix.applicability})"]
    if data.get("source"):
        parts += ["", head("Source") + f"  {data['source']}"]
    return "\n".join(parts) + "\n"


def _facts(rule: Rule) -> dict[str, Any]:
    data = document(rule)
    facts = {key: data.get(key) for key in ("code", "name", "summary", "severity", "targets")}
    facts.update(commands=list(rule.commands), fixable=bool(rule.fixes))
    facts.update(bad=data["bad"].translate(MARKS), good=data["good"])
    return facts

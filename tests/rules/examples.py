"""The examples that every rule file carries, ready to be linted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML

import ftschemas
from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN
from ftlint.syntax.source import of_text
from ftlint.target.releases import KNOWN, in_range, parse_version, resolve_target
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.results import Result
    from ftschemas.ruleformat import Rule

FOLDER = Path(ftschemas.__file__).parent / "rules"
WITHOUT = ("FT717", "FT904", "FT907", "FT908", "FT909")
"""FT717: tests/datasets/test_loads.py; FT904: tests/test_engine.py; the others: tests/hostile."""


class Example(NamedTuple):
    """A rule with its file, and the options that judge its examples."""

    rule: Rule
    data: dict[str, Any]
    options: Options


def load(code: str) -> Example:
    rule = BUILT_IN[code]
    text = (FOLDER / f"{code}-{rule.name}.yaml").read_text(encoding="utf-8")
    data = YAML(typ="safe", pure=True).load(text)
    fits = [name for name in KNOWN if in_range(parse_version(name), rule.llamafactory)]
    target = resolve_target(data.get("examples_target", fits[-1]), _transformers(rule, fits[-1]))
    facts = dict(data.get("facts", {}))
    launch = {name: facts.pop(name) for name in ("gpus", "nodes") if name in facts}
    return Example(rule, data, Options(target, stating(**launch, facts=tuple(facts.items()))))


def _transformers(rule: Rule, release: str) -> str | None:
    """The newest transformers of the release that the rule holds for; None when that is the pin."""
    from ftschemas import compiled

    pinned = resolve_target(release).transformers
    if in_range(parse_version(pinned), rule.transformers):
        return None
    return [
        version
        for version in compiled.TRANSFORMERS_RELEASES
        if in_range(parse_version(version), rule.transformers)
    ][-1]


def spans(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without « and », and what they enclosed."""
    text, found, opened = "", [], []
    for piece in re.split("([«»])", marked):
        if piece == "«":
            opened.append(len(text))
        elif piece == "»":
            found.append((opened.pop(), len(text)))
        else:
            text += piece
    return text, sorted(found)


def judge(example: Example, text: str) -> Result:
    path = example.data.get("file", "config.yaml")
    return lint(of_text(path, text), example.options)

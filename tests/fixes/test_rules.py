"""Every fix of every rule, on the rule's own bad example, in every form of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.rulebook.registry import BUILT_IN
from ftlint.syntax.source import of_text
from tests.fixes.sweep import FORMS, in_form
from tests.rules.examples import Example, load, spans

if TYPE_CHECKING:
    from ftlint.diagnostics import Diagnostic

REVEALED = {"FT102": {"FT631"}}
"""What a renamed key shows once it is read: the example's strategy lacks data to evaluate on."""

NOT_ON_ITS_EXAMPLE = {
    ("FT008", "safe"), ("FT103", "safe"), ("FT103", "unsafe"), ("FT404", "unsafe"),
    ("FT4110", "unsafe"), ("FT701", "unsafe"),
}  # fmt: skip
"""Fixes that depend on the file, and that the example of the rule is not offered."""

OFFERED = [
    pytest.param(code, kind == "unsafe", id=f"{code} {kind}")
    for code, rule in BUILT_IN.rules.items()
    for kind in ("safe", "unsafe")
    if kind in rule.applicabilities and (code, kind) not in NOT_ON_ITS_EXAMPLE
]


def bad(example: Example, form: str) -> str:
    return in_form(spans(example.about.bad)[0], form)


@pytest.mark.parametrize(("code", "unsafe"), OFFERED)
def test_a_fix_takes_the_finding_away_and_brings_no_other(code: str, unsafe: bool) -> None:
    example = load(code)
    path = example.about.file
    texts = []
    fixable: list[Diagnostic] = []
    for form in FORMS:
        source = of_text(path, bad(example, form))
        before = lint(source, example.options)
        fixed = fix(source, example.options, unsafe)
        assert fixed.converged
        texts.append(in_form(fixed.source.text, "no final newline"))
        kinds = ("safe", "unsafe") if unsafe else ("safe",)
        fixable += [
            one
            for one in before.diagnostics
            if one.code == code and one.fix is not None and one.fix.applicability in kinds
        ]
        withheld = {(one.code, one.key) for one in fixed.withheld}
        left = {(one.code, one.key) for one in fixed.result.diagnostics}
        assert not {(one.code, one.key) for one in fixable} & (left - withheld)
        grave = [one for one in fixed.result.diagnostics if one.severity != "info"]
        known = {(one.code, one.key) for one in before.diagnostics}
        new = {one.code for one in grave if (one.code, one.key) not in known}
        assert new == REVEALED.get(code, set())
        again = fix(fixed.source, example.options, unsafe)
        assert again.source.text == fixed.source.text
        assert not again.applied
    assert len(set(texts)) == 1
    assert fixable

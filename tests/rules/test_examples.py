"""Every rule fires on its bad example, at the exact span, and not on its good one."""

from __future__ import annotations

import pytest

from ftlint.authoring.examples import is_unfilled
from ftlint.engine import lint
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.files import is_script
from ftlint.syntax.source import of_text
from tests.rules.examples import FOLDER, WITHOUT, judge, load, spans

WITH_EXAMPLE = [code for code in BUILT_IN.rules if code not in WITHOUT]


@pytest.mark.parametrize("code", WITH_EXAMPLE)
def test_bad_example_fires_at_the_marked_spans(code: str) -> None:
    example = load(code)
    text, expected = spans(example.about.bad)
    assert expected, "the bad example marks no span"
    found = [one for one in judge(example, text).diagnostics if one.code == code]
    assert sorted((one.start, one.end) for one in found) == expected
    for one in found:
        assert one.severity == example.rule.severity
        assert not is_unfilled(one.message), one.message
        assert one.fix is None or not is_unfilled(one.fix.message), one.fix.message


@pytest.mark.parametrize("code", BUILT_IN.rules)
def test_good_example_is_free_of_errors_and_of_the_rule(code: str) -> None:
    example = load(code)
    found = judge(example, example.about.good).diagnostics
    assert [one for one in found if one.code == code or one.severity == "error"] == []


@pytest.mark.parametrize("code", [code for code in WITH_EXAMPLE if code >= "FT1"])
@pytest.mark.parametrize("variant", ["crlf", "bom", "no final newline"])
def test_spans_hold_in_every_form_of_the_file(code: str, variant: str) -> None:
    example = load(code)
    marked = example.about.bad
    if is_script(example.about.file) and variant != "no final newline":
        pytest.skip("a shell reads another script there, which tests/launch shows")
    if variant == "crlf":
        marked = marked.replace("\n", "\r\n")
    elif variant == "bom":
        marked = "\ufeff" + marked
    else:
        marked = marked.rstrip("\n")
    text, expected = spans(marked)
    found = [one for one in judge(example, text).diagnostics if one.code == code]
    assert sorted((one.start, one.end) for one in found) == expected


def test_every_rule_file_is_compiled_in() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {
        f"{rule.code}-{rule.name}" for rule in BUILT_IN.rules.values()
    }


def test_names_and_codes_are_unique() -> None:
    assert len({rule.name for rule in BUILT_IN.rules.values()}) == len(BUILT_IN.rules)


def test_a_suppression_silences_exactly_its_line() -> None:
    example = load("FT101")
    head = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
    text = head + "foo: 1  # ftlint: ignore[FT101] ours\nbar: 2\n"
    found = lint(of_text("c.yaml", text), example.options).diagnostics
    assert [(one.code, one.key) for one in found] == [("FT101", "bar")]

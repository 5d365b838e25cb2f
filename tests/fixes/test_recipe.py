"""From a rule's recipe, or from bare edits, to a fix that says what it changes."""

from __future__ import annotations

from typing import Any

from ftlint.diagnostics import Change, Diagnostic, Edit, Fix
from ftlint.edits.infer import infer_changes
from ftlint.edits.page import NoEdit, Page, read_page
from ftlint.engine import lint
from ftlint.fixes.apply import _round
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.source import of_text
from tests.fixes.documents import TRAINING_TEXT as HEAD
from tests.fixes.policies import options, rule
from tests.stating import stating


def fix_of(
    recipe: dict[str, Any], text: str = "seed: 1  # s\n", key: str = "seed", **facts: object
) -> Fix | None:
    data = {"applicability": "safe", "message": "mend $key", **recipe}
    made = rule("FT990", for_each=[key], when={"config": {"$key": {}}}, at="$key", fix=data)
    given = stating(facts=tuple(facts.items()))
    (found,) = lint(of_text("c.yaml", HEAD + text), options(made)._replace(given=given)).diagnostics
    return found.fix


def test_the_key_of_the_finding_stands_for_itself() -> None:
    fix = fix_of({"replace": {"$key": "2"}})
    assert fix is not None
    assert (fix.applicability, fix.message) == ("safe", "mend seed")
    assert fix.changes == (Change("replace", "seed", "2"),)


def test_a_deleted_pair_is_in_the_message() -> None:
    fix = fix_of({"delete": ["$key", "template", "absent"]})
    assert fix is not None
    assert fix.message == "mend seed (it was: seed: 1; template: qwen)"


def test_a_long_value_is_cut_in_the_message_and_control_characters_are_shown() -> None:
    text = f'run_name: "\u202e{"x" * 200}"\n'
    fix = fix_of({"delete": ["$key"]}, text, "run_name")
    assert fix is not None
    assert "\u202e" not in fix.message
    assert len(fix.message) < 150


def test_values_may_name_keys_defaults_and_facts() -> None:
    for text, wanted in [
        ("{stage}", "sft"),
        ("{save_strategy}", "steps"),
        ("{facts.samples}", "100"),
        ("[{stage}, {$key}]", "[sft, 1]"),
    ]:
        fix = fix_of({"insert": {"run_name": text}}, samples=100)
        assert fix is not None
        assert fix.changes == (Change("insert", "run_name", wanted),), text


def test_a_value_that_is_not_known_makes_no_fix() -> None:
    assert fix_of({"insert": {"run_name": "{facts.samples}"}}) is None
    assert fix_of({"insert": {"run_name": "{nothing}"}}) is None


def test_a_recipe_that_changes_nothing_here_makes_no_fix() -> None:
    assert fix_of({"delete": ["absent"], "insert": {"stage": "dpo"}}) is None
    assert fix_of({"applicability": "display"}) == Fix("display", "mend seed", ())


def page(text: str) -> Page:
    made = read_page(of_text("c.yaml", text), OMEGACONF)
    assert isinstance(made, Page)
    return made


def test_bare_edits_of_a_key_or_a_value_say_what_they_change() -> None:
    made = page('"a": 1\nb: 2\n')
    edits = (Edit(0, 3, '"c"'), Edit(5, 6, "3"))
    assert infer_changes(made, Fix("safe", "m", edits)) == (
        Change("replace", "a", "3"),
        Change("rename", "a", "c"),
    )
    assert isinstance(infer_changes(made, Fix("safe", "m", (Edit(0, 7, ""),))), NoEdit)


def finding(start: int, end: int, text: str, *changes: Change) -> Diagnostic:
    fix = Fix("safe", f"{start}", (Edit(start, end, text),), changes)
    return Diagnostic("c.yaml", "FT990", "n", "warning", "m", None, start, end, fix)


def test_a_fix_that_does_not_do_what_it_says_is_withheld_and_the_others_are_made() -> None:
    made = page("a: 1\nb: 2\nc: 3\n")
    right = finding(13, 14, "5", Change("replace", "c", "5"))
    wrong = finding(3, 4, "4", Change("replace", "b", "4"))
    unclear = finding(3, 7, "", *())
    done, text, objections = _round(made, [wrong, unclear, right])
    assert [one.diagnostic for one in done] == [right]
    assert text == "a: 1\nb: 2\nc: 5\n"
    assert [one for one, _ in objections] == [unclear, wrong]
    assert "differently than planned" in objections[1][1]

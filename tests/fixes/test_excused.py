"""What the list of edits calls dead, or said by the file itself."""

from __future__ import annotations

import pytest

from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.fixes.documents import TRAINING_TEXT as HEAD
from tests.fixes.edits import Made, made
from tests.fixes.excused import DIES_LATER, WITHOUT_EFFECT, excuse
from tests.fixes.guarded import guard_of, same_value


def test_every_rule_that_removes_a_dead_key_says_where_that_was_read() -> None:
    dead = {
        code
        for code, rule in BUILT_IN.rules.items()
        if code.startswith("FT5") and any(one.applicability == "safe" for one in rule.fixes)
    }
    assert dead <= WITHOUT_EFFECT.keys() | DIES_LATER.keys()
    assert BUILT_IN.rules.keys() >= WITHOUT_EFFECT.keys() | DIES_LATER.keys()


@pytest.mark.parametrize(
    ("edit", "changes", "why"),
    [
        (Made("FT102", "safe", "rename", "lr", "learning_rate", "1", "1"), None, None),
        (Made("FT101", "safe", "rename", "hf_token", "hf_hub_token", "x", "x"), "secret", None),
        (Made("FT101", "safe", "rename", "learning-rate", "learning_rate", "1", "1"), "rate",
         "one slip"),
        (Made("FT101", "safe", "rename", "laerning_rate", "learning_rate", "1", "1"), "rate",
         "one slip"),
        (Made("FT101", "unsafe", "rename", "learning_rate_enc", "learning_rate", "1", "1"), "rate",
         None),
        (Made("FT404", "safe", "rename", "cutoff_len", "dataset", "1", "1"), "length", None),
        (Made("FT006", "safe", "replace", "seed", "seed", "'1e3'", "1000"), None, "dies otherwise"),
        (Made("FT301", "unsafe", "replace", "num_train_epochs", "num_train_epochs", "9", "3"),
         "rate", None),
        (Made("FT201", "safe", "delete", "num_train_epochs", "num_train_epochs", "9", None),
         "rate", "without effect"),
        (Made("FT106", "safe", "replace", "stage", "stage", "orpo", "dpo"), "loss",
         "the file says so"),
        (Made("FT106", "unsafe", "replace", "template", "template", "qwen3_vl", "qwen2_vl"), "data",
         None),
        (Made("FT540", "safe", "delete", "export_dir", "export_dir", "x", None), None,
         "without effect"),
    ],
)  # fmt: skip
def test_what_an_edit_changes_and_what_allows_it(
    edit: Made, changes: str | None, why: str | None
) -> None:
    assert edit.changes == changes
    assert excuse(edit, [edit]) == why


def test_values_are_one_in_any_spelling() -> None:
    assert same_value("1e-4", "1.0e-4")
    assert same_value("'16'", "16")
    assert same_value("None", "null")
    assert not same_value("16", "8")
    assert not same_value(None, "null")
    assert guard_of("swanlab_api_key") == guard_of("WANDB_API_KEY") == "secret"
    assert guard_of("max_tokens") is None


def test_edits_follow_a_key_through_its_names() -> None:
    options = Options(resolve_target("0.9.5"))
    source = of_text("c.yaml", HEAD + "group_by_length: true\nkto_chosen_weight: 2.0\n")
    fixed = fix(source, options)
    assert [(one.key, one.to, one.old, one.new) for one in made(source, fixed, options)] == [
        ("group_by_length", "group_by_length", "true", "group_by_length"),
        ("group_by_length", "train_sampling_strategy", "group_by_length", "group_by_length"),
        ("kto_chosen_weight", "kto_chosen_weight", "2.0", None),
    ]

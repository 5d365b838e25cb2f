"""A wrong value of a key that the run does not read: said to be ignored where it is, no error."""

from __future__ import annotations

import pytest

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.rules.test_endless import BASE, said

MINI, MUON = "use_adam_mini: true\n", "use_muon: true\n"
FULL = BASE.replace("lora", "full")


@pytest.mark.parametrize("optimizer", [MINI, MUON])
@pytest.mark.parametrize("value", ["true", "fused", "3"])
def test_an_optimizer_of_its_own_takes_no_optim_args(optimizer: str, value: str) -> None:
    assert said(f"{FULL}{optimizer}optim_args: {value}\n", "0.9.5") == []


@pytest.mark.parametrize("value", ["a=1", "3", "[a]", "{a: 1}", "true", "false"])
def test_that_they_are_ignored_is_said_of_any_value(value: str) -> None:
    text = f"{FULL}{MUON}optim_args: {value}\n"
    found = lint(of_text("c.yaml", text), Options(resolve_target("0.9.5"))).diagnostics
    assert [one.code for one in found if one.key == "optim_args"] == ["FT581"]


@pytest.mark.parametrize(
    ("more", "code"),
    [("", "FT115"), ("use_galore: true\n", "FT115"), ("use_badam: true\n", "FT115")],
)
def test_every_other_takes_them(more: str, code: str) -> None:
    assert [one for one, _ in said(f"{FULL}{more}optim_args: fused\n", "0.9.5")] == [code]


def test_the_parser_reads_the_optimizer_all_the_same() -> None:
    assert [one for one, _ in said(f"{FULL}{MINI}optim: 3\n", "0.9.5")] == ["FT106"]


@pytest.mark.parametrize(("length", "codes"), [("1", []), ("true", []), ("4", ["FT489"])])
def test_the_position_of_one_token_stands_for_all(length: str, codes: list[str]) -> None:
    text = f"{BASE}packing: true\ncutoff_len: {length}\n"
    assert [one for one, _ in said(text, "0.9.5")] == codes


@pytest.mark.parametrize(
    ("more", "codes"),
    [("", ["FT105"]), ("stage: dpo\n", []), ("max_new_tokens: 512\n", [])],
    ids=["sft", "dpo", "a number"],
)
def test_the_length_of_answers_is_compared_though_nothing_is_generated(
    more: str, codes: list[str]
) -> None:
    added = {line.partition(":")[0]: line for line in f"max_new_tokens: '512'\n{more}".splitlines()}
    kept = [line for line in BASE.splitlines() if line.partition(":")[0] not in added]
    told = said("\n".join([*kept, *added.values()]) + "\n", "0.9.5")
    assert [code for code, _ in told] == codes


SPECIAL = "skip_special_tokens: 'false'\n"
PREDICTS = "do_predict: true\npredict_with_generate: true\neval_dataset: d\n"


def test_a_text_is_no_bool_to_the_tokenizer_that_answers() -> None:
    left = ("do_train", "val_size")
    kept = "".join(f"{one}\n" for one in BASE.splitlines() if one.partition(":")[0] not in left)
    predicting = kept + PREDICTS + SPECIAL
    assert [code for code, _ in said(predicting, "0.9.5")] == ["FT105"]
    chat = f"model_name_or_path: m\ntemplate: qwen\n{SPECIAL}"
    options = Options(resolve_target("0.9.5"), command="chat")
    (found,) = lint(of_text("c.yaml", chat), options).diagnostics
    assert (found.code, found.severity) == ("FT105", "error")
    assert found.message.endswith("crashes at the first answer (TypeError).")

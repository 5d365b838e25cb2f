"""One cause is one finding: keys that one setting makes moot, gaps of one template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.syntax.source import of_text
from tests.rules.guessing import options

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.diagnostics import Diagnostic

HEAD = """model_name_or_path: meta-llama/Llama-3.2-1B-Instruct
stage: sft
do_train: true
finetuning_type: lora
dataset: own_rows
template: llama3
output_dir: saves/run
"""
LORA = "lora_rank: 16\nlora_alpha: 32\nlora_dropout: 0.1\nlora_target: q_proj,v_proj\n"


def found(text: str, code: str) -> list[Diagnostic]:
    return [one for one in lint(of_text("c.yaml", text), options()).diagnostics if one.code == code]


def test_lora_keys_with_an_adapter_are_one_finding() -> None:
    (one,) = found(HEAD + LORA + "adapter_name_or_path: saves/first\n", "FT564")
    assert one.key == "lora_rank"
    assert one.message.startswith("LLaMA Factory ignores `lora_rank`, `lora_alpha` and 2 more: ")
    assert len(one.related) == 3
    (one,) = found(HEAD + "adapter_name_or_path: saves/first\nlora_rank: 16\n", "FT564")
    assert one.message.startswith("LLaMA Factory ignores `lora_rank: 16`: ")
    assert one.related == ()


def test_lora_keys_with_their_defaults_are_not_told() -> None:
    text = HEAD + "adapter_name_or_path: saves/first\nlora_rank: 8\nlora_target: all\n"
    assert found(text, "FT564") == []


def test_the_reference_of_dpo_is_the_one_finding_on_its_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dpo = HEAD.replace("sft", "dpo") + LORA + "adapter_name_or_path: saves/first\n"

    def told(more: str) -> list[str]:
        (tmp_path / "c.yaml").write_text(dpo + more, "utf-8")
        said = lint(of_text("c.yaml", dpo + more), options()).diagnostics
        return [one.code for one in said if one.code in ("FT564", "FT653")]

    assert told("") == ["FT653"]
    assert told("ref_model: some/model\n") == ["FT564"]
    assert told("pref_loss: simpo\n") == ["FT564"]


@pytest.mark.parametrize(
    ("head", "keys", "code"),
    [
        (HEAD.replace("lora\n", "full\n"), LORA, "FT500"),
        (HEAD, "max_new_tokens: 64\ntop_p: 0.9\nnum_beams: 2\n", "FT539"),
    ],
)
def test_one_fix_removes_what_one_setting_makes_moot(head: str, keys: str, code: str) -> None:
    (one,) = found(head + keys, code)
    assert one.key == keys.partition(":")[0]
    assert one.fix is not None
    assert len(one.fix.changes) == keys.count("\n")
    assert fix(of_text("c.yaml", head + keys), options()).source.text == head


def test_placeholders_are_one_finding_and_each_hides_its_key() -> None:
    text = HEAD + "learning_rate: ${LR}\nnum_train_epochs: ${EPOCHS}\nrun_name: <your_run>\n"
    (one,) = found(text, "FT014")
    assert one.key == "learning_rate"
    assert one.message.startswith("`${LR}` (and 2 more) looks like an unfilled placeholder.")
    assert len(one.related) == 2
    said = lint(of_text("c.yaml", text), options()).diagnostics
    assert not {"learning_rate", "num_train_epochs"} & {
        one.key for one in said if one.code != "FT014"
    }


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ("eval_steps: 100\n", ["FT535"]),
        ("eval_steps: 100\nval_size: 0.1\n", ["FT536"]),
        ("eval_steps: 100\nval_size: 0.1\neval_strategy: epoch\n", ["FT535"]),
        ("eval_steps: 100\nval_size: 0.1\ndo_eval: true\n", ["FT535"]),
        ("eval_steps: 100\nval_size: 0.1\neval_strategy: steps\n", []),
    ],
)
def test_an_evaluation_that_is_off_is_told_once(keys: str, codes: list[str]) -> None:
    said = lint(of_text("c.yaml", HEAD + keys), options()).diagnostics
    told = [one for one in said if one.code in ("FT535", "FT536")]
    assert [one.code for one in told] == codes
    if codes == ["FT535"]:
        assert "set `eval_strategy" not in told[0].message


def test_a_checkpointing_that_is_on_anyway_is_not_told() -> None:
    said = lint(of_text("c.yaml", HEAD + "gradient_checkpointing: true\n"), options()).diagnostics
    assert "gradient_checkpointing" not in {one.key for one in said}

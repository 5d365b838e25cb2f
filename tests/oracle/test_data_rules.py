"""FT2 and FT7 against the real program: what they say ends a run does end it, and only that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle import bases
from tests.oracle.beside import errors_and_end
from tests.oracle.called import target_of
from tests.oracle.client import Trainer

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

ROOT = Path(__file__).parents[2]
BROKEN = "examples/guide/broken"
CONFIG: dict[str, Any] = {
    "model_name_or_path": "tiny", "stage": "sft", "do_train": True, "finetuning_type": "full",
    "dataset": "faq", "dataset_dir": BROKEN, "template": "empty", "output_dir": "o",
    "report_to": "none", "use_cpu": True, "cutoff_len": 64, "save_strategy": "no",
    "per_device_train_batch_size": 4,
}  # fmt: skip
STREAM = {"streaming": True, "max_steps": 2, "dataloader_num_workers": 1}
INTERLEAVED = {"mix_strategy": "interleave_under", "interleave_probs": "0.5,0.5"}
ENDS_THE_RUN = {"FT204", "FT701", "FT702", "FT703", "FT704", "FT705", "FT706", "FT708"}


@pytest.fixture(scope="module")
def trainer() -> Iterator[Trainer]:
    with Trainer("0.9.5") as running:
        yield running


@pytest.mark.parametrize(
    ("changed", "code", "steps"),
    [
        ({}, None, 6),
        ({"dataset": "faqs"}, "FT701", 0),
        ({"dataset": "chat_as_chatml"}, "FT702", 0),
        ({"dataset": "tickets"}, "FT703", 0),
        ({"dataset": "cut_off"}, "FT704", 0),
        ({"dataset": "chat"}, "FT705", 0),
        ({"stage": "dpo"}, "FT706", 0),
        ({"dataset": "questions"}, "FT708", 0),
        ({"val_size": 8}, "FT204", 0),
        ({"dataloader_drop_last": True, "per_device_train_batch_size": 9}, "FT204", 0),
        ({"num_train_epochs": 0}, "FT203", 0),
        ({"max_steps": 0}, "FT202", 1),
        ({"dataset": "gaps"}, "FT707", 6),
        ({"dataset": "faq,faq"}, "FT709", 6),
        ({"dataset": "misspelt"}, "FT711", 6),
        ({"max_steps": 4, "num_train_epochs": 9.0}, "FT201", 4),
        ({"eval_dataset": "faq"}, None, 6),
        ({"eval_dataset": "faqs"}, "FT701", 0),
        ({"eval_dataset": "tickets"}, "FT703", 0),
        ({"eval_dataset": "cut_off"}, "FT704", 0),
        ({"eval_dataset": "chat"}, "FT705", 0),
        ({"eval_dataset": "questions"}, "FT708", 0),
        ({"eval_dataset": "gaps"}, "FT707", 6),
        ({"dataset": "questions,faq"}, "FT708", 0),
        ({"eval_dataset": "faq,questions"}, "FT708", 0),
    ],
)
def test_the_run_is_as_the_rule_says(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], code: str | None,
    steps: int,
) -> None:  # fmt: skip
    monkeypatch.chdir(ROOT)
    config = {**CONFIG, **changed}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    found = lint(of_text("config.yaml", text), Options(target_of("0.9.5"))).diagnostics
    codes = {one.code for one in found if one.code[2] in "27"}
    assert codes == ({code} if code else set())
    outcome = trainer.train({**config, "dataset_dir": str(ROOT / BROKEN)}, steps=50)
    assert outcome.steps == steps
    assert (outcome.outcome == "trained") == (code not in ENDS_THE_RUN)


@pytest.mark.parametrize("dataset", ["labelled,alpaca", "alpaca,labelled"])
@pytest.mark.parametrize(
    ("base", "key", "more", "ends"),
    [
        ("lora", "dataset", {}, False),
        ("lora", "dataset", {"preprocessing_batch_size": 4}, True),
        ("lora", "dataset", STREAM, False),
        ("lora", "dataset", {**STREAM, "preprocessing_batch_size": 4}, False),
        ("lora", "dataset", INTERLEAVED, False),
        ("lora", "eval_dataset", {}, False),
        ("lora", "eval_dataset", {"eval_on_each_dataset": True}, True),
        ("kto", "dataset", {}, False),
        ("kto", "dataset", {"preprocessing_batch_size": 4}, False),
    ],
)  # fmt: skip
def test_rows_for_another_stage_are_left_out_beside_those_for_this_one(
    trainer: Trainer, dataset: str, base: str, key: str,
    more: dict[str, Any], ends: bool,
) -> None:  # fmt: skip
    """With kto those without labels, else those with; a batch of nothing else ends the run."""
    config = {**bases.base(base), key: dataset, **more}
    found, error = errors_and_end(trainer, config, ["FT707"])
    assert bool(error) == ends, error
    assert found == (["FT708"] if ends else ["FT707"])

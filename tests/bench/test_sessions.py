"""What a calibration adds to a config leaves it one that trains, by its plan and ftlint's rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.calibration.reach import Question
from ftbench.calibration.sessions import _counted_at, _priced
from ftbench.runners import configs
from ftbench.runners.job import Job
from ftlint.facts.effective import effective
from ftlint.steps import StepPlan
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = {
    "model_name_or_path": "me/tiny", "stage": "sft", "do_train": True, "finetuning_type": "lora",
    "template": "qwen", "dataset": "rows", "output_dir": "saves/run", "num_train_epochs": 1,
    "per_device_train_batch_size": 4,
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "evaluates"),
    [
        ({}, {"val_size": 64, "eval_strategy": "steps", "eval_steps": 20}),
        ({"eval_dataset": "few"}, {"eval_strategy": "steps", "eval_steps": 20}),
        ({"eval_dataset": "rows"}, {}),
        ({"eval_dataset": "rows", "eval_strategy": "epoch"},
         {"eval_strategy": "no", "do_eval": False}),
        ({"val_size": 100, "eval_strategy": "epoch"}, {"eval_strategy": "steps", "eval_steps": 20}),
    ],
)  # fmt: skip
def test_what_is_priced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], evaluates: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name, count in (("rows", 1000), ("few", 30)):
        rows = [{"instruction": "a", "input": "", "output": "b"}] * count
        (tmp_path / "data" / f"{name}.json").write_text(json.dumps(rows), "utf-8")
    table = {name: {"file_name": f"{name}.json"} for name in ("rows", "few")}
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(table), "utf-8")
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in {**TRAIN, **more}.items())
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    loaded = configs.load("c.yaml", {}, 1)
    values = effective(loaded.values, Catalogue(loaded.target, "train"))
    job: Any = Job("c.yaml", None)  # type: ignore[arg-type]
    changed = dict(_priced(job, values, 20, configs.plan(loaded, loaded.values)))
    asked = {name: changed[name] for name in changed if name.startswith(("eval_", "do_", "val_"))}
    assert asked == evaluates
    assert isinstance(configs.plan(loaded, {**loaded.values, **changed}), StepPlan)


@pytest.mark.parametrize(
    ("question", "values", "cutoff"),
    [
        (Question(4, 1024, 90), {}, 2048),
        (Question(4, 704, 90, longer=False), {}, 1024),
        (Question(4, 4096, 90, longer=False), {}, 4096),
        (Question(4, 1024, None), {"packing": True}, 1024),
        (Question(4, 1024, None), {"stage": "pt"}, 1024),
    ],
)
def test_rows_that_are_cut_off_are_counted_longer(
    question: Question, values: dict[str, Any], cutoff: int
) -> None:
    """Also where no longer shape is timed; rows of one length need no count."""
    assert _counted_at(question, {"cutoff_len": 1024, **values}) == cutoff

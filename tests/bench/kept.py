"""A config, and a calibration that answers for it, kept in a folder of the test's own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.machine import WHEN, Machine, calibrated, lengths
from tests.bench.made import H100

from ftbench.calibration import key as keys
from ftbench.calibration import query

if TYPE_CHECKING:
    from pathlib import Path

    from ftbench.calibration.lookup import Query
    from ftbench.calibration.record import Calibration

CONFIG = """\
model_name_or_path: meta-llama/Llama-3.1-8B-Instruct
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
dataset: faq
template: llama3
cutoff_len: 1024
output_dir: saves/run
per_device_train_batch_size: 8
gradient_accumulation_steps: 2
num_train_epochs: 2.0
bf16: true
# ftlint: dataset-size=3000, gpus=1
"""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder for calibrations."""
    folder = tmp_path / "calibration"
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(folder))
    monkeypatch.setattr(query, "local_gpu", lambda: None)
    return folder


def question(folder: Path, text: str = CONFIG, **changed: Any) -> Query:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return query.of_file(str(path), changed=tuple(changed.items()))


@cache
def measured() -> Calibration:
    return calibrated(Machine(), 3)


def record(folder: Path, when: str = WHEN, **changed: Any) -> Calibration:
    """Return a calibration that answers for `CONFIG`."""
    values, _, target, *_ = question(folder)
    made = measured()
    assert made.lengths is not None
    rows: Any = {
        "dataset": ["faq"],
        "template": "llama3",
        "stage": "sft",
        "cutoff_len": 1024,
        "packed": False,
        "rows": len(lengths()),
        "counts": made.lengths["counts"],
    }
    gpu: Any = H100
    key = keys.make(values, "llama-3-8b", keys.Ranks(), "llamafactory", target)
    whole: dict[str, Any] = {"when": when, "key": key, "gpu": gpu, "lengths": rows, **changed}
    return replace(made, **whole)

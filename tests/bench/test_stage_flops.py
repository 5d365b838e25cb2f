"""FLOPs of a step by formula against what torch counts in LLaMA Factory's own trainers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.test_real import environment
from tests.oracle.environments import ensure

from ftbench.analysis.flops import DecoderShape, learning_of, of_batch
from ftbench.models.folder import prepared
from ftbench.models.source import choose
from suites.validation import write_suite

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.oracle

RANK = 8
DATASETS = {"dpo": "pairs", "rm": "pairs", "kto": "labelled", "sft": "small"}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("dpo", "lora", {}),
    ("dpo", "lora", {"pref_loss": "orpo"}),
    ("dpo", "full", {}),
    ("dpo", "freeze", {}),
    ("kto", "lora", {}),
    ("kto", "full", {"disable_gradient_checkpointing": True}),
    ("rm", "lora", {}),
    ("rm", "full", {"disable_gradient_checkpointing": True}),
    ("rm", "freeze", {}),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stages")
    write_suite(folder)
    return folder


def model(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FTBENCH_CACHE", str(place / "cache"))
    source = choose("me/tiny", "tiny", str(place))
    return prepared(source, "batch step epoch\n" * 500, str(ensure("0.9.5")), environment(place))


def learns(config: Mapping[str, Any], layers: int) -> Any:
    """Return the method as a result of such a run has it."""
    adapters = config["finetuning_type"] == "lora"
    return {
        **config, "lora_rank": RANK if adapters else None, "reentrant": True,
        "lora_targets": ["all"] if adapters else [], "trainable_layers": [layers - 1],
        "gradient_checkpointing": not config.get("disable_gradient_checkpointing"),
    }  # fmt: skip


@pytest.mark.parametrize(("stage", "method", "more"), CASES)
def test_a_step_of_every_stage(
    place: Path, monkeypatch: pytest.MonkeyPatch, stage: str, method: str, more: dict[str, Any]
) -> None:
    folder = model(place, monkeypatch)
    config = {
        "model_name_or_path": str(folder), "stage": stage, "do_train": True,
        "finetuning_type": method, "dataset": DATASETS[stage], "dataset_dir": str(place / "data"),
        "template": "qwen", "cutoff_len": 64, "output_dir": str(place / "saves"), "max_steps": 2,
        "report_to": "none", "per_device_train_batch_size": 2, "flash_attn": "disabled",
        "use_cpu": True, "save_strategy": "no", "overwrite_output_dir": True, **more,
    }  # fmt: skip
    if method == "lora":
        config |= {"lora_rank": RANK, "lora_target": "all"}
    if method == "freeze":
        config["freeze_trainable_layers"] = 1
    done = subprocess.run(
        [str(ensure("0.9.5")), str(Path(__file__).with_name("stage_flops.py")),
         str(Path(__file__).resolve().parents[2] / "bench"), json.dumps(config)],
        env=environment(place), capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads((folder / "config.json").read_text("utf-8"))
    shape = DecoderShape(
        found["num_hidden_layers"], found["hidden_size"], found["num_attention_heads"],
        found["num_key_value_heads"], found["hidden_size"] // found["num_attention_heads"],
        found["intermediate_size"], found["vocab_size"],
    )  # fmt: skip
    learning = learning_of(learns(config, shape.layers))
    for rows, length, counted in json.loads(done.stdout.splitlines()[-1]):
        ours = of_batch(shape, learning, rows * length, rows * length**2, "full")
        assert ours.hardware == pytest.approx(counted, rel=2e-3)

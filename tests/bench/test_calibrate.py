"""bench calibrate and predict as processes: the real trainer on a tiny model, and without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.bench.kept import CONFIG, record
from tests.oracle import environments

from ftbench.calibration import store

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "peft", "datasets", "accelerate", "numpy", "llamafactory")

TINY = """\
model_name_or_path: me/tiny
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 4
dataset: rows
dataset_dir: .
template: qwen
cutoff_len: 64
output_dir: saves/run
per_device_train_batch_size: 4
max_steps: 12
logging_steps: 4
save_strategy: 'no'
bf16: true
"""


def call(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([env.pop("first", ""), *(str(ROOT / one) for one in
                                                    ("lint", "schemas", "bench"))])  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "ftbench", *arguments], cwd=folder, text=True, check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path.lstrip(os.pathsep), "OMP_NUM_THREADS": "1", **env},
    )  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config that was calibrated."""
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "kept"))
    store.add(record(tmp_path))
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_offline_commands_load_nothing_heavy(kept: Path, tmp_path_factory: Any) -> None:
    """Packages of those names end the process when they are so much as looked for."""
    traps = tmp_path_factory.mktemp("traps")
    for name in HEAVY:
        (traps / f"{name}.py").write_text("import os\nos._exit(9)\n", encoding="utf-8")
    assert call(kept, "--help", first=str(traps)).returncode == 0
    done = call(kept, "predict", "config.yaml", first=str(traps))
    assert (done.returncode, done.stderr) == (0, "")
    assert "376 steps take" in done.stdout
    for command in ("compare", "report", "calibrate"):
        assert call(kept, command, "--help", first=str(traps)).returncode == 0
    assert call(kept, "report", "config.yaml", first=str(traps)).returncode == 2


def test_prediction_as_json_with_a_budget(kept: Path) -> None:
    done = call(kept, "predict", "config.yaml", "--output-format", "json", "--budget", "2m")
    found = json.loads(done.stdout)
    assert found["low"] < found["seconds"] < found["high"]
    assert sum(found["parts"].values()) == pytest.approx(found["seconds"])
    assert found["budget"]["fits"] is False
    assert 0 < found["budget"]["max_steps"] < found["steps"] == 376


def test_old_names_of_options_are_taken(kept: Path) -> None:
    new = call(kept, "predict", "config.yaml", "--output-format", "json", "--nodes", "1")
    old = call(kept, "predict", "config.yaml", "--json", "--nnodes", "1")
    assert (old.returncode, old.stderr, old.stdout) == (0, "", new.stdout)
    help_text = call(kept, "predict", "--help").stdout
    assert "--json" not in help_text
    assert "--nnodes" not in help_text


def test_what_cannot_be_predicted_is_wrong_usage(kept: Path) -> None:
    (kept / "full.yaml").write_text(CONFIG.replace(": lora", ": full"), encoding="utf-8")
    for arguments, told in (
        (["full.yaml"], "method is full"),
        (["absent.yaml"], "No such file"),
        (["config.yaml", "--budget", "soon"], "30m, 2h or 1h30m"),
        (["config.yaml", "--nodes", "2"], "world is 2"),
        (
            ["config.yaml", "--gpu", "a100"],
            "a100 is not one of the calibrated GPUs: NVIDIA H100 80",
        ),
    ):
        done = call(kept, "predict", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr


def test_another_gpu_is_answered_for_by_name(kept: Path) -> None:
    here = json.loads(call(kept, "predict", "config.yaml", "--output-format", "json").stdout)
    there = call(kept, "predict", "config.yaml", "--gpu", "h100", "--output-format", "json")
    said = json.loads(there.stdout)
    assert said["seconds"] == here["seconds"]
    assert said["high"] - said["low"] > here["high"] - here["low"]
    assert "calibrated on another NVIDIA H100 80GB HBM3" in said["assumptions"]


def test_export_and_import_as_commands(kept: Path) -> None:
    done = call(kept, "calibrate", "--export", "out.jsonl")
    assert (done.returncode, done.stdout) == (0, "calibrations written to out.jsonl: 1\n")
    elsewhere = str(kept / "elsewhere")
    done = call(kept, "calibrate", "--import", "out.jsonl", FTBENCH_CALIBRATION=elsewhere)
    assert "calibrations added: 1" in done.stdout
    assert call(kept, "predict", "config.yaml", FTBENCH_CALIBRATION=elsewhere).returncode == 0
    (kept / "out.jsonl").write_text("x\n", encoding="utf-8")
    assert call(kept, "calibrate", "--import", "out.jsonl").returncode == 2
    assert call(kept, "calibrate").returncode == 2


def test_without_the_packages_it_cannot_start(kept: Path) -> None:
    """The environment of the tests has no torch, or it has: then a python that is none."""
    done = call(kept, "calibrate", "config.yaml", "--python", "/nowhere/python")
    assert done.returncode == 2
    assert "cannot be run" in done.stderr
    assert len(list(store.everything())) == 1


@pytest.mark.oracle
@pytest.mark.parametrize("stage", ["sft", "pt"])
def test_a_real_calibration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """Calibrated on this CPU, a run of another batch is then predicted and made."""
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "kept"))
    rows: list[dict[str, str]] = [
        {"instruction": "count " + "to " * (number % 23), "input": "", "output": "1 2 3"}
        for number in range(200)
    ]
    info: dict[str, Any] = {"rows": {"file_name": "rows.json"}}
    if stage == "pt":
        rows = [{"text": "one two three four " * 9}] * 200
        info["rows"]["columns"] = {"prompt": "text"}
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    (tmp_path / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    text = TINY.replace("stage: sft", f"stage: {stage}")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    python = str(environments.ensure("0.9.5"))
    done = call(tmp_path, "calibrate", "config.yaml", "--model", "tiny", "--python", python,
                "--raw", "raw")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (scheduled,) = (tmp_path / "raw").glob("*scheduled*")
    for step in json.loads(scheduled.read_text())["steps"]:
        for count, length, real, _, _ in step["micro_batches"]:
            assert real == count * (length - 1 if stage == "sft" else length)
    (made,) = store.everything()
    assert made.key["method"] == "lora"
    assert made.key["masked"] is (stage == "sft")
    assert made.cost.per_token + made.cost.per_square > 0
    assert made.overheads.startup > 1
    assert (made.overheads.save or 0) > 0
    assert made.lengths is not None
    assert (made.lengths["rows"], made.lengths["packed"]) == (
        (200, False) if stage == "sft" else (made.lengths["rows"], True)
    )
    assert ("sequence" in made.lengths) is (stage == "sft")
    other = text.replace("batch_size: 4", "batch_size: 2").replace("steps: 12", "steps: 20")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    said = call(tmp_path, "predict", "other.yaml", "--model", "tiny", "--json")
    assert said.returncode == 0, said.stderr
    seconds = json.loads(said.stdout)["seconds"]
    run = call(tmp_path, "run", "other.yaml", "--full", "--model", "tiny", "--python", python,
               "--output-file", "result.json")  # fmt: skip
    assert run.returncode == 0, run.stderr
    wall = json.loads((tmp_path / "result.json").read_text())["phases"]["wall"]
    assert seconds == pytest.approx(wall, rel=0.6)  # a shared CPU: that it is of the right size

"""Real runs of the real trainer on the CPU: slow, and only where LLaMA Factory is installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.oracle.environments import ensure

from ftbench.calibration.batches import Loop, in_order
from ftbench.calibration.sequence import epochs_of
from ftbench.results.files import read
from ftbench.runners.interpreter import probe
from ftbench.runners.job import Job, run
from ftbench.runners.launch import descendants
from ftbench.runners.protocol import Enough
from suites.validation import write_suite

pytestmark = pytest.mark.oracle

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
model_name_or_path: Qwen/Qwen2.5-0.5B-Instruct
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 4
dataset: medium
dataset_dir: {data}
template: qwen
cutoff_len: 256
output_dir: {folder}/saves
per_device_train_batch_size: 4
gradient_accumulation_steps: 2
num_train_epochs: 2.5
logging_steps: 2
save_steps: 5
report_to: none
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    write_suite(folder)
    text = CONFIG.format(folder=folder, data=folder / "data")
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder


def environment(place: Path) -> dict[str, str]:
    path = os.pathsep.join(str(ROOT / part) for part in ("lint", "schemas", "bench"))
    return {
        **os.environ, "PYTHONPATH": path, "FTBENCH_PYTHON": str(ensure("0.9.5")),
        "FTBENCH_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1", "TMPDIR": str(place),
        "DISABLE_VERSION_CHECK": "1", "HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "1",
    }  # fmt: skip


def bench(place: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "ftbench", *arguments]
    command = ["sh", "-c", f'{before}exec "$@"', "sh", *words]
    return subprocess.run(
        command, env=environment(place), capture_output=True, text=True, timeout=600, check=False
    )


def ran(place: Path, *arguments: str) -> Any:
    output = place / "result.json"
    output.unlink(missing_ok=True)
    done = bench(place, "run", str(place / "config.yaml"), "--output-file", str(output), *arguments)
    assert done.returncode == 0, done.stderr
    assert not (place / "saves").exists()  # the user's own folder
    assert not list(place.glob("ftbench-*"))
    return read(output)


@pytest.mark.parametrize("runner", ["llamafactory", "hf"])
def test_a_short_run_measures_every_step(place: Path, runner: str) -> None:
    result = ran(place, "--model", "tiny", "--steps", "6", "--runner", runner)
    steps = result["steps"]
    assert result["runner"] == runner
    assert [len(step["micro_batches"]) for step in steps] == [2] * 6
    for step in steps:
        parts = [step[name] for name in ("data", "forward_backward", "optimizer")]
        assert all(part > 0 for part in parts)
        assert sum(parts) <= step["seconds"]
        for rows, length, real, trained, squares in step["micro_batches"]:
            assert rows == 4
            assert length % 8 == 0
            assert rows * length >= real > trained > 0
            assert real * real / rows <= squares <= real * length
        (resident,) = step["held"].values()  # of the host's memory, as there is no GPU
        assert 50_000_000 < resident < 50_000_000_000
    assert result["trainer"]["global_step"] == result["plan"]["total_steps"] == 6
    assert result["model"]["layers"] == 2
    assert len(result["method"]["lora_targets"]) == 7
    assert result["method"]["gradient_checkpointing"] is True
    phases = result["phases"]
    assert phases["wall"] >= phases["total"] >= phases["train"] > phases["after_first"] > 0
    wanted = sum(step["seconds"] for step in steps[1:])
    assert phases["after_first"] == pytest.approx(wanted, rel=0.02)
    assert 1 <= result["environment"]["threads"] <= 4096
    assert 1e-6 < result["environment"]["waking"] < 0.5


def test_both_runners_train_the_same_batches(place: Path) -> None:
    shapes = [
        [
            sorted(step["micro_batches"])
            for step in ran(place, "--model", "tiny", "--steps", "12", "--runner", runner)["steps"]
        ]
        for runner in ("llamafactory", "hf")
    ]
    assert shapes[0] == shapes[1]


def test_a_whole_run_keeps_its_checkpoints_and_its_lengths_are_told(place: Path) -> None:
    result = ran(place, "--model", "tiny", "--full", "--lengths", "--no-measure")
    assert result["steps"] == []
    trainer, plan = result["trainer"], result["plan"]
    assert trainer["max_steps"] == trainer["global_step"] == plan["total_steps"] == 30
    assert trainer["checkpoints"] == plan["checkpoints"] == len(result["phases"]["saves"]) == 6
    assert len(result["lengths"]) == plan["samples"]["total"] == 96
    assert max(result["lengths"]) <= 256


@pytest.mark.parametrize("more", ["", "disable_shuffling: true\n", "seed: 7\ndata_seed: 9\n"])
def test_each_batch_of_three_epochs_is_foreseen(place: Path, more: str) -> None:
    config = place / "config.yaml"
    before = config.read_text("utf-8")
    config.write_text(before + more, "utf-8")
    try:
        result = ran(place, "--model", "tiny", "--full", "--lengths")
    finally:
        config.write_text(before, "utf-8")
    values = result["config"]["values"]
    loop = Loop(30, 4, 2, rows=96)
    epochs = epochs_of(values, result["lengths"], loop)
    shapes = [tuple(one[:2]) for step in result["steps"] for one in step["micro_batches"]]
    assert in_order(loop, epochs) == Counter(shapes)
    assert len({tuple(shapes[at : at + 24]) for at in (0, 24)}) == (1 if "disable" in more else 2)


@pytest.mark.parametrize("runner", ["llamafactory", "hf"])
def test_a_run_of_which_there_is_enough_ends_whole(
    place: Path, monkeypatch: pytest.MonkeyPatch, runner: str
) -> None:
    """Evaluated and saved where it ends, then evaluated once more; not before the time is over."""
    for name, value in environment(place).items():
        monkeypatch.setenv(name, value)
    changed = {
        "max_steps": 9, "val_size": 8, "eval_strategy": "steps", "eval_steps": 9, "save_steps": 9,
    }  # fmt: skip
    job = Job(
        str(place / "config.yaml"), probe(str(ensure("0.9.5"))), runner, "tiny", full=True,
        changed=tuple(changed.items()),
    )  # fmt: skip
    for seconds, steps in ((0.0, 4), (600.0, 9)):
        enough = Enough(steps=4, seconds=seconds)
        result = run(job._replace(enough=enough), lambda _: None, lambda _: None)
        assert result["error"] is None
        assert result["trainer"] is not None
        assert len(result["steps"]) == result["trainer"]["global_step"] == steps
        assert (result["trainer"]["evaluations"], result["trainer"]["checkpoints"]) == (2, 1)


def test_plans_are_validated(place: Path) -> None:
    configs = [str(place / "one" / f"{number:02d}.yaml") for number in (2, 3, 4, 5)]
    output = place / "validation.json"
    done = bench(place, "validate", *configs, "--output", str(output), "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(output.read_text())
    assert report["summary"] == {"exact": 4, "bounded": 0, "wrong": 0, "failed": 0}
    assert [run["rows_from_run"] for run in report["runs"]] == [True, True, False, False]
    assert all(len(run["checks"]) >= 11 for run in report["runs"])


def test_two_processes_are_validated(place: Path) -> None:
    config = str(place / "two" / "01.yaml")
    done = bench(place, "validate", config, "--gpus", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 exact" in done.stdout


def test_batches_that_one_process_reads_for_all_are_counted_as_each_got_them(place: Path) -> None:
    """The others hand over room for a whole batch before there is anything in it."""
    text = (place / "config.yaml").read_text(encoding="utf-8")
    config = place / "dispatched.yaml"
    more = "streaming: true\ndataloader_num_workers: 1\npacking: true\nmax_steps: 3\n"
    config.write_text(text.replace("num_train_epochs: 2.5\n", "") + more, encoding="utf-8")
    output = place / "dispatched.json"
    done = bench(
        place, "run", str(config), "--model", "tiny", "--gpus", "2", "--full",
        "--output-file", str(output),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    shapes = [one[:3] for step in read(output)["steps"] for one in step["micro_batches"]]
    assert len(shapes) == 6
    assert all(rows <= 4 and length == 256 >= real / rows for rows, length, real in shapes)


def test_a_plan_that_is_wrong_fails(place: Path) -> None:
    """The trainer reads its rows from what a path holds; the linter is told another number."""
    text = (place / "config.yaml").read_text(encoding="utf-8")
    wrong = place / "wrong.yaml"
    wrong.write_text(f"# ftlint: dataset-size=50\n{text}", encoding="utf-8")
    done = bench(place, "validate", str(wrong))
    if "exact" in done.stdout.splitlines()[1]:
        pytest.fail(done.stdout)
    assert done.returncode == 1
    assert "rows of the train set: planned 50, the trainer says 96" in done.stdout


def test_a_run_that_needs_too_much_memory_says_so(place: Path) -> None:
    config = str(place / "config.yaml")
    more = ("--model", "qwen2.5-7b", "--steps", "1", "--output", str(place / "none.json"))
    done = bench(place, "run", config, *more, before="ulimit -v 12000000; ")
    assert done.returncode == 1
    assert "bench: out of memory" in done.stderr
    assert "per_device_train_batch_size: 2" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "none.json").exists()


@pytest.mark.parametrize(
    ("signum", "gpus"),
    [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 1), (signal.SIGKILL, 1),
     (signal.SIGKILL, 2)],
)  # fmt: skip
def test_an_interrupted_run_leaves_nothing(place: Path, signum: int, gpus: int) -> None:
    """Nor does one of several processes, which torchrun starts in sessions of their own."""
    output = place / "interrupted.json"
    output.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "ftbench", "run", str(place / "config.yaml"), "--model", "tiny",
         "--output", str(output), "--gpus", str(gpus)],
        env=environment(place), stderr=subprocess.PIPE, text=True,
        # A job in the background of a script ignores it, and would hand that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    family: list[int] = []
    deadline = time.monotonic() + 120
    while len(family) < (1 if gpus == 1 else 1 + gpus) and time.monotonic() < deadline:
        time.sleep(0.5)
        family = descendants(process.pid)
    time.sleep(3)
    process.send_signal(signum)
    process.communicate(timeout=60)
    assert process.returncode == (130 if signum != signal.SIGKILL else -9)
    deadline = time.monotonic() + (20 if signum != signal.SIGKILL else 3)  # it takes longer itself
    while any(Path(f"/proc/{pid}/exe").exists() for pid in family):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert family
    assert not output.exists()
    if signum != signal.SIGKILL:
        assert not list(place.glob("ftbench-*"))
    for path in place.glob("ftbench-*"):
        subprocess.run(["rm", "-r", str(path)], check=True)

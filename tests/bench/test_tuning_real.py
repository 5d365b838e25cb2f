"""Tuning with the real trainer on the CPU: slow, and only where LLaMA Factory is installed."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle.environments import ensure

from ftbench.runners.interpreter import probe
from ftbench.runners.job import Job
from ftbench.runners.launch import Processes
from ftbench.tuning import trial
from ftbench.tuning.candidate import Candidate
from ftbench.tuning.sameness import compare
from ftbench.tuning.session import Session, Told, TuningRequest
from suites.validation import write_suite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.runners.protocol import Sample

pytestmark = pytest.mark.oracle

ROOT = Path(__file__).resolve().parents[2]
COMMON = """\
model_name_or_path: Qwen/Qwen2.5-0.5B-Instruct
do_train: true
finetuning_type: lora
lora_rank: 4
dataset_dir: {folder}/data
template: qwen
output_dir: {folder}/saves
per_device_train_batch_size: 1   # as published
gradient_accumulation_steps: {rows}
num_train_epochs: 2.0
logging_steps: 2
report_to: none
"""
STAGES = {
    "sft": "dataset: medium\ncutoff_len: 128\n",
    "pt": "dataset: documents\ncutoff_len: 64\npacking: false\n",
    "dpo": "dataset: pairs\ncutoff_len: 128\n",
    "rm": "dataset: pairs\ncutoff_len: 128\n",
    "kto": "dataset: judged\ncutoff_len: 128\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("tune")
    write_suite(folder)
    add_data(folder / "data")
    found = {
        "FTBENCH_PYTHON": str(ensure("0.9.5")), "FTBENCH_CACHE": str(folder / "cache"),
        "OMP_NUM_THREADS": "1", "DISABLE_VERSION_CHECK": "1", "HF_HOME": str(folder / "hf"),
        "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.items():
            patch.setenv(name, value)
        yield folder


def add_data(folder: Path) -> None:
    draw = random.Random(5)

    def text(count: int) -> str:
        return " ".join(draw.choices(("alpha", "beta", "gamma", "delta", "eta"), k=count))

    def answer() -> dict[str, str]:
        return {"output": text(draw.randint(5, 60))}

    info = json.loads((folder / "dataset_info.json").read_text("utf-8"))
    info["documents"] = {"file_name": "documents.json", "columns": {"prompt": "text"}}
    info["judged"] = {
        "file_name": "judged.json",
        "columns": {"prompt": "instruction", "query": "input", "response": "output",
                    "kto_tag": "good"},
    }  # fmt: skip
    documents = [{"text": text(draw.randint(5, 60))} for _ in range(80)]
    judged = [
        {
            "instruction": text(8),
            "input": "",
            "output": text(draw.randint(5, 60)),
            "good": n % 3 > 0,
        }
        for n in range(80)
    ]
    (folder / "documents.json").write_text(json.dumps(documents), "utf-8")
    (folder / "judged.json").write_text(json.dumps(judged), "utf-8")
    (folder / "dataset_info.json").write_text(json.dumps(info), "utf-8")


def config(place: Path, name: str, more: str, rows: int = 8) -> Path:
    path = place / f"{name}.yaml"
    path.write_text(COMMON.format(folder=place, rows=rows) + more, "utf-8")
    return path


def test_the_fastest_of_what_was_measured_is_taken_and_written(place: Path) -> None:
    path = config(place, "fastest", "stage: sft\n" + STAGES["sft"])
    before = path.read_text("utf-8")
    output, raw = place / "tuned.json", place / "raw"
    found = os.pathsep.join(str(ROOT / part) for part in ("lint", "schemas", "bench"))
    done = subprocess.run(
        [sys.executable, "-m", "ftbench", "tune", str(path), "--model", "tiny", "--budget", "240",
         "--write", "-o", str(output), "--raw", str(raw)],
        env={**os.environ, "PYTHONPATH": found}, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in done.stderr.splitlines():  # and nothing that packages print when imported
        assert re.match(r"as written: | +\d+ s  |.*\.yaml: written|nothing to write", line), line
    tuned = json.loads(output.read_text("utf-8"))
    assert tuned["done"]
    assert tuned["before"]["steps"] == tuned["after"]["steps"]
    last: dict[Candidate, Any] = {}
    for one in tuned["trials"]:
        last[Candidate(**one["candidate"])] = one
        assert one["why_not"] is None
        assert one["same"] in (None, True)
    assert len(last) >= 3
    proofs = [one for one in tuned["trials"] if one["purpose"] == "proof"]
    if tuned["keys"]:
        taken = [one["seconds"] for one in proofs if one["keys"] == tuned["keys"]]
        assert taken[0] <= 1.03 * min(one["seconds"] for one in proofs)
        pair = [tuned[name]["trial"] for name in ("before", "after")]
        assert [one["purpose"] for one in pair] == ["again", "again"]
        assert tuned["speedup"] == pytest.approx(pair[0]["seconds"] / pair[1]["seconds"])
    assert len(list(raw.glob("*.json"))) == len(tuned["trials"])
    assert not (place / "saves").exists()
    written = path.read_text("utf-8")
    if tuned["keys"]:
        assert written != before
        assert "# as published" in written
        assert "written" in done.stderr
    for key, value in tuned["keys"].items():
        text = str(value).lower() if isinstance(value, bool) else value
        assert f"{key}: {text}" in written


def test_a_lack_of_memory_is_survived(place: Path) -> None:
    rows = [{"instruction": "a", "input": "", "output": "beta " * 700}] * 64
    (place / "data" / "long.json").write_text(json.dumps(rows), "utf-8")
    info = json.loads((place / "data" / "dataset_info.json").read_text("utf-8"))
    info["long"] = {"file_name": "long.json"}
    (place / "data" / "dataset_info.json").write_text(json.dumps(info), "utf-8")
    path = config(place, "full", "stage: sft\ndataset: long\ncutoff_len: 1024\n", rows=16)
    job = Job(str(path), probe(os.environ["FTBENCH_PYTHON"]), model="tiny", memory_limit=400 << 20)
    quiet = Told(lambda _: None, lambda _: None, lambda *_: None)
    session = Session(TuningRequest(job, budget=400.0), quiet)
    with trial.processes(job) as start:
        session.as_written(start)
        large = session.attempt(session.known.written.with_batch(16), "search", start)
        small = session.attempt(session.known.written.with_batch(2), "search", start)
    assert session.known.before is not None
    assert session.known.before.error is None
    assert large.error is not None
    assert large.error["kind"] == "out_of_memory"
    assert small.error is None
    told = session.record(done=False)["trials"]
    assert [one["why_not"] for one in told] == [None, "out of memory", None]


def test_a_short_run_is_proven_by_no_more_steps_than_it_has(place: Path) -> None:
    path = config(place, "few", f"stage: sft\n{STAGES['sft']}max_steps: 6\n")
    job = Job(str(path), probe(os.environ["FTBENCH_PYTHON"]), model="tiny")
    results: list[Any] = []
    quiet = Told(lambda _: None, lambda _: None, lambda _, one: results.append(one))
    session = Session(TuningRequest(job, budget=400.0), quiet)
    with trial.processes(job) as begin:
        session.as_written(begin)
        proof = session.attempt(session.known.written.with_batch(8), "proof", begin)
    assert [one["trainer"]["global_step"] for one in results] == [5, 6]
    assert session.known.why_not(proof) is None


@pytest.fixture(scope="module")
def start(place: Path) -> Iterator[Any]:
    path = config(place, "any", "stage: sft\n" + STAGES["sft"])
    with trial.processes(Job(str(path), probe(os.environ["FTBENCH_PYTHON"]), model="tiny")) as one:
        yield one


@pytest.mark.parametrize(
    ("stage", "averaged", "same"),
    [("sft", "step", True), ("pt", "step", True), ("dpo", "micro-batch", True),
     ("rm", "micro-batch", True), ("kto", "micro-batch", False)],
)  # fmt: skip
def test_a_split_learns_the_same_but_with_kto(
    place: Path, start: Any, stage: str, averaged: str, same: bool
) -> None:
    """At a rate so high that what differs in the gradients of a step is seen in the next loss."""
    more = f"stage: {stage}\n{STAGES[stage]}learning_rate: 0.02\nlr_scheduler_type: constant\n"
    path = config(place, stage, more)
    job = Job(str(path), probe(os.environ["FTBENCH_PYTHON"]), model="tiny")
    sample: Sample = {
        "per_step": 8, "timed": 5, "block": 5, "again": False, "grouped": False
    }  # fmt: skip
    found = [run(job, batch, sample, start) for batch in (1, 4, 8)]
    results = [result for _, result in found]
    assert {one["method"]["averaged"] for one in results} == {averaged}
    assert len({len(one["steps"]) for one in results}) == 1
    written, *others = (one.traces for one, _ in found)
    assert len({round(one["loss"] or 0.0, 3) for one in written}) > 1  # it learns
    alike = [compare(written, other, stage=stage, half=False).same for other in others]
    assert alike == [same, same]


def run(job: Job, batch: int, sample: Sample, start: Any) -> tuple[trial.Trial, Any]:
    keys = (
        ("per_device_train_batch_size", batch), ("gradient_accumulation_steps", 8 // batch),
    )  # fmt: skip
    candidate = Candidate(batch, 8 // batch, False, True, "auto", 0)
    still = trial.job_of(job, keys, sample)._replace(still=True)
    made, result = trial.run(still, candidate, "search", 1, start)
    assert made.error is None, made.error
    return made, result


def test_two_processes_keep_the_rows_of_a_step_and_what_is_learned(place: Path) -> None:
    path = config(place, "two", "stage: sft\n" + STAGES["sft"], rows=4)
    job = Job(
        str(path), probe(os.environ["FTBENCH_PYTHON"]), model="tiny", processes=Processes(gpus=2)
    )
    results: list[Any] = []
    quiet = Told(lambda _: None, lambda _: None, lambda _, one: results.append(one))
    session = Session(TuningRequest(job, budget=900.0), quiet)
    with trial.processes(job) as begin:
        session.as_written(begin)
        session.attempt(session.known.written.with_batch(4), "search", begin)
    written, other = session.record(done=False)["trials"]
    assert written["candidate"]["batch"] * written["candidate"]["accumulation"] == 4
    assert other["candidate"]["batch"] * other["candidate"]["accumulation"] == 4
    assert session.record(done=False)["rows_per_step"] == 8
    assert other["why_not"] is None
    assert other["same"] is True
    for one in results:  # rank 0 has half of the rows of each step
        assert {sum(batch[0] for batch in step["micro_batches"]) for step in one["steps"]} == {4}
        assert one["trainer"]["world_size"] == 2
        assert one["error"] is None

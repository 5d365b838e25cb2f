"""Why a run ended, by what real runs print that end so: each fails for the reason that is said."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ftlint.doctor.cause import ended_by
from ftlint.doctor.history import History, read
from ftlint.doctor.symptoms import signs

from . import chain
from .environments import ensure

pytestmark = pytest.mark.oracle

RUNNER = Path(__file__).with_name("ends_runner.py")
LONG = [{"instruction": "w1 " * 4000, "input": "", "output": "w2"}] * 16
CASES: dict[str, dict[str, object]] = {
    "no-columns": {"config": {"dataset": "foreign"}},
    "dataset-undefined": {"config": {"dataset": "none"}},
    "no-rows": {"config": {"dataset": "unanswered"}},
    "unused-keys": {"config": {"lora_ranks": 8}},
    "weights-differ": {
        "config": {"finetuning_type": "lora", "adapter_name_or_path": "adapter"},
    },
    "not-reachable": {"config": {"model_name_or_path": "no/such"}},
    "disk-full": {"config": {"output_dir": "full", "overwrite_output_dir": True}},
    "missing-module-liger": {"config": {"enable_liger_kernel": True}},
    "missing-module-wandb": {"config": {"report_to": "wandb"}},
    "missing-module-deepspeed": {"config": {"deepspeed": "zero.json"}},
    "missing-module-bitsandbytes": {"config": {"optim": "adamw_bnb_8bit"}},
    "host-memory": {
        "config": {"dataset": "long", "cutoff_len": 4096, "flash_attn": "disabled"},
        "room": 900 << 20,
    },
    "stopped": {"config": {"num_train_epochs": 3000}, "interrupt": "'loss'"},
}

ABORTED: dict[str, object] = {
    "config": {"num_train_epochs": 3000}, "interrupt": "'loss'", "abort": True,
}  # fmt: skip


@pytest.fixture(scope="module", params=["0.9.5"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run them all, in a folder where the disk is full at one place and no hub is reached."""
    work = tmp_path_factory.mktemp("ends")
    plain: dict[str, object] = {
        **chain.CONFIG, "per_device_train_batch_size": 8, "num_train_epochs": 1,
        "save_strategy": "no",
    }  # fmt: skip
    lora = {**plain, "finetuning_type": "lora", "lora_target": "all", "output_dir": "adapter"}
    more = {"long": LONG, "foreign": [{"question": "w1", "answer": "w2"}] * 4}
    chain.train(request.param, work, 40, {"adapter": lora}, more)
    asked = [{"conversations": [{"from": "human", "value": "w1"}]}] * 4
    (work / "data" / "unanswered.json").write_text(json.dumps(asked), "utf-8")
    table = work / "data" / "dataset_info.json"
    defined = json.loads(table.read_text("utf-8"))
    defined["unanswered"] = {"file_name": "unanswered.json", "formatting": "sharegpt"}
    table.write_text(json.dumps(defined), "utf-8")
    (work / "full").mkdir()
    (work / "full" / "trainer_state.json").symlink_to("/dev/full")
    (work / "zero.json").write_text('{"zero_optimization": {"stage": 2}}', "utf-8")
    adapter = work / "adapter" / "adapter_config.json"
    smaller = json.loads(adapter.read_text("utf-8")) | {"r": 2}
    adapter.write_text(json.dumps(smaller), "utf-8")
    cases = {
        name: {**case, "config": {**plain, "output_dir": f"out-{name}", **case["config"]}}  # type: ignore[dict-item]
        for name, case in {**CASES, "aborted": ABORTED}.items()
    }
    (work / "cases.json").write_text(json.dumps(cases), "utf-8")
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(
        [str(ensure(request.param)), str(RUNNER), "cases.json"], cwd=work, check=True, timeout=900,
        env=os.environ | nowhere, capture_output=True,
    )  # fmt: skip
    return work


@pytest.mark.parametrize("name", CASES)
def test_what_ended_a_real_run_is_told(printed: Path, name: str) -> None:
    text = (printed / f"{name}.txt").read_text("utf-8")
    found = ended_by(text, {}, {})
    assert found is not None, text[-500:]
    cause, _, package = name.partition("-module-")
    assert found.name == f"ended-by-{cause}{'-module' if package else ''}"
    assert package in f"{found.text} {found.remedy}"


def test_a_run_that_was_aborted_in_llama_board(printed: Path) -> None:
    """It ends as one that did all its steps, but for their number."""
    run = read(str(printed / "out-aborted"))
    assert isinstance(run, History), run
    assert run.ended
    found = {sign.name: sign for sign in signs(run, 3)}
    assert "of 15,000 planned steps were done" in found["ended-early"].text


def test_a_run_that_ended_well_is_told_nothing(printed: Path) -> None:
    assert ended_by((printed / "adapter" / "trainer_log.jsonl").read_text("utf-8"), {}, {}) is None


WAITING = """
import datetime, os, sys, time
import torch.distributed as dist
dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=2))
time.sleep(6 * dist.get_rank())
dist.barrier()
"""


def test_a_process_that_waited_too_long(tmp_path: Path) -> None:
    """As torch tells it on CPUs, where there is no NCCL."""
    (tmp_path / "waits.py").write_text(WAITING, "utf-8")
    command = [ensure("0.9.5"), "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*map(str, command), "--standalone", str(tmp_path / "waits.py")],
        check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    found = ended_by(done.stderr, {}, {})
    assert found is not None, done.stderr
    assert found.name == "ended-by-collective-timeout"
    assert "ddp_timeout" in found.remedy

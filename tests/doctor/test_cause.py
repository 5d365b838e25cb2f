"""Why a run ended, from what it printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.doctor.cause import CAUSES, ended_by
from tests.cli.calls import invoke

from .test_command import CONFIG, keep, state

if TYPE_CHECKING:
    from pathlib import Path

TRACE = """  3%|▎         | 12/400 [00:10<05:00,  1.2it/s]
Traceback (most recent call last):
  File "transformers/trainer.py", line 2674, in _inner_training_loop
    tr_loss_step = self.training_step(model, inputs)
  File "transformers/trainer.py", line 4020, in training_step
    loss = self.compute_loss(model, inputs)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.32 GiB. GPU 0 has a total \
capacity of 23.69 GiB of which 1.02 GiB is free.
"""
EVALUATING = TRACE.replace(
    "line 4020, in training_step", "line 4700, in evaluation_loop"
)  # it is called from within the training loop
ERRORS = {
    "disk-full": "OSError: [Errno 28] No space left on device: 'out/checkpoint-40'",
    "dataset-undefined": "ValueError: Undefined dataset faq in dataset_info.json.",
    "no-columns": "KeyError: 'instruction'",
    "no-rows": "RuntimeError: Cannot find valid samples, check `data/README.md` for the format.",
    "version": "ImportError: transformers>=4.49.0,<=4.52.4 is required for a normal functioning",
    "missing-module": "ModuleNotFoundError: No module named 'deepspeed'",
    "collective-timeout": "[Rank 1] Watchdog caught collective operation timeout:"
    " WorkNCCL(SeqNum=81, OpType=ALLREDUCE, NumelIn=1, Timeout(ms)=1800000) ran for 1800012 ms",
    "nccl": "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1275",
    "gpu-device": "RuntimeError: CUDA error: device-side assert triggered",
    "no-gradient": "RuntimeError: element 0 of tensors does not require grad and does not have",
    "weights-differ": "size mismatch for base_model.model.lm_head.weight: copying a param",
    "unused-keys": "ValueError: Some keys are not used by the HfArgumentParser: ['lora_ranks']",
    "bus-error": "RuntimeError: DataLoader worker (pid 71) is killed by signal: Bus error.",
    "host-memory": "RuntimeError: DataLoader worker (pid 71) is killed by signal: Killed.",
    "not-reachable": "OSError: We couldn't connect to 'https://huggingface.co' to load the files",
    "no-access": "GatedRepoError: 403 Client Error",
    "import": "ImportError: cannot import name 'shard_checkpoint' from 'transformers'",
    "stopped": "torch.distributed.elastic.api.SignalException: Process 4 got signal: 15",
}


@pytest.mark.parametrize("name", ERRORS)
def test_each_cause_is_known_by_its_words(name: str) -> None:
    found = ended_by(f"Traceback (most recent call last):\n{ERRORS[name]}\n", {}, {})
    assert found is not None
    assert (found.name, found.severity) == (f"ended-by-{name}", "error")
    assert "{" not in found.text + found.remedy


def test_every_cause_has_a_test() -> None:
    assert {cause.name for cause in CAUSES} == set(ERRORS)


def test_nothing_is_made_of_a_log_without_an_error() -> None:
    assert (
        ended_by("{'loss': 1.2}\n100%|█| 40/40 [00:10]\n***** train metrics *****\n", {}, {})
        is None
    )


@pytest.mark.parametrize(
    ("trace", "phase", "key"),
    [
        (TRACE, "in training, at step 13 of 400, although", "per_device_train_batch_size"),
        (EVALUATING, "ran out of memory in evaluation", "per_device_eval_batch_size"),
    ],
)
def test_out_of_memory_names_phase_and_key(trace: str, phase: str, key: str) -> None:
    found = ended_by(trace, {key: "c.yaml:7"}, {key: 2})
    assert found is not None
    assert phase in found.text
    assert "2.32 GiB more were asked for of 23.69 GiB" in found.text
    assert found.remedy.endswith(f"(c.yaml:7: `{key}: 2`)")


def test_what_failed_first_counts() -> None:
    """Other processes wait for the one that ran out of memory, and time out."""
    late = f"{TRACE}\n{ERRORS['collective-timeout']}\n{ERRORS['stopped']}\n"
    found = ended_by(late, {}, {})
    assert found is not None
    assert found.name == "ended-by-memory"
    other = ended_by(f"{ERRORS['disk-full']}\n{ERRORS['collective-timeout']}", {}, {})
    assert other is not None
    assert other.name == "ended-by-disk-full"


def test_the_config_is_named_by_file_and_line(tmp_path: Path) -> None:
    run = keep(tmp_path / "run", state(20, ended=False), "checkpoint-20/trainer_state.json")
    config, log = tmp_path / "c.yaml", tmp_path / "console.txt"
    config.write_text(CONFIG, "utf-8")
    log.write_text(TRACE, "utf-8")
    done = invoke(
        "doctor", run, "--plan", config, "--log", log, "--isolated", "--dataset-size", "40"
    )
    line = 1 + CONFIG.splitlines().index("per_device_train_batch_size: 2")
    assert f"({config}:{line}: `per_device_train_batch_size: 2`)" in done.out
    assert "error ended-by-memory" in done.out.splitlines()
    assert done.status == 1
    missing = invoke("doctor", run, "--log", tmp_path / "none")
    assert (missing.status, missing.out) == (2, "")


def test_a_log_in_the_folder_of_a_run_that_has_not_ended(tmp_path: Path) -> None:
    run = keep(tmp_path / "run", state(20, ended=False), "checkpoint-20/trainer_state.json")
    (run / "train.log").write_text(ERRORS["disk-full"], "utf-8")
    assert "ended-by-disk-full" in invoke("doctor", run).out
    keep(run, state())  # it was started again, and ended
    assert "ended-by" not in invoke("doctor", run).out


def test_a_run_whose_end_is_explained_is_not_said_to_be_running(tmp_path: Path) -> None:
    run = keep(tmp_path / "run", state(20, ended=False), "checkpoint-20/trainer_state.json")
    assert "is still running" in invoke("doctor", run).out
    (run / "train.log").write_text(TRACE, "utf-8")
    done = invoke("doctor", run)
    assert "warning not-finished" in done.out.splitlines()
    assert "still running" not in done.out


def test_a_run_that_died_before_it_logged(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text(ERRORS["dataset-undefined"], "utf-8")
    done = invoke("doctor", tmp_path)
    assert done.status == 1
    assert "dataset faq is not defined in dataset_info.json" in done.out

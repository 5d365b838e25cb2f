"""A run that was out of memory: on which batch, what that holds, and what would fit."""

from __future__ import annotations

import json
import re
import types
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.measure.clock import Mark
from ftbench.measure.steps import Steps
from ftbench.runners import configs
from ftbench.runners.shortage import explained
from ftlint.memory.estimate import Load, estimate, fits
from ftlint.memory.shape import Unknown

if TYPE_CHECKING:
    from pathlib import Path

    from ftbench.results.record import FailedBatch, Failure
    from ftlint.facts.memory import MemoryInputs

GIB = 1 << 30
KEYS: dict[str, Any] = {
    "model_name_or_path": "Qwen/Qwen2.5-7B-Instruct", "stage": "sft", "do_train": True,
    "finetuning_type": "lora", "dataset": "faq", "template": "qwen", "output_dir": "out",
    "bf16": True, "cutoff_len": 4096, "per_device_train_batch_size": 8, "max_steps": 100,
}  # fmt: skip


def run_of(folder: Path, **changed: Any) -> MemoryInputs:
    keys = {**KEYS, **changed}
    path = folder / "c.yaml"
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items()))
    run = configs.load(str(path), {}, 1).run
    assert run is not None
    return run


def failure(
    step: int, rows: int | None = 8, length: int | None = 1936, *, evaluating: bool = False
) -> Failure:
    batch: FailedBatch = {
        "step": step, "rows": rows, "length": length, "longest": not evaluating,
        "evaluating": evaluating,
    }  # fmt: skip
    return {"kind": "out_of_memory", "message": "full", "remedy": "less", "batch": batch}


def does_fit(run: MemoryInputs, total: int, rows: int, length: int) -> bool:
    training = run.load.training._replace(rows=rows, length=length)
    found = estimate(run.dimensions.shape, run.method, Load(training, None))
    return not isinstance(found, Unknown) and fits(found, total) is True


def test_the_batch_its_parts_and_what_fits_are_told(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    said = explained(failure(step=17), run, 40 * GIB)
    assert "in step 17, on 8 rows of 1,936 tokens, the largest until then" in said["message"]
    assert "forecast while training" in said["message"]
    assert "logits" in said["message"]
    rows = int(re.findall(r"per_device_train_batch_size: (\d+)", said["remedy"])[0])
    assert does_fit(run, 40 * GIB, rows, 1936)
    assert not does_fit(run, 40 * GIB, rows + 1, 1936)
    length = int(re.findall(r"cutoff_len: (\d+)", said["remedy"])[0])
    assert does_fit(run, 40 * GIB, 8, length)
    assert not does_fit(run, 40 * GIB, 8, length + 64)


def test_an_evaluation_is_told_from_a_step(tmp_path: Path) -> None:
    run = run_of(tmp_path, eval_strategy="steps", eval_dataset="held", enable_liger_kernel=True,
                 per_device_train_batch_size=1, per_device_eval_batch_size=32)  # fmt: skip
    said = explained(failure(step=16, rows=None, length=None, evaluating=True), run, 48 * GIB)
    assert "it was evaluating after step 16" in said["message"]
    assert "forecast while evaluating" in said["message"]
    assert re.fullmatch(r"per_device_eval_batch_size: \d+ \(by the forecast\)", said["remedy"])


def test_what_is_not_known_to_fit_is_not_said_to(tmp_path: Path) -> None:
    run = run_of(tmp_path, finetuning_type="full")
    said = explained(failure(step=1), run, 24 * GIB)
    assert "weights" in said["message"]
    assert said["remedy"] == "less"
    assert explained(failure(step=1), run, None)["remedy"] == "less"
    told = explained(failure(step=1), None, 24 * GIB)
    assert "in step 1" in told["message"]
    assert "forecast" not in told["message"]


@pytest.mark.parametrize("done", [0, 1, 2])
def test_the_micro_batch_that_is_under_way(done: int) -> None:
    clock: Any = types.SimpleNamespace(mark=lambda: Mark(0.0, None))  # no times are asked for
    steps = Steps(clock)
    steps.begin()

    def batch(rows: int, length: int) -> Any:
        return {"input_ids": types.SimpleNamespace(ndim=2, shape=(rows, length))}

    steps.batches([batch(2, 64)])
    steps.span("forward_backward", steps.clock.mark())
    steps.end({})
    steps.batches([batch(2, 32), batch(2, 128)])
    for _ in range(done):
        steps.span("forward_backward", steps.clock.mark())
    step, found, longest = steps.under_way()
    assert step == 2
    wanted = [([2, 32], False), ([2, 128], True), (None, False)][done]
    assert (None if found is None else found[:2], longest) == wanted

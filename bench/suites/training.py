"""Seconds of a training step by method and shape, as pytest-benchmark's rounds.

    pytest bench/suites/training.py --benchmark-autosave
    pytest bench/suites/training.py --benchmark-compare --benchmark-compare-fail=median:5%

A step is one of the real trainer's, in a process of its own over synthetic batches: the benchmark's
timer is that process's clock, one round a step, warm-up left out. The tiny model runs anywhere; the
others are marked `gpu`. FTBENCH_PYTHON names the environment that trains, if it is not this one.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ftbench.analysis.summary import summarise
from ftbench.calibration import store
from ftbench.runners.interpreter import probe
from ftbench.runners.job import Job, run

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 14


class Clock:
    """The seconds of a finished run, step by step."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.left: list[float] = []

    def start(self, steps: list[float]) -> None:
        """Take over the steps that are to be replayed."""
        self.left = list(reversed(steps))

    def advance(self) -> None:
        """Let one step pass."""
        self.seconds += self.left.pop()

    def now(self) -> float:
        """Return the seconds so far: the timer of the benchmark."""
        return self.seconds


CLOCK = Clock()


class Case(NamedTuple):
    """What is trained: a bundled shape of a model, a method's keys, rows and length of a batch."""

    model: str
    method: dict[str, Any]
    rows: int
    length: int
    gpu: bool = True

    @property
    def name(self) -> str:
        """Say model, method and shape."""
        method = "qlora" if self.method.get("quantization_bit") else self.method["finetuning_type"]
        return f"{self.model}-{method}-{self.rows}x{self.length}"


LORA = {"finetuning_type": "lora", "lora_rank": 8, "lora_target": "all"}
FULL = {"finetuning_type": "full"}
FREEZE = {"finetuning_type": "freeze", "freeze_trainable_layers": 1}
QLORA = {**LORA, "quantization_bit": 4, "quantization_method": "bnb"}
CASES = [
    Case("tiny", LORA, 2, 64, gpu=False),
    Case("tiny", FULL, 2, 64, gpu=False),
    Case("tiny", FREEZE, 2, 64, gpu=False),
    *(Case("qwen2.5-0.5b", method, 8, length) for method in (LORA, FULL) for length in (256, 1024)),
    *(Case("llama-3-8b", method, 4, length) for method in (LORA, QLORA) for length in (1024, 2048)),
]


def config_of(case: Case, folder: Path) -> Path:
    """Write the config of a case, with a dataset that only has to be there."""
    row = {"instruction": "count to three", "input": "", "output": "1 2 3"}
    (folder / "rows.json").write_text(json.dumps([row] * 64), encoding="utf-8")
    info = {"rows": {"file_name": "rows.json"}}
    (folder / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    keys = {
        "model_name_or_path": case.model, "stage": "sft", "do_train": True, "dataset": "rows",
        "dataset_dir": str(folder), "template": "default", "cutoff_len": case.length,
        "output_dir": "saves", "per_device_train_batch_size": case.rows,
        "gradient_accumulation_steps": 1, "bf16": case.gpu, "report_to": "none", **case.method,
    }  # fmt: skip
    path = folder / "config.json"
    path.write_text(json.dumps(keys), encoding="utf-8")
    return path


def facts_of(result: Any) -> dict[str, Any]:
    """Return what is kept beside the times: rates, utilisation, memory, doubts."""
    found = summarise(result, store.peak_of(result))
    used = next((one for one in found.utilisation if one.attention == "causal"), None)
    return {
        "tokens_per_second": None if found.tokens is None else found.tokens.all,
        "steps_per_second": None if found.rate is None else found.rate.value,
        "mfu_of_data_sheet": None if used is None else used.mfu_spec,
        "mfu_of_measured_peak": None if used is None else used.mfu_measured,
        "peak_allocated": found.peak_allocated,
        "peak_reserved": found.peak_reserved,
        "warmup_steps": found.warm.steps,
        "runner": result["runner"],
        "packages": (result["environment"] or {}).get("packages"),
        "gpu": (result["environment"] or {}).get("gpu"),
        "flags": list(found.flags),
    }


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.gpu] if case.gpu else [])
        for case in CASES
    ],
)
@pytest.mark.benchmark(timer=CLOCK.now)
def test_step_time(case: Case, benchmark: Any, tmp_path: Path) -> None:
    """Time the steps of a case, warm-up left out."""
    job = Job(
        path=str(config_of(case, tmp_path)), interpreter=probe(os.environ.get("FTBENCH_PYTHON")),
        model=case.model,
        schedule=[{"rows": case.rows, "length": case.length, "steps": STEPS}],
    )  # fmt: skip
    result = run(job, lambda _: None, lambda _: None)
    assert result["error"] is None, result["error"]
    steps = [step["seconds"] for step in result["steps"]]
    assert len(steps) == STEPS
    facts = facts_of(result)
    CLOCK.start(steps[facts["warmup_steps"] :])
    benchmark.group = f"{case.model} step"
    benchmark.extra_info.update(facts)
    benchmark.pedantic(CLOCK.advance, rounds=len(CLOCK.left), iterations=1)

"""Steps under other launchers, against the trainers that these start.

mcore_adapter and LLaMA Factory's development version are on no package index. `FTLINT_TRAINERS`
names a folder with `megatron` (`pip install --target` of megatron-core), `mcore_adapter` (`src` of
alibaba/ROLL's), `llamafactory` (`src` of a checkout) and `ray` (`pip install --target` of ray, with
msgpack and jsonschema); what is missing is skipped.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.oracle.environments import ensure
from tests.steps.short import outcome
from tests.steps.test_launchers import V1

from ftlint.steps import NoPlan, SampleCount, StepPlan, World, exactly, plan

pytestmark = pytest.mark.oracle

RUNNER = Path(__file__).with_name("launch_runner.py")
TRAINERS = Path(os.environ.get("FTLINT_TRAINERS", "/nonexistent"))
CASES = 60
BRIDGE = ("tensor_model_parallel_size", "pipeline_model_parallel_size", "context_parallel_size",
          "expert_model_parallel_size")  # fmt: skip
VERSIONS = {"0.9.4": ((0, 9, 4), (4, 57, 1)), "0.9.5": ((0, 9, 5), (5, 6, 0))}


def run(
    release: str, trainer: str, cases: list[dict[str, Any]], work: Path, *needed: str
) -> list[dict[str, Any]]:
    """Return what the trainer of a release did with each case."""
    places = [TRAINERS / one for one in needed]
    if not all(place.is_dir() for place in places):
        pytest.skip(f"FTLINT_TRAINERS has no {', '.join(needed)}")
    (work / "asked").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places)),
                   "CUDA_VISIBLE_DEVICES": ""}  # fmt: skip
    command = [ensure(release), RUNNER, trainer, work / "asked", work / "answers"]
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=900
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = (work / "answers").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in answers]
    assert len(found) == len(cases)
    return found


def agrees(found: StepPlan, seen: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Return the counts that differ from what was seen."""
    counts = {
        "planned": found.total_steps, "executed": found.executed_steps,
        "entered": found.epochs_entered, "rows": found.samples_seen, "logs": found.logging_events,
        "saves": found.checkpoints, "evaluations": found.eval_events,
        "batch": exactly(found.effective_batch_size), "warmup": found.warmup_steps,
    }  # fmt: skip
    return {
        name: (counts[name], value)
        for name, value in seen.items()
        if name in counts and counts[name] != exactly(value)
    }


@pytest.mark.parametrize("release", list(VERSIONS))
def test_megatron(release: str, tmp_path: Path) -> None:
    drawn = random.Random(1)
    cases: list[dict[str, Any]] = []
    while len(cases) < CASES:
        batch, ranks, rows = drawn.randint(1, 4), drawn.choice([1, 2, 3, 4]), drawn.randint(8, 300)
        config: dict[str, Any] = {
            "per_device_train_batch_size": batch,
            "gradient_accumulation_steps": drawn.randint(1, 5),
            **drawn.choice(
                [{"num_train_epochs": drawn.randint(1, 4)}, {"max_steps": drawn.randint(1, 40)},
                 {"num_train_epochs": round(drawn.uniform(0.1, 3), 2)}]
            ),
            "logging_steps": drawn.choice([1, 5, 500, 0.2]),
            **drawn.choice(
                [{"save_strategy": "epoch"}, {"save_steps": 7}, {"save_strategy": "no"},
                 {"save_steps": 0.3}]
            ),
        }  # fmt: skip
        if rows // batch // ranks:  # without a batch it would wait for ever
            cases.append({"rows": rows, "ranks": ranks, "config": config})
    for case, seen in zip(
        cases, run(release, "mca", cases, tmp_path, "megatron", "mcore_adapter"), strict=True
    ):
        world = World(case["ranks"] * 4, 1, "mca")
        config = {**case["config"], **dict.fromkeys(BRIDGE[:2], 2)}
        found = outcome(case["rows"], VERSIONS[release], world, **config)
        if "error" in seen:
            assert isinstance(found, NoPlan), (case, seen)
            continue
        assert isinstance(found, StepPlan), (case, seen)
        assert "error" not in seen, (case, seen)
        assert not agrees(found, seen), (case, seen)


def test_bridge(tmp_path: Path) -> None:
    drawn = random.Random(2)
    cases: list[dict[str, Any]] = []
    while len(cases) < CASES:
        sizes = {name: drawn.choice([1, 1, 2]) for name in BRIDGE}
        ranks, group = 8 * drawn.randint(1, 3), 1
        for size in sizes.values():
            group *= size
        config: dict[str, Any] = {
            "per_device_train_batch_size": drawn.randint(1, 4),
            "gradient_accumulation_steps": 2 * drawn.randint(1, 3),
            **drawn.choice(
                [{"num_train_epochs": drawn.randint(1, 4)}, {"max_steps": drawn.randint(1, 40)},
                 {"num_train_epochs": round(drawn.uniform(0.1, 3), 2)}]
            ),
            **drawn.choice([{}, {"warmup_steps": 7}, {"warmup_ratio": 0.3}]),
            **sizes,
        }  # fmt: skip
        if ranks % group == 0:
            cases.append({"rows": drawn.randint(1, 900), "ranks": ranks, "config": config})
    for case, seen in zip(
        cases, run("0.9.5", "bridge", cases, tmp_path, "llamafactory"), strict=True
    ):
        world = World(case["ranks"], 1, "megatron_bridge")
        found = outcome(case["rows"], ((0, 9, 6), (5, 6, 0)), world, **case["config"])
        assert isinstance(found, StepPlan), (case, seen)
        assert "error" not in seen, (case, seen)
        assert not agrees(found, seen), (case, seen)


def test_ray(tmp_path: Path) -> None:
    """Its workers are as many as the config says, and train as those of torchrun do."""
    usual = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "logging_steps": 2}
    drawn: list[tuple[int, int, dict[str, Any]]] = [
        (24, 2, {"num_train_epochs": 2.0, "save_strategy": "epoch"}),
        (37, 3, {"num_train_epochs": 1.5, "save_steps": 2}),
        (30, 1, {"max_steps": 9, "save_strategy": "no", "dataloader_drop_last": True}),
    ]
    cases: list[dict[str, Any]] = [
        {"rows": rows, "ranks": ranks, "config": {**usual, **config}}
        for rows, ranks, config in drawn
    ]
    for case, seen in zip(cases, run("0.9.5", "ray", cases, tmp_path, "ray"), strict=True):
        config = {**case["config"], "ray_num_workers": case["ranks"]}
        found = outcome(case["rows"], VERSIONS["0.9.5"], World(8, 2, "ray"), **config)
        assert isinstance(found, StepPlan), (case, seen)
        assert "error" not in seen, (case, seen)
        assert not agrees(found, seen), (case, seen)


@pytest.mark.parametrize("release", ["0.9.5", "0.9.6"])
def test_v1(release: str, tmp_path: Path) -> None:
    drawn = random.Random(3)
    cases: list[dict[str, Any]] = []
    for _ in range(CASES):
        micro, ranks = drawn.randint(1, 4), drawn.choice([1, 2, 3])
        together = drawn.choice([None, micro * ranks * drawn.randint(1, 3)])
        config: dict[str, Any] = {
            "micro_batch_size": micro, "global_batch_size": together,
            "batching_strategy": drawn.choice(["normal", "normal", "padding_free"]),
            **drawn.choice(
                [{"num_train_epochs": drawn.randint(1, 3)}, {"max_steps": drawn.randint(1, 30)}]
            ),
            **drawn.choice([{}, {"save_steps": 5}, {"save_epochs": 0.5}]),
            "logging_steps": drawn.choice([1, 3]),
        }  # fmt: skip
        cases.append({"rows": 16 * ranks + drawn.randint(0, 90), "ranks": ranks, "config": config})
    needed = () if release == "0.9.5" else ("llamafactory",)
    for case, seen in zip(cases, run("0.9.5", "v1", cases, tmp_path, *needed), strict=True):
        found = plan(
            {**V1, **case["config"]}, samples=SampleCount((), merged=exactly(case["rows"])),
            world=World(case["ranks"], 1, "v1"), llamafactory=tuple(map(int, release.split("."))),
            transformers=(5, 6, 0),
        )  # fmt: skip
        assert isinstance(found, StepPlan), (case, seen)
        assert "error" not in seen, (case, seen)
        assert not agrees(found, seen), (case, seen)

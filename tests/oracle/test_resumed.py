"""Where a run begins when folders hold checkpoints: what is said before against what is done."""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ftlint.engine import Options, lint
from ftlint.facts import Given
from ftlint.machine import held_in, step_of
from ftlint.source import of_text
from ftlint.target import resolve_target

from . import bases, environments
from .called import run_ftlint
from .client import Trainer
from .steps_campaign import RUNNER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.oracle

ROWS, EVERY = 50, 3
CONFIG = {
    "stage": "sft", "do_train": True, "finetuning_type": "full", "template": "empty",
    "use_cpu": True, "report_to": "none", "dataset_dir": "data", "dataset": "few",
    "cutoff_len": 64, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2,
    "learning_rate": 0.001, "logging_steps": 1, "save_strategy": "steps", "save_steps": EVERY,
}  # fmt: skip


class Run(NamedTuple):
    """One run of a chain: where it writes, and what its config has besides."""

    folder: str
    more: dict[str, object]


CHAIN = (
    Run("a", {"max_steps": 6}),
    Run("a", {"max_steps": 6}),
    Run("a", {"max_steps": 4}),
    Run("a", {"max_steps": 12}),
    Run("a", {"max_steps": 12, "overwrite_output_dir": True}),
    Run("b", {"num_train_epochs": 2}),
    Run("b", {"num_train_epochs": 2}),
    Run("b", {"num_train_epochs": 3}),
    Run("c", {"max_steps": 6, "resume_from_checkpoint": "a/checkpoint-6"}),
    Run("d", {"max_steps": 9, "resume_from_checkpoint": "a/checkpoint-6"}),
)


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_a_run_begins_where_it_is_said_to(release: str, tmp_path: Path) -> None:
    draw = random.Random(5)
    words = [" ".join(f"w{draw.randrange(100)}" for _ in range(12)) for _ in range(2 * ROWS)]
    rows = [
        {"instruction": one, "input": "", "output": other}
        for one, other in zip(words, words[ROWS:])
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "few.json").write_text(json.dumps(rows), "utf-8")
    table = {"few": {"file_name": "few.json"}}
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(table), "utf-8")
    configs = [
        {**CONFIG, **run.more, "model_name_or_path": "model", "output_dir": run.folder}
        for run in CHAIN
    ]
    cases = [{"id": str(at), "config": config} for at, config in enumerate(configs)]
    (tmp_path / "cases").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    command = [environments.python_of(release), RUNNER, tmp_path, "model"]
    command += [tmp_path / "cases", tmp_path / "answers"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=600)
    answers = [json.loads(line) for line in (tmp_path / "answers").read_text("utf-8").splitlines()]

    saved: dict[str, list[int]] = {}
    kinds = set()
    for run, config, answer in zip(CHAIN, configs, answers, strict=True):
        seen: dict[str, Any] = answer["seen"]
        assert seen["error"] is None, (run, seen)
        before = saved.setdefault(run.folder, [])
        (tmp_path / "c.json").write_text(json.dumps(config), "utf-8")
        held = ["--fact", f"output_dir_holds=checkpoint-{max(before)}"] if before else []
        told = json.loads(run_ftlint(tmp_path, release, ["--gpus", "1", *held, "c.json"]))
        said = {one["code"] for one in told["diagnostics"]} & {"FT626", "FT627"}
        begins = step_of(config.get("resume_from_checkpoint")) or (max(before) if before else 0)
        if "FT626" in said:
            assert set(seen["saves"]) <= {begins + 1}, (run, seen)
        elif said or "resume_from_checkpoint" in run.more:
            assert begins < min(seen["saves"]) <= begins + EVERY, (run, seen)
        else:
            assert min(seen["saves"]) == EVERY, (run, seen)
        kinds |= said or {"begins anew"}
        before += seen["saves"]
    assert kinds == {"FT626", "FT627", "begins anew"}
    assert held_in(str(tmp_path / "b")) == f"checkpoint-{max(saved['b'])}"


@pytest.fixture(scope="module")
def ppo() -> Iterator[Trainer]:
    with Trainer("0.9.3") as trainer:  # the last that runs ppo
        yield trainer


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, "resume_from_checkpoint"),
        ({"overwrite_output_dir": True}, ""),
        ({"finetuning_type": "full"}, ""),
    ],
)
def test_ppo_dies_of_a_checkpoint_in_output_dir(
    ppo: Trainer, change: dict[str, object], error: str
) -> None:
    config = {**bases.base("ppo"), "output_dir": "ran", **change}  # holds checkpoint-1
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    given = Given(facts=(("output_dir_holds", "checkpoint-1"),))
    found = lint(of_text("c.yaml", text), Options(resolve_target("0.9.3"), given)).diagnostics
    outcome = ppo.train(config, "ppo")
    assert bool(outcome.error) == bool(error), outcome.error
    assert error in outcome.error
    assert [one.code for one in found if one.severity == "error"] == ["FT628"] * bool(error)

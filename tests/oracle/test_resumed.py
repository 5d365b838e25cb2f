"""Where a run begins when folders hold checkpoints: what is said before against what is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.stating import stating

from ftlint.engine import lint
from ftlint.facts.checkpoints import newest_in, step_of
from ftlint.project.options import Options
from ftlint.support.disk import Disk
from ftlint.syntax.source import of_text

from . import bases, chain, environments
from .called import run_ftlint, target_of
from .client import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.oracle

ROWS, EVERY = 50, 3
CONFIG = {
    **chain.CONFIG, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2,
    "learning_rate": 0.001, "save_strategy": "steps", "save_steps": EVERY,
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
    configs = {
        str(at): {**CONFIG, **run.more, "output_dir": run.folder} for at, run in enumerate(CHAIN)
    }
    answers = chain.train(release, tmp_path, ROWS, configs)

    saved: dict[str, list[int]] = {}
    kinds = set()
    for run, config, seen in zip(CHAIN, configs.values(), answers.values(), strict=True):
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
    assert newest_in(str(tmp_path / "b"), Disk()) == f"checkpoint-{max(saved['b'])}"


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
    given = stating(facts=(("output_dir_holds", "checkpoint-1"),))
    found = lint(of_text("c.yaml", text), Options(target_of("0.9.3"), given)).diagnostics
    outcome = ppo.train(config, "ppo")
    assert bool(outcome.error) == bool(error), outcome.error
    assert error in outcome.error
    assert [one.code for one in found if one.severity == "error"] == ["FT628"] * bool(error)

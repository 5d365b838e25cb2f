"""`ftlint doctor` on what real runs leave: the same data, with and without early stopping."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.cli.calls import invoke

from ftlint.doctor.config import as_set_up
from ftlint.doctor.history import History, Loss, read
from ftlint.doctor.keeping import keeping
from ftlint.doctor.stopping import best, stops_at
from ftlint.doctor.symptoms import signs

from . import chain
from .environments import ensure

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

PATIENCE = 2
CONFIG = {
    **chain.CONFIG, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1,
    "learning_rate": 0.03, "num_train_epochs": 30, "val_size": 0.3, "eval_strategy": "epoch",
    "save_strategy": "epoch", "save_total_limit": 40,
}  # fmt: skip
STOPPING: dict[str, object] = {"early_stopping_steps": PATIENCE, "load_best_model_at_end": True}


def history(folder: Path) -> History:
    found = read(str(folder))
    assert isinstance(found, History), found
    return found


@pytest.fixture(scope="module", params=["0.9.4", "0.9.5"])
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train 28 rows of random words for 30 epochs, by heart; and again with early stopping."""
    work = tmp_path_factory.mktemp("doctor")
    changes: dict[str, dict[str, object]] = {"whole": {}, "stopped": STOPPING}
    configs = {name: {**CONFIG, **more, "output_dir": name} for name, more in changes.items()}
    chain.train(request.param, work, 40, configs)
    return work


def test_over_fitting_is_seen_and_its_best_step(runs: Path) -> None:
    found = history(runs / "whole")
    assert (found.planned, found.done, found.ended) == (120, 120, True)
    assert len(found.evaluation) == 30
    over = next(sign for sign in signs(found, PATIENCE) if sign.name == "over-fitting")
    state = json.loads((runs / "stopped" / "trainer_state.json").read_text("utf-8"))
    least = best(history(runs / "stopped").evaluation)
    assert least is not None
    assert least.step == state["best_global_step"]
    assert least.value == state["best_metric"]
    assert best(found.evaluation) == least
    assert f"use checkpoint-{least.step}, " in over.remedy


def test_early_stopping_ends_where_it_is_said(runs: Path) -> None:
    whole, stopped = history(runs / "whole"), history(runs / "stopped")
    number = stops_at(whole.evaluation, PATIENCE)
    assert number is not None
    assert whole.evaluation[number - 1].step == stopped.done
    assert stopped.patience == PATIENCE
    assert "stopped-early" in [sign.name for sign in signs(stopped, PATIENCE)]


REPLAY = """
import json, sys
from types import SimpleNamespace
from transformers import EarlyStoppingCallback, Trainer, TrainerControl, TrainerState

def stops_at(losses, patience):
    args = SimpleNamespace(
        greater_is_better=False, metric_for_best_model="eval_loss", save_strategy="steps"
    )
    trainer = SimpleNamespace(args=args, state=TrainerState())
    callback = EarlyStoppingCallback(patience)
    for number, loss in enumerate(losses, 1):
        control = TrainerControl()
        callback.on_evaluate(args, trainer.state, control, {"eval_loss": loss})
        Trainer._determine_best_metric(trainer, {"eval_loss": loss}, None)
        if control.should_training_stop:
            return number

json.dump([stops_at(*case) for case in json.load(sys.stdin)], sys.stdout)
"""


@pytest.mark.parametrize("release", ["0.9.4", "0.9.5"])
def test_the_replay_is_that_of_the_callback(release: str) -> None:
    """Over evaluations of which some are no number, the first among them."""
    draw = random.Random(7)
    values = (math.nan, math.inf, 1.0, 2.0, 3.0, 4.0)
    cases = [
        (draw.choices(values, k=draw.randrange(1, 12)), draw.randrange(1, 4)) for _ in range(500)
    ]
    done = subprocess.run(
        [str(ensure(release)), "-c", REPLAY], input=json.dumps(cases), text=True,
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    for (found, patience), number in zip(cases, json.loads(done.stdout), strict=True):
        replayed = tuple(Loss(step, value) for step, value in enumerate(found))
        assert stops_at(replayed, patience) == number, found


def test_a_killed_run_is_read_from_its_checkpoint_and_log(runs: Path, tmp_path: Path) -> None:
    whole = history(runs / "whole")
    shutil.copytree(runs / "whole", tmp_path / "run")
    (tmp_path / "run" / "trainer_state.json").unlink()
    for step in whole.checkpoints[20:]:
        shutil.rmtree(tmp_path / "run" / f"checkpoint-{step}")
    killed = history(tmp_path / "run")
    assert not killed.ended
    assert killed.sources == ("checkpoint-80/trainer_state.json", "trainer_log.jsonl")
    assert (killed.planned, killed.done) == (120, 120)
    assert [one.step for one in killed.evaluation] == [one.step for one in whole.evaluation]
    for mine, theirs in zip(killed.training, whole.training, strict=True):
        assert mine.value == pytest.approx(theirs.value, abs=1e-3)


def test_what_a_killed_run_and_a_checkpoint_are_told(runs: Path, tmp_path: Path) -> None:
    part = runs / "whole" / "checkpoint-80"
    assert "checkpoint" in [sign.name for sign in signs(history(part), PATIENCE)]
    shutil.copytree(part, tmp_path / "checkpoint-80")
    shutil.copy(runs / "whole" / "trainer_log.jsonl", tmp_path)
    lines = (tmp_path / "trainer_log.jsonl").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "trainer_log.jsonl").write_text("".join(lines[:-20]), "utf-8")
    killed = {sign.name: sign for sign in signs(history(tmp_path), PATIENCE)}
    assert f"resume_from_checkpoint: {tmp_path}/checkpoint-80`" in killed["not-finished"].remedy
    whole = {sign.name for sign in signs(history(runs / "whole"), PATIENCE)}
    assert "early-stopping" in whole


SHORT = {
    **chain.CONFIG, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 1,
    "num_train_epochs": 4, "save_strategy": "no", "learning_rate": 0.01,
}  # fmt: skip
LORA: dict[str, object] = {"finetuning_type": "lora", "lora_target": "all"}
EVALUATED: dict[str, object] = {"val_size": 0.3, "eval_strategy": "epoch"}
FOLLOWING: dict[str, object] = {
    **LORA, "stage": "dpo", "learning_rate": 1e-6, "num_train_epochs": 1,
}  # fmt: skip
SIGNS: dict[str, dict[str, object]] = {
    "nothing-learned": {"learning_rate": 1e-9, "num_train_epochs": 6},
    "diverged": {"learning_rate": 300.0, "max_grad_norm": 1e9, "lr_scheduler_type": "constant"},
    "clipped": {"max_grad_norm": 1e-3},
    "slow-evaluation": {
        "val_size": 0.5, "eval_strategy": "steps", "eval_steps": 1,
        "per_device_eval_batch_size": 1,
    },
    "preference": {
        "stage": "dpo", "dataset": "pairs", "learning_rate": 1e-10, "num_train_epochs": 4,
    },
    "evaluation-lost": {"eval_dataset": "blank", "eval_strategy": "epoch", "num_train_epochs": 2},
    "loss-zero": {"dataset": "blank", "per_device_train_batch_size": 1},
    "loss-constant": {
        "dataset": "one", "learning_rate": 1e-12, "num_train_epochs": 24,
    },
    "rate-zero": {"learning_rate": 0.0},
    "not-evaluated": {"num_train_epochs": 1},
    "under-training": {
        **EVALUATED, "dataset": "alike", "learning_rate": 1e-3, "num_train_epochs": 4,
        "lr_scheduler_type": "constant",
    },
    "too-few-evaluations": {
        "val_size": 0.3, "eval_strategy": "steps", "eval_steps": 21, "learning_rate": 0.03,
        "num_train_epochs": 6,
    },
    "memorised": {
        "learning_rate": 0.01, "num_train_epochs": 7, "per_device_train_batch_size": 1,
        "lr_scheduler_type": "constant",
    },
    "spikes": {
        "dataset": "odd", "disable_shuffling": True, "per_device_train_batch_size": 1,
        "num_train_epochs": 3, "learning_rate": 3e-3,
    },
    "padding": {
        "dataset": "uneven", "include_effective_tokens_per_second": True,
        "include_num_input_tokens_seen": True, "num_train_epochs": 1,
    },
    "chosen-falls": {
        "stage": "dpo", "dataset": "near", "learning_rate": 0.05, "num_train_epochs": 8,
    },
    "adapter-easy": {
        **LORA, "stage": "dpo", "dataset": "easy", "learning_rate": 0.1, "num_train_epochs": 6,
        "lora_rank": 32, "lora_alpha": 256,
    },
    "pairs-trivial": {
        **FOLLOWING, "dataset": "easy", "adapter_name_or_path": "adapter-easy", "pref_beta": 5.0,
    },
    "first": {"max_steps": 6, "save_steps": 3, "save_strategy": "steps", "output_dir": "restarted"},
    "restarted": {
        "max_steps": 12, "save_steps": 3, "save_strategy": "steps",
        "resume_from_checkpoint": "restarted/checkpoint-3",
    },
    "adapter-lora": {
        **LORA, "learning_rate": 0.3, "num_train_epochs": 12, "lora_rank": 32, "lora_alpha": 256,
    },
    "other-reference": {
        # No two trainings of that adapter are alike, nor are its margins: beta makes them larger.
        **FOLLOWING, "dataset": "easy", "adapter_name_or_path": "adapter-lora", "pref_beta": 5.0,
    },
}  # fmt: skip
"""In this order: adapters come before the runs that go on from them."""
SEEN = [
    "nothing-learned", "diverged", "clipped", "slow-evaluation", "other-reference",
    "evaluation-lost", "loss-zero", "loss-constant", "rate-zero", "not-evaluated",
    "under-training", "too-few-evaluations", "memorised", "spikes", "padding", "chosen-falls",
    "pairs-trivial", "restarted",
]  # fmt: skip


def rows() -> dict[str, list[dict[str, str]]]:
    """Return data that bring such runs about."""
    draw = random.Random(3)

    def words(count: int) -> str:
        return " ".join(f"w{draw.randrange(100)}" for _ in range(count))

    def row(asked: str, answer: str) -> dict[str, str]:
        return {"instruction": asked, "input": "", "output": answer}

    def pair(chosen: str, rejected: str) -> dict[str, str]:
        return {"instruction": words(4), "input": "", "chosen": chosen, "rejected": rejected}

    alike = [row("w1 w2", "w3 " * 8)] * 40
    shared = [words(6) for _ in range(40)]
    return {
        "blank": [row(words(80), "") for _ in range(8)],
        "one": [row(words(4), words(8)) for _ in range(4)],
        "alike": alike,
        "odd": [*alike[:20], row("w1 w2", words(8)), *alike[:19]],
        "uneven": [row(words(2), words(2 if number % 4 else 50)) for number in range(40)],
        "easy": [pair("w1 " * 6, "w2 " * 6) for _ in range(40)],
        "near": [pair(f"{text} w1", f"{text} w2") for text in shared],
    }


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a few rows in ways that go wrong, each as its own run."""
    work = tmp_path_factory.mktemp("signs")
    configs = {name: {**SHORT, "output_dir": name, **more} for name, more in SIGNS.items()}
    chain.train("0.9.5", work, 40, configs, rows())
    return work


@pytest.mark.parametrize("name", SEEN)
def test_signs_of_real_runs(short: Path, name: str) -> None:
    run = history(short / name)._replace(
        clipped_at=1e-3 if name == "clipped" else None, processes=1
    )
    assert name in [sign.name for sign in signs(run, PATIENCE)]


def test_a_config_that_is_not_the_one_of_the_run(short: Path) -> None:
    run = history(short / "nothing-learned")
    other = as_set_up(run, {"learning_rate": 1e-10}, {"learning_rate"}, 1)
    assert "other-rate" in [sign.name for sign in signs(other, PATIENCE)]
    same = as_set_up(run, {"learning_rate": 1e-9}, {"learning_rate"}, 1)
    assert "other-rate" not in [sign.name for sign in signs(same, PATIENCE)]


def test_a_run_that_becomes_slower(tmp_path: Path) -> None:
    """Its long rows come last."""
    config = {
        **SHORT, "dataset": "growing", "disable_shuffling": True, "cutoff_len": 4096,
        "per_device_train_batch_size": 1, "gradient_accumulation_steps": 2, "num_train_epochs": 1,
        "output_dir": "slower",
    }  # fmt: skip
    growing = [
        {"instruction": "w1", "input": "", "output": "w2 " * size}
        for size in (2, 2, 4000) for _ in range(60)
    ]  # fmt: skip
    chain.train("0.9.5", tmp_path, 40, {"slower": config}, {"growing": growing})
    assert "slower" in [sign.name for sign in signs(history(tmp_path / "slower"), PATIENCE)]


def test_a_plan_that_is_not_the_one_of_the_run(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(short)

    def shown(epochs: int) -> list[dict[str, str]]:
        plan = {**SHORT, **SIGNS["not-evaluated"], "num_train_epochs": epochs}
        (short / "plan.json").write_text(json.dumps(plan), "utf-8")
        found = invoke("doctor", "not-evaluated", "plan.json", "--output-format", "json")
        return [sign for sign in json.loads(found.out)["signs"] if sign["name"] == "other-plan"]

    assert shown(1) == []
    (other,) = shown(2)
    assert "plan.json plans 20 steps on 1 GPU, but the run planned 10" in other["text"]


def test_preferences_of_a_real_run_that_did_not_move(short: Path) -> None:
    found = {sign.name: sign for sign in signs(history(short / "preference"), PATIENCE)}
    assert "ln 2 = 0.6931" in found["nothing-learned"].text


def test_the_checkpoint_to_keep_is_there(runs: Path) -> None:
    whole = history(runs / "whole")
    keep = keeping(whole)
    assert keep is not None
    least = best(whole.evaluation)
    assert least is not None
    assert keep.best == least.step
    assert (runs / "whole" / f"checkpoint-{keep.best}" / "trainer_state.json").is_file()
    assert whole.checkpoints[-1] not in keep.expendable
    assert keep.expendable

"""The longest batch, its step and the padding are those of a real training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle import lengths
from tests.oracle.client import Process
from tests.oracle.contents import RELEASES
from tests.stating import stating

from ftlint import api
from ftlint.loading import Config, load_text
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from ftlint.tokens.measure import TokenRequest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle
pytest.importorskip("tokenizers")

HEAD = {
    "stage": "sft", "do_train": True, "finetuning_type": "full", "template": "default",
    "dataset": "alpaca", "num_train_epochs": 3, "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 3, "cutoff_len": 2048, "learning_rate": 1e-4,
}  # fmt: skip
RUNS: dict[str, dict[str, Any]] = {
    "as they are drawn": {},
    "another seed": {"seed": 7, "num_train_epochs": 2},
    "a seed of the data": {"data_seed": 3},
    "in order": {"disable_shuffling": True},
    "cut": {"cutoff_len": 96, "per_device_train_batch_size": 2},
    "some held out": {"val_size": 0.2, "eval_strategy": "no"},
    "few steps": {"max_steps": 2},
    "packed": {"packing": True, "cutoff_len": 1024, "per_device_train_batch_size": 1},
    "pairs": {"stage": "dpo", "dataset": "pairs", "per_device_train_batch_size": 2},
}


class Batches(Process):
    """The trainer of one release on a tiny model."""

    script = "batches_runner.py"

    def __enter__(self) -> Batches:
        return self


@pytest.mark.parametrize("release", RELEASES)
def test_batches_are_those_that_the_trainer_is_handed(release: str, tmp_path: Path) -> None:
    lengths.write(tmp_path)
    lengths.build_tokenizer(tmp_path / "model")
    with Batches(release, str(tmp_path)) as real:
        for name, keys in RUNS.items():
            config = {**HEAD, **keys}
            theirs = real.ask({"folder": str(tmp_path), "config": config}, 120)
            assert "batches" in theirs, (name, theirs)
            found = _summary(config, release, tmp_path)
            rows, length, step = max(theirs["batches"], key=lambda one: one[0] * one[1])
            assert found.batch is not None
            assert (found.batch.rows, found.batch.length) == (rows, length), name
            first = next(
                step for rows_, length_, step in theirs["batches"]
                if (rows_, length_) == (rows, length)
            )  # fmt: skip
            assert found.batch.step == first, name
            assert found.batch.step <= step


def _summary(config: dict[str, Any], release: str, folder: Path) -> Any:
    values = {**config, "model_name_or_path": str(folder / "model"), "output_dir": "out"}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items())
    given = stating(dataset_dir=str(folder)).launched(1)
    loaded = load_text(of_text("run.yaml", text), Options(resolve_target(release), given))
    assert isinstance(loaded, Config)
    run = api.plan(loaded, TokenRequest())
    assert run.tokens is not None, run
    return run.tokens

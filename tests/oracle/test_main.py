"""Rules that were run with `main`: its trainer fails with the bad example and takes the good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML
from tests.oracle import environments
from tests.oracle.client import Trainer
from tests.rules.examples import load, spans

from ftlint.rulebook.registry import BUILT_IN
from ftschemas.ruleformat import run_with

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(
        bool(environments.missing(environments.MAIN)), reason="main is on no package index"
    ),
]

DATASETS = {"dpo": "pairs", "rm": "pairs", "kto": "labelled", "pt": "corpus"}
RUN = sorted(
    code for code in BUILT_IN.rules if {"main", "0.9.5"} <= run_with(BUILT_IN.about(code).source)
)


@pytest.fixture(scope="module")
def trainer() -> Iterator[Trainer]:
    with Trainer(environments.MAIN) as one:
        yield one


def small(text: str) -> dict[str, Any]:
    """Return an example with the model and the data of the fixture in the place of its own."""
    config: dict[str, Any] = YAML(typ="safe").load(text)
    for name in ("bf16", "fp16"):
        config.pop(name, None)
    own = {
        "model_name_or_path": "tiny", "template": "empty", "output_dir": "out",
        "dataset": DATASETS.get(config["stage"], "alpaca"), "eval_dataset": "held_out",
        "ref_model": "tiny",
    }  # fmt: skip
    if str(config.get("new_special_tokens_config")).endswith(".yaml"):
        own["new_special_tokens_config"] = "tokens.yaml"
    given = {name: value for name, value in own.items() if name in config or name == "output_dir"}
    return {"report_to": "none", "per_device_train_batch_size": 2, **config, **given}


def test_enough_are_run() -> None:
    assert len(RUN) > 20


@pytest.mark.parametrize("code", RUN)
def test_the_trainer_of_main_tells_the_examples_apart(trainer: Trainer, code: str) -> None:
    about = load(code).about
    bad = trainer.train(small(spans(about.bad)[0]), f"{code} bad", steps=3, timeout=300)
    assert bad.outcome in ("refused", "crashed"), bad
    good = trainer.train(small(about.good), f"{code} good", steps=3, timeout=300)
    assert good.outcome == "trained", good.error

"""The trainer runs every base, and says where a config that parses goes wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.oracle import bases, environments, meant
from tests.oracle.called import target_of
from tests.oracle.client import Trainer

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from probe import keys_of, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module", params=list(environments.RELEASES))
def trainer(request: pytest.FixtureRequest) -> Iterator[Trainer]:
    with Trainer(request.param) as one:
        yield one


def test_every_base_trains(trainer: Trainer) -> None:
    keys = keys_of(trainer.release)
    names = [name for name in bases.BASES if bases.trains(name, trainer.release, keys)]
    assert len(names) > 25
    outcomes = {name: trainer.train(bases.base(name), name, steps=2) for name in names}
    assert {name: outcome.error for name, outcome in outcomes.items() if outcome.error} == {}
    assert all(outcome.steps for outcome in outcomes.values())


@pytest.mark.parametrize(
    ("change", "where", "error_type"),
    [
        ({"banana": 1}, "parse", "ValueError"),
        ({"dataset": "banana"}, "data", "ValueError"),
        ({"lora_target": "banana"}, "model", "ValueError"),
        ({"report_to": "banana"}, "trainer_init", "ValueError"),
        ({"learning_rate": "1e-4"}, "train_begin", "TypeError"),
        ({"max_grad_norm": "1"}, "step", "TypeError"),
    ],
)
def test_the_place_of_a_crash_is_told(
    trainer: Trainer, change: dict[str, object], where: str, error_type: str
) -> None:
    outcome = trainer.train({**bases.base("lora"), **change})
    assert outcome.outcome == ("refused" if where == "parse" else "crashed")
    assert (outcome.where, outcome.error_type) == (where, error_type), outcome.error


def test_a_sample_of_the_recorded_observations_is_true(trainer: Trainer) -> None:
    keys = keys_of(trainer.release)
    records = json.loads(path_of(trainer.release).read_text("utf-8"))["keys"]
    assert set(records) == set(keys)
    for key in ("learning_rate", "lora_rank", "max_samples", "warmup_steps"):
        values = meant.values(key, keys[key])
        assert records[key]["live"], key
        for kind, value in values.items():
            outcome = trainer.train({**bases.base(records[key]["base"]), key: value}, steps=12)
            if kind in records[key]["ok"]:
                assert outcome.outcome == "trained", (key, kind, outcome.error)
            elif kind in records[key]["crashes"]:
                seen = f"{outcome.where}: {outcome.error_type}"
                assert seen == records[key]["crashes"][kind], (key, kind)
            elif kind in records[key]["refused"]:
                assert outcome.outcome == "refused", (key, kind)


TWO = {"dataset": "alpaca,alpaca_b", "mix_strategy": "interleave_under"}


@pytest.mark.parametrize(
    ("base", "change", "error_type"),
    [
        *[("lora", {"lora_target": words}, "ValueError")
          for words in ("all-linear", "ALL", "", "q_proj v_proj", ["all-linear", "All"])],
        *[("lora", {"lora_target": words}, "")
          for words in ("all", "all,q_proj", "all-linear,q_proj", "q_proj , v_proj")],
        ("lora", {**TWO, "interleave_probs": "0.5,0.6"}, "ValueError"),
        ("lora", {**TWO, "interleave_probs": "0.4,0.6"}, ""),
        ("lora", {"label_smoothing_factor": 0.1, "use_dft_loss": True}, ""),
        ("lora", {"disable_shuffling": True, "group_by_length": True}, ""),
        ("lora", {"remove_unused_columns": True}, ""),
        ("lora", {"add_special_tokens": "<think>,</think>"}, ""),
        ("lora", {"report_to": "tensorboard,wandb"}, "ValueError"),
    ],
)  # fmt: skip
def test_errors_are_for_what_dies_and_nothing_else(
    trainer: Trainer, base: str, change: dict[str, object], error_type: str
) -> None:
    """Found by a reader who tried what practitioners write."""
    keys = keys_of(trainer.release)
    config = {**bases.base(base), **{key: change[key] for key in change if key in keys}}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    options = Options(target_of(trainer.release))
    found = [one.code for one in lint(of_text("c.yaml", text), options).diagnostics
             if one.severity == "error"]  # fmt: skip
    outcome = trainer.train(config, base, steps=2)
    assert outcome.error_type == error_type, outcome.error
    assert bool(found) == bool(error_type), found

"""Stages: what each computes over a batch, and which calibration answers for which."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.kept import kept, question, record
from tests.bench.made import MODEL_8B

from ftbench.calibration import key as keys
from ftbench.calibration import store
from ftbench.calibration.attention import expected
from ftbench.calibration.batches import Loop, simulated
from ftbench.calibration.cost_model import CostModel, Point, fit
from ftbench.calibration.expected import Expected
from ftbench.calibration.lookup import Answer, NoAnswer, look_up
from ftbench.objective import objective_of

if TYPE_CHECKING:
    from pathlib import Path

    from ftbench.calibration.record import Calibration

__all__ = ["kept"]


def of_stage(folder: Path, one: Calibration, **changed: Any) -> Calibration:
    """Return a calibration as if another stage had been measured."""
    values = question(folder, **changed).values
    key = keys.make(values, "llama-3-8b", keys.Ranks(), "llamafactory", question(folder).target)
    lengths: Any = {**(one.lengths or {}), "stage": values["stage"]}
    return replace(one, key=key, lengths=lengths)


@pytest.mark.parametrize("stage", ["dpo", "kto", "rm"])
def test_every_stage_is_answered_by_its_own(tmp_path: Path, stage: str) -> None:
    tokens = record(tmp_path)
    own = of_stage(tmp_path, tokens, stage=stage)
    assert isinstance(look_up(question(tmp_path, stage=stage), [tokens]), NoAnswer)
    found = look_up(question(tmp_path, stage=stage), [tokens, own])
    assert isinstance(found, Answer)
    assert found.calibration is own
    assert isinstance(look_up(question(tmp_path), [own]), NoAnswer)


def test_losses_of_dpo(tmp_path: Path) -> None:
    """Those without a reference are another price; those with one differ in a few small kernels."""
    own = of_stage(tmp_path, record(tmp_path), stage="dpo")
    found = look_up(question(tmp_path, stage="dpo", pref_loss="ipo"), [own])
    assert isinstance(found, Answer)
    assert any("pref_loss" in note for note in found.forecast.assumptions)
    for loss in ("orpo", "simpo"):
        refused = look_up(question(tmp_path, stage="dpo", pref_loss=loss), [own])
        assert isinstance(refused, NoAnswer)
        assert "objective is pairs without a reference" in refused.reason


def test_what_was_kept_before_there_were_objectives_is_of_tokens(tmp_path: Path) -> None:
    one = record(tmp_path)
    old: Any = {name: value for name, value in one.key.items() if name != "objective"}
    store.add(replace(one, key=old))
    assert isinstance(look_up(question(tmp_path)), Answer)
    assert isinstance(look_up(question(tmp_path, stage="dpo")), NoAnswer)


def test_a_pair_is_two_rows_as_long_as_the_longer() -> None:
    found, _ = next(simulated(Loop(steps=4, batch=2, rows=8, rows_each=2), [30] * 8, 1))
    assert found == {(4, 32): 4}


def test_passes_of_each_objective() -> None:
    found = {stage: objective_of({"stage": stage}) for stage in ("sft", "dpo", "kto", "rm", "ppo")}
    assert found["ppo"] is None
    passes = {stage: (one.passes, one.references) for stage, one in found.items() if one}
    assert passes == {"sft": (0, 0), "dpo": (0, 1), "kto": (1, 2), "rm": (0, 0)}
    orpo = objective_of({"stage": "dpo", "pref_loss": "orpo"})
    assert orpo is not None
    assert orpo.references == 0


MODEL: Any = MODEL_8B
KEY: dict[str, Any] = {"model": "llama-3-8b", "method": "lora", "stage": "pt", "masked": False,
                       "attention": "sdpa", "checkpointing": True}  # fmt: skip


def test_attention_is_priced_by_flops_where_rows_are_short() -> None:
    """Measured up to 2,048 tokens with kernels that round lengths suit, asked for 8,192."""
    attention = expected(MODEL, KEY)
    assert attention is not None
    law = CostModel(0.004, 1.3e-4, 1.3e-4 * attention.ratio)
    measured = [
        Point(rows, length, (law.seconds(rows, length) * kernel,) * 4)
        for rows, length, kernel in ((4, 2048, 1.01), (2, 2048, 1.005), (4, 1024, 0.99),
                                     (2, 1024, 0.995), (4, 128, 1.0))
    ]  # fmt: skip
    far = law.seconds(1, 8192)
    free, tied = (
        fit(measured).seconds(1, 8192) / far,
        fit(measured, Expected(attention=attention)).seconds(1, 8192) / far,
    )
    assert tied == pytest.approx(1, abs=0.04)
    assert abs(tied - 1) < abs(free - 1) / 3


def test_a_measured_price_of_attention_wins_over_the_expected_one() -> None:
    attention = expected(MODEL, KEY)
    assert attention is not None
    law = CostModel(0.004, 1.3e-4, 2 * 1.3e-4 * attention.ratio)
    shapes = [(2, 16384), (1, 16384), (4, 4096), (2, 4096), (4, 1024), (2, 1024)]
    measured = [Point(rows, length, (law.seconds(rows, length),) * 4) for rows, length in shapes]
    found = fit(measured, Expected(attention=attention))
    assert found.per_square == pytest.approx(law.per_square, rel=0.04)


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ({**MODEL_8B, "experts": 8}, KEY),
        (None, KEY),
        (MODEL_8B, {**KEY, "attention": "eager"}),
        (MODEL_8B, {**KEY, "stage": "ppo"}),
        (MODEL_8B, {**KEY, "method": "freeze", "learning_layers": [None, None]}),
    ],
)
def test_nothing_is_expected_without_a_formula(model: Any, key: Any) -> None:
    assert expected(model, key) is None


def test_two_gpus_by_a_calibration_of_one(tmp_path: Path) -> None:
    """Each does what the one did; what the model is shared out for is another step."""
    one = record(tmp_path)
    model: Any = {**MODEL_8B, "trainable": 1_500_000_000}
    store.add(replace(one, model=model))
    asked = question(tmp_path)
    run: Any = asked.run
    alone = look_up(asked)
    both = look_up(asked._replace(run=run._replace(world_size=2)))
    assert isinstance(alone, Answer)
    assert isinstance(both, Answer)
    added = dict(both.forecast.parts)["gradients of all GPUs"] / both.steps
    assert added == pytest.approx(4 * 1.5e9 / 100e9)
    assert dict(alone.forecast.parts)["gradients of all GPUs"] == 0
    notes = both.forecast.assumptions
    assert any("calibrated on one GPU, not 2" in note for note in notes)
    widths = [
        (found.forecast.high - found.forecast.low) / found.forecast.seconds
        for found in (alone, both)
    ]
    assert widths[1] > widths[0]
    sharded = asked.values | {"deepspeed": {"zero_optimization": {"stage": 3}}}  # type: ignore[operator]
    refused = look_up(asked._replace(values=sharded, run=run._replace(world_size=2)))
    assert isinstance(refused, NoAnswer)

"""Runs and chats that generate, and what they generate with: an error just where they die of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from . import bases, environments
from .beside import assert_ends_as_told, errors_and_end
from .called import lint
from .client import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.oracle

DATA = {"eval_dataset": "held_out", "predict_with_generate": True}
PREDICTION = {**DATA, "do_train": False, "do_predict": True, "max_new_tokens": 4}
EVALUATION = {**DATA, "do_train": False, "do_eval": True, "max_new_tokens": 4}
TRAINED = {**DATA, "cutoff_len": 24, "eval_strategy": "steps", "eval_steps": 1}
BEST = {"save_strategy": "steps", "save_steps": 1, "load_best_model_at_end": True}
EACH = {"eval_dataset": "held_out,alpaca_b", "eval_on_each_dataset": True}
NEAT = {"neat_packing": True, "cutoff_len": 64}
PLATEAU = {"lr_scheduler_type": "reduce_lr_on_plateau"}


@pytest.fixture(scope="module", params=list(environments.RELEASES))
def trainer(request: pytest.FixtureRequest) -> Iterator[Trainer]:
    with Trainer(request.param) as one:
        yield one


def test_a_run_that_ends_before_its_first_evaluation_needs_no_metric(trainer: Trainer) -> None:
    """Transformers 5 evaluates at the last step as well."""
    late = {**TRAINED, "eval_steps": 500, "max_steps": 2, "metric_for_best_model": "eval_loss"}
    found, error = errors_and_end(trainer, {**bases.base("lora"), **late})
    assert found == ["FT4112"] * bool(error)
    assert bool(error) == (trainer.release == "0.9.5")


@pytest.mark.parametrize(
    ("base", "change", "code"),
    [
        ("lora", {**TRAINED, **BEST}, "FT4112"),
        ("lora", {**TRAINED, **BEST, "metric_for_best_model": "loss"}, "FT4112"),
        ("lora", {**TRAINED, **BEST, "metric_for_best_model": "rougeL"}, "FT4112"),
        ("lora", {**TRAINED, **BEST, "metric_for_best_model": "accuracy"}, "FT4112"),
        ("lora", {**TRAINED, **BEST, "metric_for_best_model": "rouge-l"}, None),
        ("lora", {**TRAINED, **BEST, "metric_for_best_model": "eval_bleu-4"}, None),
        ("lora", {**TRAINED, **BEST, "metric_for_best_model": "samples_per_second"}, None),
        ("lora", {**TRAINED, "metric_for_best_model": "eval_loss"}, "FT4112"),
        ("lora", {**TRAINED, "eval_delay": 100, "metric_for_best_model": "eval_loss"}, None),
        ("lora", {**TRAINED, "save_strategy": "best", "metric_for_best_model": "eval_loss"},
         "FT4112"),
        ("lora", {**TRAINED, "save_strategy": "best", "metric_for_best_model": "rouge-1"}, None),
        ("lora", {**TRAINED, **PLATEAU}, "FT4112"),
        ("lora", {**TRAINED, **PLATEAU, "metric_for_best_model": "rouge-2"}, None),
        ("lora", TRAINED, None),
        ("lora", {**PREDICTION, **EACH}, "FT4113"),
        ("lora", {**PREDICTION, **EACH, "eval_dataset": "held_out"}, "FT4113"),
        ("lora", {**PREDICTION, **EACH, "do_train": True}, "FT4113"),
        ("lora", {**PREDICTION, **EACH, "eval_on_each_dataset": False}, None),
        ("lora", {**EVALUATION, **EACH}, None),
        ("rm", {"do_predict": True, "eval_dataset": "pairs", "eval_on_each_dataset": True},
         "FT4113"),
        ("rm", {"do_predict": True, "eval_dataset": "pairs"}, None),
        ("dpo", {"do_predict": True, "eval_dataset": "pairs", "eval_on_each_dataset": True}, None),
        *(("lora", {**run, **change}, "FT4114") for run in (PREDICTION, EVALUATION) for change in (
            {"temperature": 0}, {"temperature": 0.0}, {"temperature": -1.0}, {"top_k": -1},
            {"top_p": -0.1})),
        *(("lora", {**run, **change}, None) for run in (PREDICTION, EVALUATION) for change in (
            {"temperature": 0, "do_sample": False}, {"top_k": -1, "do_sample": False},
            {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}, {"max_new_tokens": 0})),
        *(("lora", {**run, **change}, "FT4115") for run in (PREDICTION, EVALUATION) for change in (
            {"repetition_penalty": 0}, {"repetition_penalty": -1.0, "do_sample": False},
            {"num_beams": 0}, {"num_beams": -1}, {"num_beams": 0, "do_sample": False})),
        ("lora", {**TRAINED, "temperature": 0.0}, "FT4114"),
        ("lora", {**TRAINED, "num_beams": 0}, "FT4115"),
        ("lora", {**TRAINED, "num_beams": 2, "repetition_penalty": 0.5}, None),
        ("lora", {"temperature": 0.0, "top_k": -1, "num_beams": 0}, None),
        ("lora", {"val_size": 4, "do_eval": True, "temperature": 0.0, "num_beams": 0}, None),
        ("lora", {**PREDICTION, **NEAT}, "FT4116"),
        ("lora", {**PREDICTION, **NEAT, "flash_attn": "disabled"}, "FT4116"),
        ("lora", {**EVALUATION, **NEAT, "flash_attn": "sdpa"}, "FT4116"),
        ("lora", {**TRAINED, **NEAT}, "FT4116"),
        ("lora", {**DATA, **NEAT}, None),
        ("lora", {**PREDICTION, "packing": True, "cutoff_len": 64}, None),
        ("lora", {**NEAT, "eval_dataset": "held_out", "do_eval": True}, None),
    ],
)  # fmt: skip
def test_a_run_that_generates_is_said_to_end_just_where_it_does(
    trainer: Trainer, base: str, change: dict[str, Any], code: str | None
) -> None:
    if trainer.release == "0.9.4" and "neat_packing" in change:
        code = "FT416"  # its newest transformers is too new for it
    assert_ends_as_told(trainer, {**bases.base(base), **change}, code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *(({key: value}, "FT4137") for key, value in (
            ("temperature", -1.0), ("top_k", -1), ("top_p", -0.1))),
        *(({**greedy, "top_k": -1, "top_p": -0.1}, None) for greedy in (
            {"do_sample": False}, {"temperature": 0})),
        ({"temperature": -1.0, "do_sample": False}, None),
        ({"top_k": 0, "top_p": 0.0}, None),
        *(({key: value, **greedy}, "FT4138") for greedy in ({}, {"do_sample": False})
          for key, value in (("repetition_penalty", 0), ("repetition_penalty", -1.0),
                             ("num_beams", 0), ("num_beams", -1))),
        ({"repetition_penalty": 0.5, "num_beams": 2}, None),
    ],
)  # fmt: skip
def test_a_chat_is_said_to_end_just_where_it_does(
    trainer: Trainer, tmp_path: Path, change: dict[str, Any], code: str | None
) -> None:
    config = {"model_name_or_path": "tiny", "template": "empty", "max_new_tokens": 4, **change}
    path = tmp_path / "chat.yaml"
    path.write_text("".join(f"{key}: {json.dumps(one)}\n" for key, one in config.items()), "utf-8")
    errors = [one.code for one in lint([path], trainer.release, tmp_path)[path.name]]
    ended = trainer.train(config, command="chat")
    assert not ended.environmental, ended.error
    assert bool(ended.error) == bool(code), ended.error
    assert errors == [code] * bool(code)

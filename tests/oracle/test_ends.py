"""Runs that begin and die of what their config says, beside neighbours that do not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle.called import target_of
from tests.stating import stating

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

from . import bases, environments
from .beside import assert_ends_as_told, errors_and_end
from .client import Case, Judge, Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

BEST = {"val_size": 4, "eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps",
        "save_steps": 1, "load_best_model_at_end": True}  # fmt: skip
HELD_OUT = {"val_size": 4, "eval_strategy": "epoch"}
BEST_EPOCH = {"save_strategy": "epoch", "load_best_model_at_end": True}
PREDICTED = {"do_train": False, "do_predict": True, "predict_with_generate": True,
             "eval_dataset": "held_out", "dataset": None}  # fmt: skip
STREAM = {"streaming": True, "max_steps": 2}
QUANTIZED = ["0.9.4", "0.9.5"]
"""Releases whose bitsandbytes works on a CPU here."""


@pytest.fixture(scope="module", params=list(environments.RELEASES))
def trainer(request: pytest.FixtureRequest) -> Iterator[Trainer]:
    with Trainer(request.param) as one:
        yield one


@pytest.mark.parametrize(
    ("base", "change", "code"),
    [
        ("quantized", {"use_dora": True}, "FT122"),
        ("quantized", {"use_dora": True, "quantization_bit": 8}, "FT122"),
        ("quantized", {"use_dora": True, "adapter_name_or_path": "adapter"}, None),
        ("quantized", {"use_rslora": True}, None),
        ("lora", {"use_dora": True}, None),
        ("kto", {**BEST, "metric_for_best_model": "kl"}, "FT606"),
        ("kto", {**BEST, "metric_for_best_model": "eval_kl"}, "FT606"),
        ("kto", {**BEST, "metric_for_best_model": "rewards/chosen"}, None),
        ("kto", {**BEST, "metric_for_best_model": "eval_rewards/margins"}, None),
        ("lora", {"lora_target": ".*q_proj"}, "FT119"),
        ("lora", {"lora_target": "q_proj|v_proj"}, "FT119"),
        ("lora", {"lora_target": [".*q_proj", "v_proj$"]}, "FT119"),
        ("lora", {"lora_target": [".*q_proj", "v_proj"]}, None),
        ("lora", {"lora_target": "mlp"}, "FT119"),
        ("lora", {"lora_target": "self_attn"}, "FT119"),
        ("lora", {"lora_target": "input_layernorm,post_attention_layernorm"}, "FT119"),
        ("lora", {"lora_target": "layers.0.self_attn.q_proj"}, None),
        ("lora", {"lora_target": "embed_tokens"}, None),
        ("lora", {"lora_target": "lm_head"}, None),
        ("lora", {"default_system": [1]}, "FT105"),
        ("pt", {"default_system": [1]}, None),
        ("lora", {"additional_target": 1.5}, "FT105"),
        ("adapter", {"additional_target": 1.5}, None),
        ("lora", {"max_samples": 4.0}, "FT105"),
        ("lora", {"max_samples": 1000.5}, None),
        ("lora", {"max_samples": 1.5e300}, None),
        ("lora", {"preprocessing_num_workers": 2.0}, "FT105"),
        ("lora", {"preprocessing_num_workers": 1000.5}, None),
        ("lora", {"preprocessing_num_workers": 4.5, "max_samples": 4}, None),
        ("lora", {"preprocessing_num_workers": 4.0, "max_samples": 4}, "FT105"),
        ("lora", {**HELD_OUT, "per_device_eval_batch_size": "2"}, "FT105"),
        ("lora", {**HELD_OUT, "eval_accumulation_steps": "2"}, "FT105"),
        ("lora", {**HELD_OUT, "eval_delay": "1"}, "FT105"),
        ("lora", {**HELD_OUT, "eval_delay": 1}, None),
        ("lora", {**HELD_OUT, "eval_steps": 2}, None),
        ("lora", {**HELD_OUT, **BEST_EPOCH, "early_stopping_steps": "2"}, "FT105"),
        (
            "lora",
            {
                **HELD_OUT,
                "predict_with_generate": True,
                "eval_dataset": "held_out",
                "val_size": 0.0,
                "generation_num_beams": "2",
            },
            "FT105",
        ),
        ("lora", {**PREDICTED, "temperature": "0.5"}, "FT105"),
        ("lora", {**PREDICTED, "temperature": 0.5}, None),
        ("lora", {"data_seed": 7.5}, "FT105"),
        ("lora", {"data_seed": 7.5, "disable_shuffling": True}, None),
        ("lora", {**STREAM, "dataloader_num_workers": 1, "data_seed": 7.5}, None),
        ("lora", {**STREAM, "dataloader_num_workers": {"a": 1}}, "FT105"),
        ("lora", {**STREAM, "dataloader_num_workers": [1]}, "FT105"),
        ("lora", {**STREAM, "dataloader_num_workers": "two"}, "FT105"),
        ("lora", {**STREAM, "dataloader_num_workers": 1.0}, "FT105"),
        ("lora", {**STREAM, "dataloader_num_workers": True}, None),
        ("lora", {**STREAM, "dataloader_num_workers": 1}, None),
        ("lora", {"tool_format": "gpt"}, "FT106"),
        ("pt", {"tool_format": "gpt"}, "FT106"),
        ("lora", {"tool_format": "qwen"}, None),
        ("lora", {"tool_format": None}, None),
    ],
)
def test_a_run_is_said_to_end_just_where_it_does(
    trainer: Trainer, base: str, change: dict[str, Any], code: str | None
) -> None:
    if base == "quantized" and trainer.release not in QUANTIZED:
        return
    assert_ends_as_told(trainer, {**bases.base(base), **change}, code)


def test_rows_by_their_length_have_no_seed(trainer: Trainer) -> None:
    """0.9.5 runs with a transformers that has another key for it."""
    by_length: dict[str, Any] = {"group_by_length": True}
    if trainer.release == "0.9.5":
        by_length = {"train_sampling_strategy": "group_by_length"}
    config = {**bases.base("lora"), **by_length, "data_seed": 7.5}
    assert errors_and_end(trainer, config) == ([], "")


@pytest.mark.parametrize("value", ["banana", [1], {"a": 1}])
@pytest.mark.parametrize(
    ("key", "ends"),
    [
        *((key, True) for key in (
            "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps",
            "learning_rate")),
        ("num_train_epochs", False),
        ("dataloader_num_workers", False),
    ],
)  # fmt: skip
def test_numbers_that_the_trainer_of_ppo_reckons_with(
    trainer: Trainer, key: str, ends: bool, value: object
) -> None:
    """0.9.3 alone trains with ppo here: the trl of the later ones is too new for it."""
    if trainer.release != "0.9.3":
        return
    found, error = errors_and_end(trainer, {**bases.base("ppo"), "max_steps": 1, key: value})
    assert found == ["FT105"] * ends
    assert error.startswith("trainer_init: TypeError") == ends, error


def test_epochs_that_the_trainer_of_ppo_reckons_with(trainer: Trainer) -> None:
    if trainer.release != "0.9.3":
        return
    config = {**bases.base("ppo"), "max_steps": -1, "num_train_epochs": "banana"}
    found, error = errors_and_end(trainer, config)
    assert found == ["FT105"]
    assert "TypeError" in error


@pytest.mark.parametrize("loss", ["hinge", "ipo", "kto_pair", "robust", "aot", "bco_pair", "other"])
def test_losses_that_train_sigmoid_instead(trainer: Trainer, loss: str) -> None:
    """Since 0.9.4 each word trains."""
    if trainer.release == "0.9.3":
        return
    found, error = errors_and_end(trainer, {**bases.base("dpo"), "pref_loss": loss}, ["FT516"])
    assert (found, error) == (["FT516"], "")


@pytest.mark.parametrize(
    ("base", "change", "code"),
    [
        ("full", {"optim": "galore_adamw"}, "FT4118"),
        ("full", {"optim": "galore_adamw_layerwise"}, "FT4118"),
        ("full", {"optim": "apollo_adamw"}, "FT4118"),
        ("lora", {"optim": "galore_adafactor"}, "FT4118"),
        ("full", {"optim": "galore_adamw", "optim_target_modules": ["attn", "mlp"]}, None),
        ("full", {"optim": "apollo_adamw", "optim_target_modules": "all-linear"}, None),
        ("galore", {}, None),
        ("lora", {"report_to": ["none", "all"]}, "FT4119"),
        ("lora", {"report_to": ["all", "none"]}, "FT4119"),
        ("lora", {"report_to": ["none", "none"]}, "FT4119"),
        ("lora", {"report_to": ["none"]}, None),
        ("lora", {"report_to": []}, None),
        ("full", {"use_badam": True, "badam_mode": "ratio"}, "FT582"),
        ("freeze", {"use_badam": True, "badam_mode": "ratio"}, "FT582"),
        ("oft", {"use_badam": True, "badam_mode": "ratio"}, "FT582"),
        ("full", {"use_badam": True}, None),
        ("badam_ratio", {}, None),
        ("oft", {"use_galore": True}, "FT554"),
        ("oft", {"use_apollo": True}, "FT554"),
        ("oft", {"use_galore": True, "optim": "adamw_torch"}, None),
        ("oft", {"use_galore": True, "optim": "sgd"}, "FT499"),
        ("oft", {"use_apollo": True, "optim": "adafactor"}, "FT499"),
    ],
)
def test_optimizers_and_loggers_that_cannot_be_created(
    trainer: Trainer, base: str, change: dict[str, Any], code: str | None
) -> None:
    default = code in ("FT582", "FT554")
    if base == "oft" and trainer.release == "0.9.3":
        return  # its peft trains none here
    if default and trainer.release == "0.9.3":
        code = None  # the default optimizer is another one
    assert_ends_as_told(trainer, {**bases.base(base), **change}, code, ["FT582", "FT554"])


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_badam_is_refused_just_where_ftlint_says_so(
    release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With deepspeed the judge parses as one process of a distributed launch."""
    monkeypatch.chdir(environments.folder_of(release) / "fixture")
    configs = [
        {
            **bases.base("badam"),
            "finetuning_type": kind,
            "badam_mode": mode,
            "deepspeed": {
                "train_micro_batch_size_per_gpu": "auto",
                "zero_optimization": {"stage": stage},
            },
        }
        for kind in ("full", "freeze")
        for mode in ("layer", "ratio")
        for stage in (0, 2, 3)
    ]
    with Judge(release, extras=True) as judge:
        verdicts = judge.judge([Case("c", config=one) for one in configs])
    assert [one.refused for one in verdicts] == [True, True, False, True, True, True] * 2
    options = Options(target_of(release), stating(here=True))
    for config, verdict in zip(configs, verdicts, strict=True):
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
        report = lint(of_text("c.yaml", text), options)
        found = [one.code for one in report.diagnostics if one.severity == "error"]
        assert found == ["FT481"] * verdict.refused, verdict.error

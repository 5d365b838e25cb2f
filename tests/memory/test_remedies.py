"""What FT803 and FT804 advise makes a run fit, is taken by the release, and is where they point."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.facts.remedy import changed
from ftlint.facts.run_memory import RunMemory, memory_of
from ftlint.memory import costs
from tests.memory.remedied import (
    BASE,
    OUT_OF_REACH,
    Run,
    drawn,
    of_memory,
    remedy_of,
    treated,
)
from tests.searches import tries

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.diagnostics import Diagnostic

QWEN = "Qwen/Qwen2.5-{}B-Instruct"
LOGITS: dict[str, Any] = {"per_device_train_batch_size": 16, "cutoff_len": 2048}
EVALUATED: dict[str, Any] = {"val_size": 0.1, "eval_strategy": "steps", "eval_steps": 10}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def run_of(gpu: str, gpus: int | None = 1, size: str = "7", **keys: Any) -> Run:
    model = {"model_name_or_path": QWEN.format(size)}
    return Run({**BASE, "stage": "sft", **model, "bf16": True, **keys}, gpu, gpus)


def said(run: Run, **facts: Any) -> tuple[str, str]:
    """Return the remedy, and the key that is underlined."""
    found = of_memory(run.findings(**facts))
    assert found is not None
    return remedy_of(found), run.text[found.start : found.end]


@pytest.mark.search
def test_every_remedy_makes_the_run_fit_and_is_taken_by_the_release() -> None:
    rng = random.Random(tries(1))
    named = 0
    for _ in range(tries(120)):
        run = drawn(rng)
        first = run.findings()
        found = of_memory(first)
        refused = codes(first)
        if found is None:
            continue
        assert len(found.message) <= 160, found.message
        while found is not None and OUT_OF_REACH not in found.message:
            named += 1
            remedy = remedy_of(found)
            assert not ("ZeRO" in remedy and run.gpus == 1), (run, remedy)
            run = treated(run, remedy)
            after = run.findings()
            assert codes(after) <= refused, (run, remedy)
            found = of_memory(after)
            # Only a remedy that says so leaves something to do, and it is not left alone.
            assert found is None or ("further" in remedy and OUT_OF_REACH not in found.message), (
                run, remedy,
            )  # fmt: skip
    assert named > 40


@pytest.mark.search
def test_what_the_memory_of_a_run_names_makes_it_fit_at_once() -> None:
    rng = random.Random(tries(2))
    verdicts = []
    for _ in range(tries(120)):
        run = drawn(rng)
        found = memory_of(run.loaded().context)
        if isinstance(found, RunMemory) and found.remedy is not None:
            assert found.verdict != "fits"
            keys, gpus = found.remedy
            again = run._replace(keys={**run.keys, **keys}, gpus=gpus or run.gpus)
            after = memory_of(again.loaded().context)
            assert isinstance(after, RunMemory)
            assert after.verdict == "fits", (run, keys)
            verdicts.append(found.verdict)
    assert min(map(verdicts.count, {"does not fit", "may not fit"})) > 5


@pytest.mark.search
def test_the_rules_that_rest_on_a_change_are_all_that_can_come_to_refuse() -> None:
    rng = random.Random(tries(1))
    refused, asked = 0, 0.0
    for _ in range(tries(40)):
        run = drawn(rng)
        other = drawn(rng)._replace(gpu=run.gpu, gpus=run.gpus, release=run.release)
        now, then = (one.loaded().context for one in (run, other))
        rules, every = now.rules, now.rules.conditions(now.target, "train", "rejection")
        some = rules.rejections(now.target, "train", changed(now.instance, then.instance))
        before = now.instance._replace(unknown=set())
        more = then.instance
        after = before._replace(
            config={**before.config, **more.config},
            effective={**before.effective, **more.effective},
            facts={**before.facts, **more.facts},
        )  # fmt: skip
        fresh = [holds for _, _, holds in every if holds(after) and not holds(before)]
        assert set(fresh) <= set(some), run
        refused += len(fresh)
        asked += len(some) / len(every) / tries(40)
    assert refused
    assert asked < 0.8


def codes(found: tuple[Diagnostic, ...]) -> set[str]:
    return {one.code for one in found if one.severity == "error"}


def test_liger_is_named_where_logits_are_most_of_it(tmp_path: Path) -> None:
    run = run_of("48g", size="0.5", **LOGITS, packing=True)
    assert said(run)[0] == "`enable_liger_kernel: true` fits"
    # Not where its package is known to be missing, nor for a family that it has no kernels for.
    assert "liger" not in said(run, installed=["torch"])[0]
    shape = {"hidden_size": 896, "intermediate_size": 4864, "vocab_size": 151_936,
             "num_hidden_layers": 24, "num_attention_heads": 14, "model_type": "llama"}  # fmt: skip
    folder = tmp_path / "model"
    folder.mkdir()
    for kind, helps in (("llama", True), ("smollm3", False)):
        (folder / "config.json").write_text(json.dumps({**shape, "model_type": kind}), "utf-8")
        other = run._replace(keys={**run.keys, "model_name_or_path": "model"})
        assert ("liger" in said(other)[0]) is helps
    # It does not help an evaluation.
    run = run_of("24g", size="0.5", **EVALUATED, packing=True, per_device_eval_batch_size=64)
    run.keys["per_device_train_batch_size"] = 1
    assert "liger" not in said(run)[0]


def test_no_more_is_changed_than_is_needed() -> None:
    small: dict[str, Any] = {"packing": True, "cutoff_len": 512, "per_device_train_batch_size": 1}
    assert said(run_of("12g", **small))[0] == "`quantization_bit: 4` fits"
    full = run_of("24g", finetuning_type="full", **small)
    assert said(full)[0] == "`finetuning_type: lora` fits"
    kept = run_of("24g", disable_gradient_checkpointing=True, **{**small, "cutoff_len": 2048})
    assert said(kept)[0] == "`disable_gradient_checkpointing: false` fits"
    eager = run_of("24g", size="0.5", flash_attn="disabled", **{**small, "cutoff_len": 16384})
    assert "`flash_attn: auto`" in said(eager)[0]


def test_a_model_is_divided_only_where_there_may_be_several_gpus() -> None:
    full: dict[str, Any] = {
        "finetuning_type": "full",
        "packing": True,
        "per_device_train_batch_size": 1,
    }
    assert "ZeRO" not in said(run_of("a100-80g", 1, **full))[0]
    assert said(run_of("a100-80g", 8, **full))[0].startswith("ZeRO-2 (`deepspeed`)")
    # Where nobody says how many there are, and nothing else helps, so many would do.
    small: dict[str, Any] = {
        "quantization_bit": 4,
        "per_device_train_batch_size": 1,
        "cutoff_len": 256,
    }
    large = run_of("24g", None, "72", packing=True, **small)
    assert said(large)[0] == "ZeRO-3 (`deepspeed`) on 4 GPUs fits"
    assert said(large._replace(gpus=1))[0] == OUT_OF_REACH


def test_nothing_is_tried_where_not_even_the_weights_fit() -> None:
    costs._law.cache_clear()
    assert said(run_of("12g", size="72", finetuning_type="full", packing=True))[0] == OUT_OF_REACH
    assert costs._law.cache_info().misses <= 2  # as it is, padded and not
    said(run_of("12g", size="7", finetuning_type="full", packing=True))
    assert costs._law.cache_info().misses > 4


def test_where_nothing_helps_no_setting_is_named() -> None:
    for kind, most in (("full", "finetuning_type"), ("lora", "model_name_or_path")):
        run = run_of("12g", size="72", packing=True, finetuning_type=kind)
        assert said(run) == (OUT_OF_REACH, most)
    quantized = run_of("12g", size="72", packing=True, quantization_bit=4)
    assert said(quantized) == (OUT_OF_REACH, "model_name_or_path")


@pytest.mark.parametrize(
    ("gpu", "keys", "place"),
    [
        # What is evaluated does not fit: not the batch to train on.
        ("24g", {**EVALUATED, "per_device_train_batch_size": 1, "per_device_eval_batch_size": 64,
                 "packing": True, "cutoff_len": 1024}, "per_device_eval_batch_size"),
        ("24g", {**EVALUATED, "per_device_train_batch_size": 16, "per_device_eval_batch_size": 16,
                 "packing": True, "cutoff_len": 1024}, "per_device_train_batch_size"),
        # One row is as few as there can be: the method is the cause.
        ("24g", {"per_device_train_batch_size": 1, "finetuning_type": "full", "packing": True,
                 "cutoff_len": 512}, "finetuning_type"),
        ("12g", {"per_device_train_batch_size": 1, "packing": True, "cutoff_len": 512},
         "model_name_or_path"),
        ("24g", {"per_device_train_batch_size": 4, "packing": True}, "per_device_train_batch_size"),
        ("24g", {"per_device_train_batch_size": 1, "cutoff_len": 32768}, "cutoff_len"),
        ("24g", {"disable_gradient_checkpointing": True, "packing": True, "cutoff_len": 4096,
                 "per_device_train_batch_size": 1}, "disable_gradient_checkpointing"),
    ],
)  # fmt: skip
def test_it_is_shown_at_the_key_that_the_remedy_changes_or_that_decides_most(
    gpu: str, keys: dict[str, Any], place: str
) -> None:
    assert said(run_of(gpu, **keys))[1] == place


def test_a_remedy_that_the_method_refuses_is_not_named() -> None:
    keys: dict[str, Any] = {"packing": True, "cutoff_len": 512, "per_device_train_batch_size": 1}
    assert said(run_of("12g", **keys))[0] == "`quantization_bit: 4` fits"
    assert "quantization_bit" not in said(run_of("12g", **keys, pissa_init=True))[0]
    full: dict[str, Any] = {"finetuning_type": "full", **keys}
    galore: dict[str, Any] = {"use_galore": True, "optim": "adamw_torch"}
    assert "lora" not in said(run_of("12g", **full, **galore))[0]

"""What is offered: only what keeps the mathematics, and what release, packages and GPU have."""

from __future__ import annotations

from typing import Any

import pytest

from ftbench.tuning.axes import Setting, axes_of, rows_of_step
from ftbench.tuning.candidate import Candidate, as_written, changed, told, variables

WRITTEN = Candidate(1, 8, False, True, "auto", 0)
ALL = ("torch", "liger-kernel", "flash-attn")


def offered(
    stage: str = "sft", averaged: str | None = "step", packages: tuple[str, ...] = ALL,
    allowed: tuple[str, ...] = (), written: Candidate = WRITTEN, world: int = 1,
    capability: float | None = 9.0, deepspeed: Any = None, liger: bool | None = True,
    **values: Any,
) -> tuple[dict[str, Any], str]:  # fmt: skip
    setting = Setting(
        {"stage": stage, "bf16": True, **values}, packages, capability, world, averaged, liger,
        deepspeed, allowed,
    )  # fmt: skip
    found = axes_of(setting, written)
    return {axis.name: axis.values for axis in found.offered}, " ".join(found.notes)


def test_all_that_is_there_is_offered() -> None:
    axes, _ = offered()
    assert axes["batch"] == (1, 2, 4, 8)
    assert axes["liger"] == (True, False)
    assert axes["checkpointing"] == (False, True)
    assert axes["attention"] == ("auto", "fa2")


@pytest.mark.parametrize(
    ("stage", "averaged", "more"),
    [
        ("kto", "micro-batch", {}),
        ("sft", "micro-batch", {}),
        ("pt", "micro-batch", {}),
        ("sft", "step of a GPU", {}),
        ("sft", None, {}),
        ("dpo", "micro-batch", {"pref_loss": "kto_pair"}),
        ("sft", "step", {"group_by_length": True}),
        ("sft", "step", {"train_sampling_strategy": "group_by_length"}),
        ("sft", "step", {"moe_aux_loss_coef": 0.001}),
        ("sft", "step", {"use_asft_loss": True}),
        ("sft", "step", {"deepspeed": {"train_micro_batch_size_per_gpu": 1}}),
    ],
)
def test_another_batch_is_offered_by_name_alone_where_it_is_another_training(
    stage: str, averaged: str | None, more: dict[str, Any]
) -> None:
    axes, notes = offered(stage, averaged, **more)
    assert "batch" not in axes
    assert "batch and accumulation stay" in notes
    axes, notes = offered(stage, averaged, allowed=("batch-split",), **more)
    assert axes["batch"] == (1, 2, 4, 8)
    assert "another batch is another training" in notes


@pytest.mark.parametrize(
    ("stage", "averaged", "more"),
    [("sft", "step", {}), ("pt", "step", {}), ("pt", "micro-batch", {"packing": True}),
     ("dpo", "micro-batch", {}), ("rm", "micro-batch", {}),
     ("sft", "step", {"deepspeed": {"train_micro_batch_size_per_gpu": "auto"}})],
)  # fmt: skip
def test_another_batch_is_offered_where_it_is_the_same(
    stage: str, averaged: str, more: dict[str, Any]
) -> None:
    axes, notes = offered(stage, averaged, **more)
    assert axes["batch"] == (1, 2, 4, 8)
    assert ("last step of an epoch" in notes) == (stage in ("dpo", "rm"))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"capability": None}, "no GPU"),
        ({"packages": ("torch",)}, "liger-kernel is not installed"),
        ({"liger": False}, "no kernels of Liger for this model"),
        ({"use_unsloth": True}, "`use_unsloth`"),
    ],
)
def test_without_liger_it_is_said_why(more: dict[str, Any], why: str) -> None:
    axes, notes = offered(**more)
    assert "liger" not in axes
    assert why in notes


@pytest.mark.parametrize(
    ("more", "values"),
    [({"packages": ("torch",)}, None), ({"capability": 7.5}, None), ({"bf16": False}, None)],
)
def test_flash_attention_needs_its_package_a_gpu_and_16_bit(
    more: dict[str, Any], values: object
) -> None:
    assert offered(**more)[0].get("attention") == values


def test_eager_attention_may_become_torchs_own() -> None:
    eager = WRITTEN._replace(attention="disabled")
    assert offered(written=eager, packages=())[0]["attention"] == ("disabled", "sdpa")


def test_what_changes_the_mathematics_is_offered_by_name_alone() -> None:
    assert not {"packing", "grouped"} & offered()[0].keys()
    axes, notes = offered(allowed=("packing", "group-by-length"))
    assert {"packing", "grouped"} <= axes.keys()
    assert notes.count("another training") == 2
    assert "packing" not in offered("dpo", "micro-batch", allowed=("packing",))[0]


def test_the_allocator_is_left_to_who_has_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTORCH_CUDA_ALLOC_CONF", raising=False)
    assert offered()[0]["segments"] == (False, True)
    assert "segments" not in offered(world=2)[0]  # LLaMA Factory's launcher sets it itself
    monkeypatch.setenv("PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:512")
    assert "segments" not in offered()[0]


@pytest.mark.parametrize(
    ("batch", "accumulation", "rows"),
    [(1, 8, 8), (1, 1, 1), (4, 8, 32), (1, 128, 32), (64, 2, 64), (1, 100, 50), (2, 49, 98)],
)
def test_a_trial_has_a_whole_part_of_a_steps_rows(batch: int, accumulation: int, rows: int) -> None:
    written = WRITTEN._replace(batch=batch, accumulation=accumulation)
    assert rows_of_step(written) == rows
    assert batch in offered(written=written)[0].get("batch", (batch,))


def test_keys_are_those_that_differ() -> None:
    values = {
        "per_device_train_batch_size": 1, "gradient_accumulation_steps": 8, "flash_attn": "auto",
        "enable_liger_kernel": False, "disable_gradient_checkpointing": False,
    }  # fmt: skip
    written = as_written(values)
    assert written == WRITTEN
    best = written.with_batch(4)._replace(liger=True, checkpointing=False, segments=True)
    assert dict(changed(best, written, names=True)) == {
        "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2,
        "enable_liger_kernel": True, "disable_gradient_checkpointing": True,
    }  # fmt: skip
    assert variables(best, written) == (("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True"),)
    assert changed(written, written, names=True) == variables(written, written) == ()
    grouped = written._replace(grouped=True)
    assert changed(grouped, written, names=False) == (("group_by_length", True),)
    assert told(best) == "4 × 2, Liger, no checkpointing, expandable segments"

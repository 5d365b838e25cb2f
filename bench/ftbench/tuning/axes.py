"""What may be varied of a training here, and why the rest may not.

An axis keeps the mathematics: the same rows make a step, and each weighs in it as before. What
changes that is offered by name alone. Source: transformers/trainer.py `get_batch_samples`,
`training_step`; llamafactory/train/*/trainer.py, model/model_utils/attention.py, liger_kernel.py.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.tuning.candidate import SEGMENTS, groups

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ftbench.tuning.candidate import Candidate

BATCH, PACKING, GROUPING = "batch-split", "packing", "group-by-length"
BY_NAME = (BATCH, PACKING, GROUPING)
"""What `--allow` takes: axes that change, or may change, what is learned."""
FLASH_CAPABILITY = 8.0
WORKERS = 4
FULL = 32
"""Rows of a trial's step, where a step has more: a part of it tells as much."""


class Axis(NamedTuple):
    """A field of `Candidate` and the values that it may have, in order.

    `late`: it is tried once the others are settled.
    """

    name: str
    values: tuple[Any, ...]
    late: bool = False


class Setting(NamedTuple):
    """What is known of a run and of the machine.

    `averaged`: over what the trainer averages its loss (`measure.callback.averaged_over`).
    `liger`: whether the release has Liger's kernels for the model; None where that is not known.
    """

    values: Mapping[str, Any]
    packages: Collection[str]
    capability: float | None
    world: int
    averaged: str | None
    liger: bool | None
    deepspeed: Mapping[str, Any] | None
    allowed: Collection[str] = ()


class Axes(NamedTuple):
    """What may be varied, and what is said of what may not, or only with care."""

    offered: tuple[Axis, ...]
    notes: tuple[str, ...]


def axes_of(setting: Setting, written: Candidate) -> Axes:
    """Return what may be varied of a run."""
    notes: list[str] = []
    offered = (
        _batch(setting, written, notes), _liger(setting, written, notes),
        Axis("checkpointing", (False, True)) if not setting.values.get("use_unsloth") else None,
        _attention(setting, written), *_late(setting, written), *_named(setting, written, notes),
    )  # fmt: skip
    return Axes(tuple(axis for axis in offered if axis and len(axis.values) > 1), tuple(notes))


def rows_of_step(written: Candidate) -> int:
    """Return the rows of one GPU in a step of a trial: all of a step, or a whole part of it."""
    least = min(FULL, written.effective)
    return min(
        one for one in divisors(written.effective) if one >= least and one % written.batch == 0
    )


def divisors(number: int) -> tuple[int, ...]:
    """Return the numbers that divide another, ascending."""
    return tuple(one for one in range(1, number + 1) if number % one == 0)


def _batch(setting: Setting, written: Candidate, notes: list[str]) -> Axis | None:
    """Return the splits of the rows of a step, where each of them is the same training."""
    why = _why_not_split(setting)
    if why is not None and BATCH not in setting.allowed:
        notes.append(f"batch and accumulation stay: {why} (--allow {BATCH} tries others)")
        return None
    if why is not None:
        notes.append(f"another batch is another training: {why}")
    elif setting.averaged == "micro-batch" and setting.values.get("stage") in ("dpo", "rm"):
        notes.append(
            "the loss is averaged by micro-batch: in the last step of an epoch, where rows are"
            " left over, another batch weighs them otherwise"
        )
    return Axis("batch", divisors(rows_of_step(written)))


def _why_not_split(setting: Setting) -> str | None:
    """Return why another batch is not the same training, None where it is."""
    values, stage = setting.values, str(setting.values.get("stage") or "sft")
    micro = (setting.deepspeed or {}).get("train_micro_batch_size_per_gpu", "auto")
    equal = stage == "pt" and bool(values.get("packing")) and not values.get("neat_packing")
    objections = (
        "the DeepSpeed config names a micro-batch" if micro != "auto" else None,
        "rows are grouped by length, and by batch" if groups(values) else None,
        "KTO estimates its KL term within a micro-batch" if stage == "kto" else None,
        f"`pref_loss: {values.get('pref_loss')}` estimates a term within a micro-batch"
        if stage == "dpo" and values.get("pref_loss") in ("kto_pair", "bco_pair")
        else None,
        "the router's auxiliary loss is estimated within a micro-batch"
        if values.get("moe_aux_loss_coef")
        else None,
        "`use_asft_loss` averages by micro-batch" if values.get("use_asft_loss") else None,
        "this release averages the loss by micro-batch, whatever its tokens are"
        if stage in ("sft", "pt") and setting.averaged == "micro-batch" and not equal
        else None,
        "this release averages the loss by GPU, whatever its tokens are"
        if setting.averaged == "step of a GPU" and not equal
        else None,
        "over what this release averages the loss is not known" if not setting.averaged else None,
    )  # fmt: skip
    return next((one for one in objections if one is not None), None)


def _liger(setting: Setting, written: Candidate, notes: list[str]) -> Axis | None:
    why = (
        "no GPU" if setting.capability is None
        else "liger-kernel is not installed" if "liger-kernel" not in setting.packages
        else "LLaMA Factory has no kernels of Liger for this model" if setting.liger is False
        else "`use_unsloth` brings kernels of its own" if setting.values.get("use_unsloth")
        else None
    )  # fmt: skip
    if why is not None:
        notes.append(f"without Liger: {why}")
        return None
    return Axis("liger", (True, False))


def _attention(setting: Setting, written: Candidate) -> Axis:
    """Return the implementations; what `auto` takes is torch's own."""
    values = [written.attention]
    if written.attention == "disabled":
        values.append("sdpa")
    flash = "flash-attn" in setting.packages and (setting.capability or 0) >= FLASH_CAPABILITY
    half = setting.values.get("bf16") or setting.values.get("fp16")
    if flash and half and written.attention != "fa2":
        values.append("fa2")
    return Axis("attention", tuple(values))


def _late(setting: Setting, written: Candidate) -> Iterator[Axis | None]:
    cores = (os.cpu_count() or 1) // max(1, setting.world)
    if written.workers == 0 and cores > WORKERS:
        yield Axis("workers", (0, WORKERS), late=True)
    if setting.capability is not None and setting.world == 1 and SEGMENTS[0] not in os.environ:
        yield Axis("segments", (False, True), late=True)


def _named(setting: Setting, written: Candidate, notes: list[str]) -> Iterator[Axis | None]:
    """Yield what changes the mathematics and was asked for."""
    stage = str(setting.values.get("stage") or "sft")
    if PACKING in setting.allowed and not written.packing:
        if stage == "sft":
            notes.append("packing makes other steps of the same rows: another training")
            yield Axis("packing", (False, True))
        else:
            notes.append(f"no packing: not with `stage: {stage}`")
    if GROUPING in setting.allowed and not written.grouped:
        notes.append("grouping by length makes other steps of the same rows: another training")
        yield Axis("grouped", (False, True))

"""The trainer's loop gone through batch by batch: slow, plain, and written apart from the plan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Trace(NamedTuple):
    planned: int
    executed: int
    epochs: int
    progress: float
    logs: int
    evaluations: int
    saves: int
    rows: int


def simulate(
    rows: int, world: int, config: Mapping[str, object], transformers: tuple[int, ...]
) -> Trace | None:
    """Run a config of plain values; None where the trainer refuses an empty loader."""
    value: dict[str, Any] = {
        "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1, "max_steps": -1,
        "num_train_epochs": 3.0, "dataloader_drop_last": False, "logging_strategy": "steps",
        "logging_steps": 500, "logging_first_step": False, "eval_strategy": "no",
        "eval_steps": None, "eval_delay": 0, "eval_on_start": False, "save_strategy": "steps",
        "save_steps": 500, **config,
    }  # fmt: skip
    accumulation = value["gradient_accumulation_steps"]
    batches = dealt(
        rows, value["per_device_train_batch_size"], world, value["dataloader_drop_last"]
    )
    length = len(batches)
    if not length:
        return None
    planned, epochs = lengths(value, length, transformers)
    every = intervals(value, planned)
    step = batch_count = 0
    logged: set[int] = set()
    evaluations = saves = seen = entered = 0
    state_epoch = 0.0
    evaluations += bool(value["eval_on_start"])
    for epoch in range(epochs):
        entered += 1
        for number, size in enumerate(batches):
            batch_count += 1
            seen += size
            if not is_update(number, batch_count, length, accumulation, transformers):
                continue
            step += 1
            state_epoch = epoch + (number + 1) / length
            log, evaluate, save = events(value, every, step, planned, transformers)
            if log:
                logged.add(step)
            evaluations += evaluate
            saves += save
            if step >= planned:
                break
        if value["logging_strategy"] == "epoch":
            logged.add(step)
        evaluations += value["eval_strategy"] == "epoch" and value["eval_delay"] <= state_epoch
        saves += value["save_strategy"] == "epoch"
        if step >= planned:
            break
    evaluations += value["eval_strategy"] != "no"  # LLaMA Factory's own, after training
    return Trace(planned, step, entered, state_epoch, len(logged), evaluations, saves, seen)


def lengths(
    value: Mapping[str, Any], length: int, transformers: tuple[int, ...]
) -> tuple[int, int]:
    """Return the steps that are planned and the epochs that are gone through."""
    accumulation = value["gradient_accumulation_steps"]
    steps = length // accumulation
    if transformers >= (4, 52):
        steps += length % accumulation > 0
    steps = max(steps, 1)
    if value["max_steps"] > 0:
        return value["max_steps"], math.ceil(value["max_steps"] / steps)
    epochs = math.ceil(value["num_train_epochs"])
    if value["max_steps"] == 0 and transformers >= (4, 49):
        return 0, epochs
    return math.ceil(value["num_train_epochs"] * steps), epochs


def intervals(value: Mapping[str, Any], planned: int) -> dict[str, int]:
    """Return after how many steps each thing happens: a fraction is a share of the plan."""
    every = {}
    for name in ("logging_steps", "eval_steps", "save_steps"):
        written = value[name]
        if name == "eval_steps" and not written:
            written = value["logging_steps"]
        every[name] = math.ceil(planned * written) if written < 1 else int(written)
    return every


def is_update(
    number: int, batch_count: int, length: int, accumulation: int, transformers: tuple[int, ...]
) -> bool:
    """Return whether the optimizer steps after this batch."""
    if transformers >= (4, 47):
        return (number + 1) % accumulation == 0 or number + 1 == length
    return batch_count % accumulation == 0 or (length <= accumulation and number + 1 == length)


def events(
    value: Mapping[str, Any],
    every: Mapping[str, int],
    step: int,
    planned: int,
    transformers: tuple[int, ...],
) -> tuple[bool, bool, bool]:
    """Return whether it is logged, evaluated and saved after this step."""
    log = step == 1 and value["logging_first_step"]
    log |= value["logging_strategy"] == "steps" and step % every["logging_steps"] == 0
    delayed = value["eval_delay"] <= step
    by_step = value["eval_strategy"] == "steps"
    evaluate = by_step and step % every["eval_steps"] == 0 and delayed
    save = (value["save_strategy"] == "steps" and every["save_steps"] > 0
            and step % every["save_steps"] == 0)  # fmt: skip
    if step >= planned:
        if transformers >= (5, 4):
            evaluate |= by_step and delayed
        save |= value["save_strategy"] == "steps"
    return bool(log), bool(evaluate), bool(save)


def dealt(rows: int, batch: int, world: int, drop: bool) -> list[int]:
    """Return how many rows all ranks together read at each micro-batch of an epoch, once each."""
    sizes = [min(batch, rows - start) for start in range(0, rows, batch)]
    if drop and sizes and sizes[-1] < batch:
        sizes.pop()
    if drop:
        sizes = sizes[: len(sizes) // world * world]
    return [sum(sizes[start : start + world]) for start in range(0, len(sizes), world)]

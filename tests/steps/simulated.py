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
    batch, accumulation = value["per_device_train_batch_size"], value["gradient_accumulation_steps"]
    drop = value["dataloader_drop_last"]
    batches = dealt(rows, batch, world, drop)
    length = len(batches)
    if not length:
        return None
    steps = length // accumulation
    if transformers >= (4, 52):
        steps += length % accumulation > 0
    steps = max(steps, 1)
    by_steps = value["max_steps"] > 0 or (value["max_steps"] == 0 and transformers >= (4, 49))
    planned = value["max_steps"] if by_steps else math.ceil(value["num_train_epochs"] * steps)
    epochs = (math.ceil(planned / steps) if value["max_steps"] > 0
              else math.ceil(value["num_train_epochs"]))  # fmt: skip
    every = {}
    for name in ("logging_steps", "eval_steps", "save_steps"):
        written = value[name]
        if name == "eval_steps" and not written:
            written = value["logging_steps"]
        every[name] = math.ceil(planned * written) if written < 1 else int(written)

    step = batch_count = 0
    logged: set[int] = set()
    evaluations = saves = seen = entered = 0
    state_epoch = 0.0
    stop = False
    evaluations += bool(value["eval_on_start"])
    for epoch in range(epochs):
        entered += 1
        for number, size in enumerate(batches):
            batch_count += 1
            seen += size
            if transformers < (4, 47):
                due = batch_count % accumulation == 0 or (
                    length <= accumulation and number + 1 == length
                )
            else:
                due = (number + 1) % accumulation == 0 or number + 1 == length
            if not due:
                continue
            step += 1
            state_epoch = epoch + (number + 1) / length
            log = step == 1 and value["logging_first_step"]
            log |= value["logging_strategy"] == "steps" and step % every["logging_steps"] == 0
            delayed = value["eval_delay"] <= step
            by_step = value["eval_strategy"] == "steps"
            evaluate = by_step and step % every["eval_steps"] == 0 and delayed
            save = (value["save_strategy"] == "steps" and every["save_steps"] > 0
                    and step % every["save_steps"] == 0)  # fmt: skip
            if step >= planned:
                stop = True
                if transformers >= (5, 4):
                    evaluate |= by_step and delayed
                save |= value["save_strategy"] == "steps"
            if log:
                logged.add(step)
            evaluations += bool(evaluate)
            saves += bool(save)
            if stop:
                break
        if value["logging_strategy"] == "epoch":
            logged.add(step)
        evaluations += value["eval_strategy"] == "epoch" and value["eval_delay"] <= state_epoch
        saves += value["save_strategy"] == "epoch"
        if stop:
            break
    evaluations += value["eval_strategy"] != "no"  # LLaMA Factory's own, after training
    return Trace(planned, step, entered, state_epoch, len(logged), evaluations, saves, seen)


def dealt(rows: int, batch: int, world: int, drop: bool) -> list[int]:
    """Return how many rows all ranks together read at each micro-batch of an epoch, once each."""
    sizes = [min(batch, rows - start) for start in range(0, rows, batch)]
    if drop and sizes and sizes[-1] < batch:
        sizes.pop()
    if drop:
        sizes = sizes[: len(sizes) // world * world]
    return [sum(sizes[start : start + world]) for start in range(0, len(sizes), world)]

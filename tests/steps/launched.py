"""Loops of other trainers, gone through batch by batch and written apart from the plan.

Each follows its trainer's source line by line: mcore_adapter `trainer.py`, LLaMA Factory's
`megatron_bridge/config_builder.py` and `v1/core/base_trainer.py`. tests/oracle/test_launchers.py
runs those themselves where they are installed.
"""

from __future__ import annotations

import math
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


class Trace(NamedTuple):
    """What a run came to: steps that were planned and run, epochs begun, rows seen."""

    planned: int
    executed: int
    entered: int
    rows: int


def mca(rows: int, ranks: int, config: Mapping[str, Any]) -> Trace | None:
    """Go through a run of Megatron's trainer; None where it crashes or hangs."""
    batch, accumulation = (
        config["per_device_train_batch_size"], config["gradient_accumulation_steps"]
    )  # fmt: skip
    length = rows // batch // ranks  # of a sampler that drops the last batch, and of its shard
    if length // accumulation == 0:
        return None  # no batch: it waits for ever; too few: it divides by 0 in its first step
    per_epoch = max(length // accumulation, 1)
    if config.get("max_steps", -1) > 0:
        planned = config["max_steps"]
        epochs = planned // per_epoch + int(planned % per_epoch > 0)
    else:
        planned = math.ceil(config["num_train_epochs"] * per_epoch)
        epochs = math.ceil(config["num_train_epochs"])
    step = 0
    for epoch in range(epochs):
        ended = False
        batches = count()
        while not ended:
            for _ in range(accumulation):
                ended = ended or next(batches) >= length  # the data begin anew
            step += 1
            if step >= planned:
                return Trace(planned, step, epoch + 1, step * accumulation * batch * ranks)
    raise AssertionError("it ends by its steps alone")


def bridge(rows: int, processes: int, config: Mapping[str, Any]) -> tuple[int, int]:
    """Return the batch of an iteration, and the iterations that Megatron is told to run."""
    micro = config["per_device_train_batch_size"]
    together = micro * config["gradient_accumulation_steps"] * processes
    parallel = math.prod(
        config.get(name, 1)
        for name in ("tensor_model_parallel_size", "pipeline_model_parallel_size",
                     "context_parallel_size", "expert_model_parallel_size")
    )  # fmt: skip
    together = max(together // parallel, micro)
    if config.get("max_steps", -1) > 0:
        return together, config["max_steps"]
    return together, max(1, math.ceil(rows / together * config["num_train_epochs"]))


def v1(samples: int, ranks: int, config: Mapping[str, Any]) -> Trace | None:
    """Go through a run of v1 by batches of rows; None where no batch is ever filled."""
    micro, together = config["micro_batch_size"], config["global_batch_size"]
    step_rows = together // ranks

    def batches() -> Iterator[int]:
        drawn = samples // ranks  # each rank's share, without the rest
        while drawn >= step_rows:
            yield step_rows
            drawn -= step_rows

    length = sum(1 for _ in batches())
    if not length:
        return None
    assert together % (ranks * micro) == 0
    planned = config.get("max_steps") or config["num_train_epochs"] * length
    step = entered = seen = 0
    while step < planned:
        entered += 1
        for taken in batches():
            step += 1
            seen += taken * ranks
            if step >= planned:
                break
    return Trace(planned, step, entered, seen)

"""What the trainer's own rate after as many steps would have said, for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ftbench.results.record import Result


def seconds_by_trainer(result: Result, steps: int) -> float | None:
    """Return the training time that `train_steps_per_second` after `steps` steps leads to.

    The trainer divides steps by its runtime since the start, first step and all, and rounds to
    three decimals (transformers `speed_metrics`). None where the run was shorter or not measured.
    """
    done = result["steps"]
    if steps < 1 or len(done) < steps:
        return None
    rate = round(steps / sum(step["seconds"] for step in done[:steps]), 3)
    return len(done) / rate if rate else None

"""Which lines of trainer_log.jsonl are of the training that was made last.

Source: LLaMA Factory LogCallback. Training logs by optimizer step. An evaluation or a prediction on
its own writes into the same file: every fifth batch as a step, and for its end a step 0.
"""

from __future__ import annotations

from ftlint.doctor.reading import count
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

OF_TRAINING = {"epoch", "loss", "eval_loss", "reward"}


def of_training(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the evaluations and predictions that are no part of training.

    A step 0 with the plan of the training that follows is the evaluation before it.
    """
    kept: list[dict[str, Any]] = []
    plan: object = None
    for line in reversed(lines):
        if OF_TRAINING.isdisjoint(line):
            plan = None
        elif line.get("current_steps") != 0 or line.get("total_steps") == plan:
            plan = line.get("total_steps")
            kept.append(line)
    return kept[::-1]


def last_attempt(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what was logged again: a run that is resumed goes on from an earlier step."""
    kept: list[dict[str, Any]] = []
    for line in lines:
        step = count(line.get("current_steps"))
        while step is not None and kept and (count(kept[-1].get("current_steps")) or 0) > step:
            kept.pop()
        kept.append(line)
    return kept

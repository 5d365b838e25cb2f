"""Which lines of trainer_log.jsonl are of the training that was made last.

Source: LLaMA Factory LogCallback. Training logs by optimizer step. An evaluation or a prediction on
its own writes into the same file: every fifth batch as a step, and for its end a step 0.
"""

from __future__ import annotations

from ftlint.doctor.reading import count
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

MEASURED = {"loss", "eval_loss", "reward"}
OF_TRAINING = MEASURED | {"epoch"}


class Attempt(NamedTuple):
    """A run from its last start or resumption on: its steps, and how far it was to go."""

    lines: tuple[dict[str, Any], ...]
    """With those of earlier attempts up to the step that it began from."""
    began: int
    """Its first step that was logged."""
    last: int
    planned: int | None

    def follows(self, logged: int, planned: int | None) -> bool:
        """Return whether it wrote the state of a step, or could be resumed from that."""
        return logged < self.began or (logged <= self.last and planned == self.planned)


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


def after_the_end(
    lines: list[dict[str, Any]], done: int | None, planned: int | None
) -> list[dict[str, Any]]:
    """Return what was logged after a run that ended had summed itself up, in a line of its own."""
    for number in range(len(lines), 0, -1):
        if (_step(lines[number - 1]), _plan(lines[number - 1])) == (done, planned):
            return lines[number:]
    return lines


def last_attempt(lines: list[dict[str, Any]]) -> Attempt | None:
    """Leave out what was logged again: a run that is resumed or restarted goes on from a step."""
    kept: list[dict[str, Any]] = []
    began, last, plan = 0, 0, None
    for line in lines:
        step = _step(line)
        if step is None:
            continue
        if not kept or step < last or _plan(line) != plan:
            began, plan = step, _plan(line)
            while kept and (_step(kept[-1]) or 0) >= step:
                kept.pop()
        kept.append(line)
        last = step
    return Attempt(tuple(kept), began, last, plan) if kept else None


def starts(lines: list[dict[str, Any]]) -> int:
    """Return how often a run began, or went on, that logged in one folder."""
    found, last, plan = 0, 0, None
    for line in lines:
        step = _step(line)
        if step is None:
            continue
        if not found or step < last or _plan(line) != plan:
            found, plan = found + 1, _plan(line)
        last = step
    return found


def evaluates_several(lines: tuple[dict[str, Any], ...]) -> bool:
    """Return whether there are evaluations of several sets, which leave lines without a loss.

    The sum of a run that ended has none either: it is the last line, or at the end of a plan.
    """
    return any(MEASURED.isdisjoint(line) and _step(line) != _plan(line) for line in lines[:-1])


def _step(line: dict[str, Any]) -> int | None:
    return count(line.get("current_steps"))


def _plan(line: dict[str, Any]) -> int | None:
    return count(line.get("total_steps"))

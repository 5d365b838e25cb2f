"""What a run logged in numbers, by name and step."""

from __future__ import annotations

import re

from ftlint.doctor.reading import count, measure, number
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any


class Loss(NamedTuple):
    """A loss after so many optimizer steps; it may be NaN or infinite."""

    step: int
    value: float


def losses_of(
    entries: Iterable[dict[str, Any]], name: str, step: str = "step"
) -> Iterator[tuple[int, float]]:
    """Yield step and value of a measure, where both were logged."""
    for one in entries:
        at, value = count(one.get(step)), measure(one.get(name))
        if at is not None and value is not None:
            yield at, value


def ordered(losses: dict[int, float]) -> tuple[Loss, ...]:
    """Return losses by step in the order of steps."""
    return tuple(Loss(step, losses[step]) for step in sorted(losses))


def series_of(
    lines: Iterable[dict[str, Any]], entries: Iterable[dict[str, Any]]
) -> dict[str, tuple[Loss, ...]]:
    """Return what was logged in numbers by name; the trainer's own state is the more exact."""
    found: dict[str, dict[int, float]] = {}
    for logged, step in ((lines, "current_steps"), (entries, "step")):
        for one in logged:
            at = count(one.get(step))
            if at is None:
                continue
            for name, value in {
                **one,
                "elapsed_seconds": _seconds(one.get("elapsed_time")),
            }.items():
                seen = measure(value)
                if seen is not None and name not in _PLACES:
                    found.setdefault(_NAMES.get(name, name), {})[at] = seen
    return {name: ordered(values) for name, values in found.items()}


def _seconds(time: object) -> int | None:
    """Return how long LLaMA Factory's log says that training has gone on."""
    match = _TIME.fullmatch(time) if isinstance(time, str) else None
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((24 * days + hours) * 60 + minutes) * 60 + seconds


_TIME = pattern(r"(?:([0-9]{1,4}) days?, )?([0-9]{1,2}):([0-9]{2}):([0-9]{2})")
_PLACES = {"step", "current_steps", "total_steps", "percentage", "elapsed_time", "remaining_time"}
_NAMES = {"lr": "learning_rate", "accuracy": "rewards/accuracies"}
"""What LLaMA Factory's own log calls otherwise."""


def sums_up(entry: dict[str, Any]) -> bool:
    """Return whether a trainer added an entry at its end.

    With `include_num_input_tokens_seen` each loss is logged with the time until then.
    """
    return "train_runtime" in entry and "loss" not in entry


def summary_of(entries: list[dict[str, Any]]) -> dict[str, float]:
    """Return the numbers of the entry that a trainer adds at its end."""
    last = next(filter(sums_up, entries[::-1]), {})
    found = {name: number(value) for name, value in last.items()}
    return {name: value for name, value in found.items() if value is not None}


def step_of(path: object) -> int | None:
    """Return the step of the checkpoint that a path names."""
    match = re.search(r"checkpoint-([0-9]{1,15})/?$", path) if isinstance(path, str) else None
    return int(match[1]) if match else None

"""What was predicted of a run, for a terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftlint.facts.budget import format_duration
from ftlint.facts.memory import gigabytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.calibration.lookup import Answer


def as_json(found: Answer) -> dict[str, Any]:
    """Return an answer as plain data."""
    one = found.forecast
    return {
        "seconds": one.seconds,
        "low": one.low,
        "high": one.high,
        "level": one.level,
        "source": found.source,
        "parts": dict(one.parts),
        "seconds_per_step": one.step,
        "steps": found.steps,
        "assumptions": list(one.assumptions),
    }


def of_memory(told: dict[str, Any] | None) -> Iterator[str]:
    """Yield what is forecast of a run's memory, for a terminal."""
    for name in ("training", "evaluation"):
        phase = None if told is None else told[name]
        if phase is not None:
            low, high = map(gigabytes, phase["reserved"])
            yield (
                f"memory per GPU, {name}: {gigabytes(phase['allocated'])} allocated,"
                f" {low} to {high} reserved"
            )


def lines(found: Answer) -> Iterator[str]:
    """Yield an answer, for a terminal."""
    one = found.forecast
    yield (
        f"{found.steps:,} steps take {format_duration(one.seconds)}"
        f" ({format_duration(one.low)} to {format_duration(one.high)}, {one.level:.0%});"
        f" {found.source}"
    )
    for name, seconds in one.parts:
        if seconds >= 0.005:
            yield f"  {name:<28}{seconds:>10.2f} s"
    for note in one.assumptions:
        yield f"* {note}"

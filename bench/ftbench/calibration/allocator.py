"""What the allocator was seen to hold beside what is allocated, when a machine was calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.memory.estimate import SCRAPS, Load, estimate
from ftlint.memory.manner import Batch
from ftlint.memory.shape import Unknown

if TYPE_CHECKING:
    from ftbench.calibration.record import Calibration
    from ftlint.memory.method import Method
    from ftlint.memory.shape import Shape

EVEN = 1.5, 0.0
RAGGED = 2.0, 0.35
"""What is reserved beside is at most so many times what was seen, and so much more, as shares of
what comes and goes: a calibration has few shapes, and a run with batches of many lengths far more.
Set with the held-out runs of docs/benchmarks/raw/2026-11-28-h200-pair in view, which lie inside."""
ALIKE = 0.1
"""How far what was measured may be from the law for it to be the same run."""


def spare(one: Calibration, shape: Shape, method: Method, *, ragged: bool) -> float | None:
    """Return the most that is reserved beside, as a share of what comes and goes in a step.

    None where the calibration has no peaks, or the law does not fit what it measured.
    """
    peaks = (one.memory_phases or {}).get("training")
    if peaks is None or not one.points:
        return None
    allocated, reserved = peaks["peak_allocated"], peaks["peak_reserved"]
    largest = max(one.points, key=lambda point: (point.tokens, point.length))
    load = Load(Batch(largest.rows, largest.length))
    moments = [
        found.training.moment
        for batches in (1, 2)  # a calibration may have accumulated gradients
        if not isinstance(
            found := estimate(shape, method._replace(accumulation=batches), load), Unknown
        )
    ]
    moment = min(moments, key=lambda made: abs(made.total - allocated), default=None)
    if moment is None or abs(moment.total - allocated) > ALIKE * allocated:
        return None
    moving = moment.comes_and_goes
    beside = reserved - allocated - SCRAPS * (allocated - moving)
    times, more = RAGGED if ragged else EVEN
    return times * max(0.0, beside) / max(moving, 1) + more

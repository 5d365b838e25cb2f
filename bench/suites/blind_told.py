"""What was said of the runs of bench/suites/blind.py and what they took, for a terminal."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from journal import entries  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OUTSIDE_STEPS = ("start-up", "data", "evaluations", "checkpoints")
"""Parts of a forecast that are no steps."""


def described(entry: dict[str, Any]) -> Iterator[str]:
    """Yield what a line of the file says, for a terminal."""
    yield f"{entry['family']:16} {entry.get('run', entry['kind'])}"
    if "wall" not in entry:
        yield str(entry.get("seconds") or "")
        yield str(entry.get("refused") or entry.get("error") or entry.get("said"))
        return
    said, wall = entry["said"], entry["wall"]
    yield f"{said['seconds']:6.1f} s said, {wall:6.1f} s taken, {_miss(entry):+.1%}"
    yield "inside" if _is_inside(entry) else "OUTSIDE"
    yield f"{said['low'] / said['seconds'] - 1:+.0%} to {said['high'] / said['seconds'] - 1:+.0%}"
    parts = said["parts"]
    stepping = said["seconds"] - sum(parts[name] for name in OUTSIDE_STEPS)
    yield f"steps {stepping / entry['stepping'] - 1:+.1%}"
    if "seconds" in entry.get("by_one", ()):
        yield f"by a calibration of one GPU {entry['by_one']['seconds'] / wall - 1:+.1%}"


def _miss(run: dict[str, Any]) -> float:
    """Return what was said of a run over what it took, minus one."""
    return float(run["said"]["seconds"] / run["wall"] - 1)


def _is_inside(run: dict[str, Any]) -> bool:
    return bool(run["said"]["low"] <= run["wall"] <= run["said"]["high"])


def summarise(roots: Iterable[Path]) -> Iterator[str]:
    """Yield each run of some folders, and what they come to."""
    found = [one for root in roots for one in entries(root / "blind.jsonl")]
    for entry in found:
        yield "  ".join(described(entry))
    runs = [one for one in found if "wall" in one]
    if not runs:
        return
    misses = [abs(_miss(one)) for one in runs]
    widths = [(one["said"]["high"] - one["said"]["low"]) / 2 / one["said"]["seconds"]
              for one in runs]  # fmt: skip
    inside = sum(map(_is_inside, runs))
    calibrations = [one["seconds"] for one in found if one["kind"] == "calibration"]
    yield (
        f"{len(runs)} runs of {len({one['family'] for one in runs})} families, the shortest"
        f" {min(one['wall'] for one in runs):.0f} s: median {median(misses):.1%}, worst"
        f" {max(misses):.1%}, {inside} inside ({inside / len(runs):.0%}); intervals of"
        f" ± {median(widths):.1%}, the widest {max(widths):.1%}; calibrations of"
        f" {median(calibrations):.0f} s, the longest {max(calibrations):.0f} s"
    )

"""The caching allocator's peaks of this process: step by step, while training, while evaluating."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftbench.results.record import Held

TRAINING, EVALUATION = "training", "evaluation"
PEAKS = ("peak_allocated", "peak_reserved")
BETWEEN = "between_steps"


class Memory:
    """Peaks since `reset`, over all and by phase; everything is None without a GPU."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = dict.fromkeys(
            (*PEAKS, BETWEEN, "allocator_retries", "out_of_memory", "phases")
        )
        self.phase = TRAINING
        self.highest = 0

    def reset(self) -> None:
        """Start a new peak, once what loading left over has been given back."""
        cuda = _cuda()
        if cuda is not None:
            cuda.empty_cache()
            cuda.reset_peak_memory_stats()

    def step_end(self) -> Held:
        """Return what a step held, which has just ended, and start a new peak.

        What is allocated now is what stays between steps, whatever batches come.
        """
        stats = self.read()
        if stats is None:
            return _resident()
        allocated = int(stats["allocated_bytes"]["all"]["current"])
        self.found[BETWEEN] = max(self.found[BETWEEN] or 0, allocated)
        held: Held = {
            "allocated": self.highest,
            "reserved": int(stats["reserved_bytes"]["all"]["current"]),
        }
        self.highest = 0
        return held

    def turn(self, phase: str) -> None:
        """Go over to another phase: what was the peak till now belongs to the one before."""
        if self.phase != phase:
            self.read()
        self.phase = phase

    def read(self) -> Any:
        """Note the peaks so far and start new ones; return the allocator's own figures."""
        cuda = _cuda()
        if cuda is None:
            return None
        stats = cuda.memory.memory_stats_as_nested_dict()
        cuda.reset_peak_memory_stats()
        now = {
            "peak_allocated": int(stats["allocated_bytes"]["all"]["peak"]),
            "peak_reserved": int(stats["reserved_bytes"]["all"]["peak"]),
        }
        if self.phase == TRAINING:
            self.highest = max(self.highest, now["peak_allocated"])
        phases = self.found["phases"] or {}
        before = phases.get(self.phase, now)
        phases[self.phase] = {name: max(now[name], before[name]) for name in PEAKS}
        self.found = {
            **{name: max(one[name] for one in phases.values()) for name in PEAKS},
            BETWEEN: self.found[BETWEEN],
            "allocator_retries": int(stats.get("num_alloc_retries", 0)),
            "out_of_memory": int(stats.get("num_ooms", 0)),
            "phases": phases,
        }
        return stats


def _resident() -> Held:
    """Return what this process holds of the host's memory, where psutil is there to tell."""
    try:
        psutil: Any = importlib.import_module("psutil")
        return {"resident": int(psutil.Process().memory_info().rss)}
    except Exception:  # whatever keeps a process from looking at itself ends no training
        return {}


def _cuda() -> Any:
    cuda: Any = importlib.import_module("torch").cuda
    return cuda if cuda.is_available() and cuda.is_initialized() else None

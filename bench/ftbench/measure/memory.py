"""The caching allocator's peaks of this process, while training and while evaluating."""

from __future__ import annotations

import importlib
from typing import Any

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

    def reset(self) -> None:
        """Start a new peak, once what loading left over has been given back."""
        cuda = _cuda()
        if cuda is not None:
            cuda.empty_cache()
            cuda.reset_peak_memory_stats()

    def step_end(self) -> None:
        """Note what is allocated between two steps: what stays, whatever batches come."""
        cuda = _cuda()
        if cuda is not None:
            self.found[BETWEEN] = max(self.found[BETWEEN] or 0, int(cuda.memory_allocated()))

    def turn(self, phase: str) -> None:
        """Go over to another phase: what was the peak till now belongs to the one before."""
        cuda = _cuda()
        if cuda is not None and self.phase != phase:
            self.read()
            cuda.reset_peak_memory_stats()
        self.phase = phase

    def read(self) -> None:
        """Note the peaks so far."""
        cuda = _cuda()
        if cuda is None:
            return
        stats = cuda.memory_stats()
        now = {
            "peak_allocated": int(cuda.max_memory_allocated()),
            "peak_reserved": int(cuda.max_memory_reserved()),
        }
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


def _cuda() -> Any:
    cuda: Any = importlib.import_module("torch").cuda
    return cuda if cuda.is_available() and cuda.is_initialized() else None

"""Host and device clocks: marks that are set while training and read once at the end."""

from __future__ import annotations

import importlib
import time
from typing import Any, NamedTuple


class Mark(NamedTuple):
    """A moment: the host's clock in seconds, and an event in the device's stream on CUDA."""

    host: float
    event: Any


class Clock:
    """Sets marks without waiting for the device."""

    def __init__(self) -> None:
        torch: Any = importlib.import_module("torch")
        self.torch = torch
        self.cuda = bool(torch.cuda.is_available() and torch.cuda.is_initialized())

    def mark(self) -> Mark:
        """Return a mark for now."""
        event = None
        if self.cuda:
            event = self.torch.cuda.Event(enable_timing=True)
            event.record()
        return Mark(time.perf_counter(), event)

    def settle(self) -> None:
        """Wait for the device, before spans between events are read."""
        if self.cuda:
            self.torch.cuda.synchronize()


def host_seconds(begin: Mark, end: Mark) -> float:
    """Return the span on the host's clock."""
    return end.host - begin.host


def device_seconds(begin: Mark, end: Mark) -> float | None:
    """Return the span in the device's stream; None without one. Needs `Clock.settle` before."""
    if begin.event is None or end.event is None:
        return None
    return float(begin.event.elapsed_time(end.event)) / 1000.0


def best_seconds(begin: Mark, end: Mark) -> float:
    """Return the device's span where there is one: the host only queues work there."""
    found = device_seconds(begin, end)
    return host_seconds(begin, end) if found is None else found

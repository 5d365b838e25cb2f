"""Clocks, power and temperature of the GPU while training, sampled through NVML."""

from __future__ import annotations

import importlib
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ftbench.visible_devices import visible_devices

if TYPE_CHECKING:
    from ftbench.results.record import Device

HERTZ = 3.0


def nvml() -> Any:
    """Return pynvml, initialised; None where there is none or no driver."""
    try:
        found: Any = importlib.import_module("pynvml")
        found.nvmlInit()
    except Exception:
        return None
    return found


def handle(library: Any, index: int) -> Any:
    """Return the NVML handle of the GPU that CUDA calls `index`; None when it cannot be told."""
    names = visible_devices()
    try:
        if names is not None:
            name = names[index]
            if not name.isdecimal():
                return library.nvmlDeviceGetHandleByUUID(name.encode())
            index = int(name)
        return library.nvmlDeviceGetHandleByIndex(index)
    except Exception:
        return None


class Sampler:
    """Samples in a thread of its own until it is stopped."""

    def __init__(self, index: int | None = None) -> None:
        rank = int(os.environ.get("LOCAL_RANK", "0")) if index is None else index
        self.library = nvml()
        self.handle = None if self.library is None else handle(self.library, rank)
        self.samples: list[list[float]] = []
        self.others: int | None = None
        self.over = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start sampling, if there is something to sample."""
        if self.handle is not None:
            self.thread = threading.Thread(target=self._run, daemon=True)
            self.thread.start()

    def stop(self) -> None:
        """Stop sampling."""
        self.over.set()
        if self.thread is not None:
            self.thread.join(timeout=2.0)

    def _run(self) -> None:
        begun = time.perf_counter()
        while not self.over.wait(1.0 / HERTZ):
            with suppress(Exception):  # a query that this GPU does not answer
                self.samples.append([time.perf_counter() - begun, *self._sample()])
            with suppress(Exception):
                self.others = max(self.others or 0, self._others())

    def _sample(self) -> list[float]:
        library: Any = self.library
        reasons = getattr(
            library,
            "nvmlDeviceGetCurrentClocksEventReasons",
            getattr(library, "nvmlDeviceGetCurrentClocksThrottleReasons", lambda _: 0),
        )
        return [
            float(library.nvmlDeviceGetClockInfo(self.handle, library.NVML_CLOCK_SM)),
            library.nvmlDeviceGetPowerUsage(self.handle) / 1000.0,
            float(library.nvmlDeviceGetTemperature(self.handle, library.NVML_TEMPERATURE_GPU)),
            float(reasons(self.handle)),
        ]

    def _others(self) -> int:
        """Count processes on this GPU beside the run's own.

        Inside a container NVML names processes by ids of the host: then the one that is our own
        cannot be told from others, and one is taken off.
        """
        library: Any = self.library
        found = {one.pid for one in library.nvmlDeviceGetComputeRunningProcesses(self.handle)}
        return len(found - {os.getpid()}) if os.getpid() in found else max(0, len(found) - 1)

    def record(self) -> Device | None:
        """Return what was sampled; None when nothing could be."""
        if not self.samples:
            return None
        return {"samples": self.samples, "other_processes": self.others}

"""The caching allocator's peaks while training, of this process."""

from __future__ import annotations

import importlib
from typing import Any


class Memory:
    """Peaks since `reset`; everything is None without a GPU."""

    def __init__(self) -> None:
        self.found: dict[str, int | None] = dict.fromkeys(
            ("peak_allocated", "peak_reserved", "allocator_retries", "out_of_memory")
        )

    def reset(self) -> None:
        """Start a new peak, once what loading left over has been given back."""
        cuda = _cuda()
        if cuda is not None:
            cuda.empty_cache()
            cuda.reset_peak_memory_stats()

    def read(self) -> None:
        """Note the peaks so far."""
        cuda = _cuda()
        if cuda is None:
            return
        stats = cuda.memory_stats()
        self.found = {
            "peak_allocated": int(cuda.max_memory_allocated()),
            "peak_reserved": int(cuda.max_memory_reserved()),
            "allocator_retries": int(stats.get("num_alloc_retries", 0)),
            "out_of_memory": int(stats.get("num_ooms", 0)),
        }


def _cuda() -> Any:
    cuda: Any = importlib.import_module("torch").cuda
    return cuda if cuda.is_available() and cuda.is_initialized() else None

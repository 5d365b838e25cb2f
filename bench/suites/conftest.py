"""GPU facts in pytest-benchmark's machine info: times of two cards are not of one machine."""

from __future__ import annotations

from typing import Any

from ftbench.local_gpu import local_gpu


def pytest_benchmark_update_machine_info(config: Any, machine_info: dict[str, Any]) -> None:
    """Add the first GPU of this machine, None where there is none."""
    machine_info["gpu"] = local_gpu()

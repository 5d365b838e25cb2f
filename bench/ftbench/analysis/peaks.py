"""What a card can do at most, by multiplying matrices on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

SECONDS = 3.0
SIDES = (4096, 8192, 12288)
CPU_SIDES = (512, 1024)


def probe(
    dtype: str = "bfloat16", *, python: str = sys.executable, timeout: float = 120.0
) -> dict[str, Any] | None:
    """Return what `measure` returns, from a process of its own; None where it cannot run."""
    command = [python, "-m", "ftbench.analysis.peaks", dtype]
    own = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH"))))
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=True,
            env={**os.environ, "PYTHONPATH": path},
        ).stdout  # fmt: skip
        return dict(json.loads(answer.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def measure(dtype: str = "bfloat16", seconds: float = SECONDS) -> dict[str, Any]:
    """Multiply square matrices of random numbers and return the best size's median rate.

    Random, because zeros run a tenth faster. Needs torch; runs on the first GPU, else on the CPU.
    """
    import torch

    cuda = torch.cuda.is_available()
    device = "cuda" if cuda else "cpu"
    kind = getattr(torch, dtype)
    best: dict[str, Any] = {"tflops": 0.0}
    sides = SIDES if cuda else CPU_SIDES
    for side in sides:
        left = torch.randn(side, side, device=device, dtype=kind)
        right = torch.randn(side, side, device=device, dtype=kind)
        rates = _rates(torch, left, right, seconds / len(sides), cuda=cuda)
        rate = 2 * side**3 / median(rates) / 1e12
        if rate > best["tflops"]:
            best = {"tflops": rate, "side": side, "repeats": len(rates)}
    name = torch.cuda.get_device_name(0) if cuda else "cpu"
    return {**best, "dtype": dtype, "device": name}


def _rates(torch: Any, left: Any, right: Any, seconds: float, *, cuda: bool) -> list[float]:
    """Return the seconds of single products, taken on the device's own clock."""
    from time import perf_counter

    for _ in range(3):
        left @ right
    found: list[float] = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(found) < 5:
        if not cuda:
            started = perf_counter()
            left @ right
            found.append(perf_counter() - started)
            continue
        marks = [torch.cuda.Event(enable_timing=True) for _ in range(9)]
        marks[0].record()
        for mark in marks[1:]:
            left @ right
            mark.record()
        torch.cuda.synchronize()
        found += [a.elapsed_time(b) / 1000 for a, b in pairwise(marks)]
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1] if len(sys.argv) > 1 else "bfloat16")))

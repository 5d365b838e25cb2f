"""Peaks: a real product of matrices."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.oracle import environments

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.oracle
def test_probe_measures_this_machine() -> None:
    """A CPU core does between a tenth of a GFLOP/s and some TFLOP/s."""
    answer = subprocess.run(
        [str(environments.ensure("0.9.5")), "-m", "ftbench.analysis.peaks", "float32"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(BENCH)},
    ).stdout  # fmt: skip
    found = json.loads(answer)
    assert 0.0001 < found["tflops"] < 20
    assert found["repeats"] >= 5

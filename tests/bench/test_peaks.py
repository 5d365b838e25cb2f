"""Peaks: cards told apart by their exact name, and a real product of matrices."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.oracle import environments

from ftbench.analysis import data_sheets

BENCH = Path(__file__).parents[2] / "bench"


def test_cards_of_one_family_differ() -> None:
    assert data_sheets.rate("NVIDIA H100 80GB HBM3") == 989
    assert data_sheets.rate("NVIDIA H100 PCIe") == 756
    assert data_sheets.rate("NVIDIA H100") is None
    assert data_sheets.bandwidth("NVIDIA H200") == 4.8e12
    assert data_sheets.bandwidth("NVIDIA H100") is None


def test_cards_without_bfloat16() -> None:
    assert data_sheets.rate("Tesla T4") is None
    assert data_sheets.rate("Tesla T4", "float16") == 65
    assert data_sheets.rate("NVIDIA L4", "float32") is None


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

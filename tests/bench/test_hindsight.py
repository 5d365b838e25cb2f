"""The law against runs on GPUs that are kept: what it says of steps that it was not fitted to."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from suites.hindsight import Miss, misses

RAW = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "raw"


@pytest.fixture(scope="module", params=["2026-11-25-h100-pair", "2026-11-25-h100-pair-2"])
def held_out(request: pytest.FixtureRequest) -> list[Miss]:
    return list(misses(RAW / request.param))


def test_micro_batches_of_held_out_runs(held_out: list[Miss]) -> None:
    assert len(held_out) == 12
    found = [abs(miss.micro_batches) for miss in held_out]
    assert median(found) < 0.015
    assert max(found) < 0.055

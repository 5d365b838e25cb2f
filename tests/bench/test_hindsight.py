"""The law against runs on GPUs that are kept: what it says of steps that it was not fitted to."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from suites.hindsight import Beyond, Miss, beyond, misses

RAW = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "raw"


@pytest.fixture(scope="module", params=["2026-11-25-h100-pair", "2026-11-25-h100-pair-2"])
def held_out(request: pytest.FixtureRequest) -> list[Miss]:
    return list(misses(RAW / request.param))


def test_micro_batches_of_held_out_runs(held_out: list[Miss]) -> None:
    assert len(held_out) == 12
    found = [abs(miss.micro_batches) for miss in held_out]
    assert median(found) < 0.01
    assert max(found) < 0.02


@pytest.fixture(scope="module")
def longer() -> list[Beyond]:
    return [one for folder in sorted(RAW.glob("2026-11-2[58]-*")) for one in beyond(folder)]


def test_longer_rows_than_were_fitted(longer: list[Beyond]) -> None:
    assert len(longer) > 40
    free, tied = (median(abs(miss) for miss in pair) for pair in zip(*(one[3:] for one in longer)))
    assert tied < 0.025
    assert tied < free / 2

"""Intervals cover what they say they cover: tried on known distributions, none of them normal."""

from __future__ import annotations

import random
from statistics import fmean, median

import pytest

from ftbench.analysis import interval


def lognormal(draw: random.Random, count: int) -> list[float]:
    return [draw.lognormvariate(0, 0.5) for _ in range(count)]


@pytest.mark.parametrize("count", [6, 10, 25, 60])
def test_median_is_covered_as_often_as_stated(count: int) -> None:
    draw = random.Random(count)
    trials = [interval.of_median(lognormal(draw, count)) for _ in range(3000)]
    inside = fmean(one.low <= 1.0 <= one.high for one in trials)
    assert trials[0].level >= 0.95
    assert inside == pytest.approx(trials[0].level, abs=0.012)


def test_few_values_say_what_they_cover() -> None:
    found = interval.of_median([3.0, 1.0, 2.0, 5.0])
    assert found == (2.5, 1.0, 5.0, 1 - 2 / 2**4)
    assert interval.of_median([2.0]).level == 0
    assert interval.by_blocks([2.0], max) == (2.0, 2.0, 2.0, 0.0)
    with pytest.raises(ValueError, match="no values"):
        interval.of_median([])


def test_ranks_are_the_textbook_ones() -> None:
    """n = 20: from the 6th to the 15th of 20, 95.9 %."""
    found = interval.of_median([float(value) for value in range(1, 21)])
    assert (found.low, found.high) == (6, 15)
    assert found.level == pytest.approx(0.959, abs=0.0005)


def test_block_bootstrap_covers_neighbours_that_are_alike() -> None:
    """Drift: each value is half of the one before plus noise; single draws would lie."""
    draw, inside, single, trials = random.Random(5), 0, 0, 200
    for _ in range(trials):
        values, last = [], 0.0
        for _ in range(150):
            last = 0.5 * last + draw.gauss(0, 1)
            values.append(10 + last)
        blocks = interval.by_blocks(values, fmean, block=12, resamples=200)
        alone = interval.by_blocks(values, fmean, block=1, resamples=200)
        inside += blocks.low <= 10 <= blocks.high
        single += alone.low <= 10 <= alone.high
    assert inside / trials > 0.88
    assert single / trials < 0.80


def test_bootstrap_of_a_median_agrees_with_order_statistics() -> None:
    values = lognormal(random.Random(3), 80)
    exact, drawn = interval.of_median(values), interval.by_blocks(values, median)
    assert drawn.low == pytest.approx(exact.low, rel=0.1)
    assert drawn.high == pytest.approx(exact.high, rel=0.1)


def test_spread() -> None:
    assert interval.spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(2 / 3)

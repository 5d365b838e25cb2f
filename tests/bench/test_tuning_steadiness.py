"""Whether two timings agree: not where a machine was busy, and mostly where it was not."""

from __future__ import annotations

import random

import pytest

from ftbench.tuning.steadiness import Difference, difference


def times(draw: random.Random, scatter: float, process: float = 0.02) -> list[float]:
    """Return the steps of a process whose rows differ, but not between processes."""
    rows = [1.0, 1.4, 0.8, 2.0, 1.1, 0.9, 1.3, 1.6]
    factor = draw.lognormvariate(0, process)
    return [one * factor * draw.lognormvariate(0, scatter) for one in rows]


def drawn(scatter: float, slower: float = 1.0) -> list[Difference]:
    found = []
    for seed in range(300):
        draw = random.Random(seed)
        one, other = times(draw, scatter), times(draw, scatter)
        found.append(difference(one, [each * slower for each in other]))
    return found


@pytest.mark.parametrize("scatter", [0.0, 0.01, 0.05, 0.2])
def test_what_differs_by_chance_is_seldom_called_busy(scatter: float) -> None:
    assert sum(one.is_chance for one in drawn(scatter)) >= 0.9 * 300


@pytest.mark.parametrize(("scatter", "slower"), [(0.01, 1.15), (0.05, 1.3), (0.2, 2.5)])
@pytest.mark.parametrize("faster", [True, False])
def test_a_busy_machine_is_seen_above_the_scatter(
    scatter: float, slower: float, faster: bool
) -> None:
    found = drawn(scatter, 1 / slower if faster else slower)
    assert sum(not one.is_chance for one in found) >= 0.95 * 300


def test_a_stall_of_one_step_is_no_scatter() -> None:
    steady = [0.30, 0.31, 0.30, 0.29]
    found = difference([0.30, 1.70, 0.30, 0.30], steady)
    assert not found.is_chance
    assert found.noise < 0.1
    assert found.apart == pytest.approx(1.2 / 2.6 - 1)

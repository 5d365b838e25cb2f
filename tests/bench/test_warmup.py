"""Where warm-up ends, on times made with a known end."""

from __future__ import annotations

import random

import pytest

from ftbench.analysis import warmup


def noise(draw: random.Random, value: float, deviation: float = 0.01) -> float:
    return value * draw.lognormvariate(0, deviation)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("cold", [[6.0], [6.0, 1.4, 1.2], [9.0, 3.0, 2.0, 1.6, 1.3]])
def test_cold_steps_are_found(cold: list[float], seed: int) -> None:
    draw = random.Random(seed)
    found = warmup.find([*cold, *(noise(draw, 1.0) for _ in range(30))])
    assert len(cold) <= found.steps <= len(cold) + 4
    assert found.settled


def test_slow_decay_of_a_small_model_is_cut_late() -> None:
    draw = random.Random(2)
    times = [noise(draw, 0.3 + 0.22 * 0.9**number, 0.03) for number in range(125)]
    found = warmup.find([1.5, *times])
    assert 15 <= found.steps <= 55
    assert found.settled


def test_a_run_that_ends_cold_is_not_settled() -> None:
    assert not warmup.find([1 + 3 * 0.8**number for number in range(10)]).settled
    assert not warmup.find([2.0, 1.0]).settled


def test_long_batches_are_no_warmup() -> None:
    """The first third of the batches is three times as long: only the first step is cold."""
    draw = random.Random(4)
    work = [3000.0 + draw.random() * 500] * 15 + [1000.0 + 400 * draw.random() for _ in range(30)]
    times = [noise(draw, 0.1 + size / 2000) for size in work]
    times[0] += 4
    assert warmup.find(times).steps > 3
    assert warmup.find(times, work).steps <= 3


def test_a_late_hiccup_does_not_drag_the_cut() -> None:
    draw = random.Random(9)
    times = [5.0, *(noise(draw, 1.0) for _ in range(40))]
    times[18] = 30.0
    assert warmup.find(times).steps <= 5

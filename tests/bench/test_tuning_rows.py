"""The rows of a trial: no batch of the run is larger than its first, and the rest is an epoch's."""

from __future__ import annotations

import random
from statistics import mean
from typing import Any

import pytest

from ftbench.runners.chosen_rows import BEFORE, order, steps_of

LENGTHS = [min(2048, int(random.Random(3).lognormvariate(5, 1))) for _ in range(1)] + [
    min(2048, max(8, int(one)))
    for one in (random.Random(at).lognormvariate(5.5, 0.9) for at in range(1500))
]


def sample(**changed: Any) -> Any:
    return {
        "per_step": 8, "timed": 4, "block": 4, "again": False, "grouped": False, **changed,
    }  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2, 4, 8])
def test_the_first_batch_is_as_large_as_any_can_be_in_any_order(batch: int) -> None:
    places = order(LENGTHS, sample())
    first = max(LENGTHS[at] for at in places[:batch])
    for seed in range(5):
        shuffled = list(range(len(LENGTHS)))
        random.Random(seed).shuffle(shuffled)
        epoch = [shuffled[at : at + batch] for at in range(0, len(shuffled), batch)]
        assert first >= max(LENGTHS[at] for group in epoch for at in group)
    lengths = sorted((LENGTHS[at] for at in places[:8]), reverse=True)
    assert lengths == sorted(LENGTHS, reverse=True)[:8]


def test_the_timed_steps_have_the_lengths_of_an_epoch() -> None:
    made = sample(timed=16)
    timed = order(LENGTHS, made)[BEFORE * 8 :]
    assert len(timed) == 16 * 8
    assert mean(LENGTHS[at] for at in timed) == pytest.approx(mean(LENGTHS), rel=0.03)
    assert mean(LENGTHS[at] for at in timed[:32]) == pytest.approx(mean(LENGTHS), rel=0.06)


def test_longer_trials_begin_as_shorter_ones_do() -> None:
    short, long = order(LENGTHS, sample()), order(LENGTHS, sample(timed=12, again=True))
    assert long[: len(short)] == short
    assert long[-8:] == long[:8]
    assert len(long) == steps_of(sample(timed=12, again=True)) * 8 == (BEFORE + 12 + 1) * 8


def test_few_rows_come_again() -> None:
    found = order([3, 9, 5], sample())
    assert len(found) == steps_of(sample()) * 8
    assert found[:4] == [1, 2, 0, 1]


def test_rows_that_are_grouped_lie_beside_their_like() -> None:
    found = [LENGTHS[at] for at in order(LENGTHS, sample(grouped=True))[BEFORE * 8 :]]
    assert found == sorted(found, reverse=True)

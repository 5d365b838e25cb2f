"""How far beyond a config's own batch and length a calibration measures."""

from __future__ import annotations

from typing import Any

import pytest

from ftbench.calibration.design import TIMED, WARM, Design, design
from ftbench.calibration.reach import (
    FEWER,
    FEWEST,
    FEWEST_ONCE,
    LEAST,
    WHOLE,
    Question,
    budget,
    choose,
)

PACKED = Question(4, 2048, None)
PAIRS = Question(4, 1024, 100, each=2)


def priced(price: float, *, room: int = 10**9, question: Question = PACKED, of: int = 2):  # type: ignore[no-untyped-def]
    return choose(
        question,
        lambda shape: price * shape[0] * shape[1],
        lambda one: one[0] * one[1] <= room,
        of,
        40.0,
    )


def cost(made: Design, price: float) -> float:
    """Return the seconds of two micro-batches a step."""
    repeated = (WARM + made.timed) * sum(a * b for a, b in (*made.fitted, made.held_out))
    return 2 * price * (repeated + sum(a * b for a, b in made.once))


def test_twice_the_batch_and_the_length_are_measured() -> None:
    made = priced(1e-5)
    assert made.timed == TIMED
    assert {(4, 4096), (8, 1024), (4, 2048), (2, 2048), (4, 1024)} <= set(made.fitted)


def test_time_and_memory_limit_the_reach() -> None:
    dear = priced(2e-4)
    assert dear.timed == FEWER
    assert cost(dear, 2e-4) <= 40.0
    assert max(a * b for a, b in priced(1e-5, room=8192).fitted) == 8192
    assert priced(1e-5, room=8191).fitted == design(4, 2048).fitted
    scarce = priced(1.0)
    assert scarce.fitted == design(4, 2048, sparse=True).fitted
    assert {*design(4, 2048).fitted} - {*scarce.fitted} == {(4, 1024)}
    assert {(4, 2048), (2, 2048), (2, 1024)} <= {*scarce.fitted}


def test_shapes_that_come_once_take_their_time_too() -> None:
    ragged = Question(8, 1024, 100, longer=False)
    for price in (1e-5, 1e-4, 2e-4, 3e-4, 4e-4):
        made = priced(price, question=ragged)
        assert cost(made, price) <= 40.0 or (made.timed, len(made.once)) == (FEWEST, FEWEST_ONCE)


def test_rows_that_are_not_cut_off_come_no_longer() -> None:
    shapes = priced(1e-5, question=Question(4, 1024, 100, longer=False)).fitted
    assert max(length for _, length in shapes) == 1024
    assert (8, 1024) in shapes


@pytest.mark.parametrize("batch", [2, 4, 6, 10])
@pytest.mark.parametrize("price", [1e-5, 1e-3, 1.0])
def test_pairs_stay_together(batch: int, price: float) -> None:
    made = priced(price, question=PAIRS._replace(batch=batch))
    assert all(rows % 2 == 0 for rows, _ in (*made.fitted, made.held_out))
    assert made.held_out not in made.fitted


def test_a_slow_host_leaves_less_time() -> None:
    """The second process starts as slowly as the first, and some shapes are always measured."""
    real: Any = {"phases": {"wall": 50.0, "first_step": 2.0, "after_first": 18.0, "data": 5.0}}
    assert budget(60.0, real) == WHOLE - 60 - 25
    assert budget(60.0, real, prepared=False) == WHOLE - 60 - 30
    assert budget(200.0, real) == LEAST

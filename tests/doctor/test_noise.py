"""Over-fitting is said of a rise, not of noise; `tests.doctor.noise` has the whole table."""

from __future__ import annotations

import random

import pytest

from ftlint.doctor.evidence import LEAST, MOST, evidence

from .noise import Noise, evaluations, share

SEED = "23"


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("scale", [0.002, 0.005, 0.02])
def test_noise_is_no_over_fitting(scale: float, correlation: float) -> None:
    """At most 3 % of runs that levelled off, of which so few leave room for one more."""
    assert share(SEED, 75, (6, 40), 0.0, (Noise(scale, correlation),)) <= 0.04


def test_a_rise_is_found_where_the_noise_lets_it_be_seen() -> None:
    small = (Noise(0.002), Noise(0.005), Noise(0.005, 0.5))
    assert share(SEED, 80, (8, 60), 0.05, small) >= 0.95
    assert share(SEED, 40, (30, 60), 0.05, (Noise(0.01), Noise(0.01, 0.6))) >= 0.9
    assert share(SEED, 40, (24, 60), 0.02, (Noise(0.002), Noise(0.005))) >= 0.7
    assert share(SEED, 40, (10, 60), 0.12, (Noise(0.018),)) >= 0.85


def test_how_large_the_noise_is() -> None:
    """It is told to within a factor of 2, from thirty evaluations with or without a rise."""
    draw = random.Random(SEED)
    for scale in (0.005, 0.01, 0.02):
        for rise in (0.0, 0.05):
            found = [evidence(evaluations(draw, 30, rise, Noise(scale))) for _ in range(6)]
            told = sorted(one.noise for one in found if one is not None)
            assert scale / 2 <= told[len(told) // 2] <= scale * 2


def test_what_cannot_be_judged() -> None:
    assert evidence([2.0, 2.1][: LEAST - 1]) is None
    assert evidence([]) is None
    assert evidence([0.0, 1.0, 2.0, 3.0]) is None
    assert evidence([5.0, 4.0, 3.0, 1.0, 1.02]) is None  # only two are near the lowest
    many = evidence([1.0 + at / 1000 for at in range(5 * MOST + 7)])
    assert many is not None
    assert many.risen()


def test_a_course_without_noise_is_judged_by_its_end() -> None:
    falling = evidence([1 + 1 / (1 + at) for at in range(20)])
    assert falling is not None
    assert not falling.risen()
    rising = evidence([1.0, 1.01, 1.02, 1.03, 1.04, 1.05])
    assert rising is not None
    assert rising.risen()

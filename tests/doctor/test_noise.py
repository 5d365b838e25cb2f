"""Over-fitting is said of a rise, not of noise; `tests.doctor.power` has the whole table."""

from __future__ import annotations

import random

import pytest

from ftlint.doctor.evidence import LEAST, MOST, evidence
from tests.searches import tries

from .noise import Noise, evaluations, said

SEED = "23"


@pytest.mark.search
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("scale", [0.002, 0.005, 0.02])
def test_noise_is_no_over_fitting(scale: float, correlation: float) -> None:
    """At most 3 % of runs that levelled off, of which so few leave room for one more."""
    assert said(SEED, tries(15), (6, 40), 0.0, (Noise(scale, correlation),)).found <= 0.04


def test_noise_that_is_larger_than_usual() -> None:
    """Evaluations on few rows scatter by 5 % and more: of those, too, few are called risen."""
    assert said(SEED, 80, (6, 40), 0.0, (Noise(0.05), Noise(0.05, 0.5), Noise(0.08))).found <= 0.075


LITTLE = tuple(Noise(scale, correlation) for scale in (0.002, 0.005) for correlation in (0.0, 0.6))
MORE = (Noise(0.01), Noise(0.01, 0.5), Noise(0.01, 0.7))


@pytest.mark.search
def test_a_rise_is_found_where_the_noise_lets_it_be_seen() -> None:
    """In docs/cli.md are the shares; of so few runs they differ from those by some per cent."""
    assert said(SEED, tries(20), (6, 60), 0.05, LITTLE).found >= 0.95
    assert said(SEED, tries(20), (6, 60), 0.05, MORE).found >= 0.8
    assert said(SEED, tries(20), (6, 60), 0.02, LITTLE).found >= 0.75
    assert said(SEED, tries(20), (10, 60), 0.12, (Noise(0.018),)).found >= 0.9


@pytest.mark.search
def test_a_rise_that_is_not_found_is_said_to_be_untold() -> None:
    """Of runs without one, few are."""
    risen, flat = (said(SEED, tries(20), (6, 60), rise, MORE) for rise in (0.05, 0.0))
    assert risen.found + risen.untold >= 0.95
    assert flat.untold <= 0.1


def test_a_rise_that_levels_off_again_is_found() -> None:
    """So do evaluations where the rate has fallen, or where all that could be learned is known."""
    for until in (0.4, 0.6):
        assert said(SEED, 40, (12, 40), 0.1, LITTLE, until).found >= 0.9


def test_what_is_said_of_a_run_that_goes_on_is_not_refuted() -> None:
    """A later evaluation is lower by more than 1 % after at most 2 % of what was said.

    Of runs that were logged `tests.doctor.prefixes` tells the same.
    """
    draw, told, refuted = random.Random(SEED), 0, 0
    for number in range(40):
        noise = Noise(draw.choice((0.002, 0.005, 0.01)), draw.choice((0.0, 0.6)))
        values = evaluations(draw, 30, 0.15 if number % 2 else 0.0, noise)
        for until in (10, 15, 20, 25):
            found = evidence(values[:until])
            if found is not None and found.risen(going_on=True):
                told += 1
                refuted += min(values[until:]) < min(values[:until]) * 0.99
    assert told >= 15
    assert refuted <= told / 50


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

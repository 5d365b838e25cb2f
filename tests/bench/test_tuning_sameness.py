"""Losses and gradient norms of the same steps: what is rounding and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from ftbench.tuning.sameness import HALF, WHOLE, compare


def traces(*pairs: tuple[float, float | None]) -> list[Any]:
    return [{"loss": loss, "gradient_norm": norm} for loss, norm in pairs]


WRITTEN = traces((1.5, 0.8), (1.4, 0.7), (1.6, 0.9))


def test_the_same_numbers_are_the_same() -> None:
    found = compare(WRITTEN, WRITTEN, stage="sft", half=False)
    assert (found.same, found.loss, found.gradient, found.steps) == (True, 0.0, 0.0, 3)
    assert found.allowed == WHOLE


@pytest.mark.parametrize(
    ("changed", "half", "same"),
    [
        (((1.503, 0.81), (1.402, 0.69), (1.598, 0.91)), True, True),
        (((1.503, 0.81), (1.402, 0.69), (1.598, 0.91)), False, False),
        (((1.53, 0.8), (1.4, 0.7), (1.6, 0.9)), True, False),  # one step's loss alone
        (((1.5, 0.4), (1.4, 0.35), (1.6, 0.45)), True, False),  # half the gradient, the same loss
        (((1.5, 0.8), (1.4, 0.7), (1.6, 2.0)), True, True),  # one norm by chance
    ],
)
def test_a_difference_beyond_rounding_is_seen(
    changed: tuple[tuple[float, float], ...], half: bool, same: bool
) -> None:
    assert compare(WRITTEN, traces(*changed), stage="sft", half=half).same is same


def test_pairs_may_differ_more_and_losses_near_zero_are_no_measure() -> None:
    before, after = traces((0.693, None), (0.02, None)), traces((0.700, None), (0.0205, None))
    assert compare(before, after, stage="dpo", half=True).same
    assert not compare(before, after, stage="sft", half=True).same
    assert HALF["sft"][0] < compare(before, after, stage="dpo", half=True).allowed[0]


def test_without_losses_nothing_is_said() -> None:
    assert compare([], WRITTEN, stage="sft", half=True).same is None
    assert compare(WRITTEN, [{}, {}], stage="sft", half=True).same is None


def test_only_steps_that_both_have_count() -> None:
    longer = [*WRITTEN, *traces((9.0, 9.0))]
    found = compare(WRITTEN, longer, stage="sft", half=False)
    assert found.same
    assert found.steps == 3

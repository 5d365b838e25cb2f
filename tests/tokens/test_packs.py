"""Packing, splits and the order of rows: the arithmetic alone."""

from __future__ import annotations

import bisect

from hypothesis import given
from hypothesis import strategies as st

from ftlint.steps.packs import knapsacks
from ftlint.tokens.cutting import Cut, cut, infer_seqlen
from ftlint.tokens.order import order_of, shuffled

LENGTHS = st.lists(st.integers(1, 70), max_size=60)


def as_the_release_does(numbers: list[int], capacity: int) -> list[list[int]]:
    """One number after the other out of a sorted list, as its source describes it."""
    left = sorted(number for number in numbers if number <= capacity)
    made = []
    while left:
        pack, room = [], capacity
        while (place := bisect.bisect(left, room)) > 0:
            pack.append(left.pop(place - 1))
            room -= pack[-1]
        made.append(pack)
    return made


@given(LENGTHS, st.integers(1, 80))
def test_packs_are_those_of_the_release(lengths: list[int], capacity: int) -> None:
    assert knapsacks(lengths, capacity) == as_the_release_does(lengths, capacity)


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 3000))
def test_what_is_left_of_a_turn_fits_and_is_no_more_than_it_had(
    source: int, target: int, cutoff: int
) -> None:
    ours, theirs = infer_seqlen(source, target, cutoff)
    assert 0 <= ours <= source
    assert 0 <= theirs <= target
    assert ours + theirs <= cutoff
    if source + target <= cutoff:
        assert (ours, theirs) == (source, target)
    else:
        assert ours + theirs >= cutoff - 1


@given(st.lists(st.integers(0, 300), min_size=2, max_size=8), st.integers(1, 900), st.booleans())
def test_a_longer_cutoff_never_loses_more_of_the_answers(
    parts: list[int], cutoff: int, history: bool
) -> None:
    parts = parts[: len(parts) // 2 * 2]
    short, long = (
        cut(parts, Cut("sft", length, mask_history=history)) for length in (cutoff, 10_000)
    )
    assert short.whole == long.whole == long.length == sum(parts)
    assert short.answer == long.answer == long.kept
    assert short.kept <= long.kept
    assert short.length <= cutoff


def test_orders_are_permutations_that_the_epoch_changes() -> None:
    first, second = (order_of({"seed": 7}, 50, epoch) for epoch in (0, 1))
    assert first is not None
    assert second is not None
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert second == shuffled(8, 50)
    assert order_of({"disable_shuffling": True}, 5, 1) == [0, 1, 2, 3, 4]
    assert order_of({"group_by_length": True}, 5, 0) is None

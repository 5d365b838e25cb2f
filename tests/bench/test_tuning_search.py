"""The search on machines that are made up: how near it comes to the best, by how many trials."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING

import pytest

from ftbench.tuning.axes import Axis
from ftbench.tuning.candidate import Candidate
from ftbench.tuning.search import Space, Tried, best, chosen, following, is_larger

if TYPE_CHECKING:
    from collections.abc import Callable

WRITTEN = Candidate(1, 8, False, True, "auto", 0)
AXES = (
    Axis("batch", (1, 2, 4, 8)),
    Axis("liger", (True, False)),
    Axis("checkpointing", (False, True)),
)
LATE = (Axis("workers", (0, 4), late=True), Axis("segments", (False, True), late=True))


class Machine:
    """Times and memory of candidates, drawn at random; what is expected of them is another law."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.floor = draw.uniform(0.01, 0.6)
        self.row = draw.uniform(0.01, 0.3)
        self.liger = draw.uniform(0.8, 1.1)
        self.checkpointing = draw.uniform(1.1, 1.5)
        self.padding = draw.uniform(0.0, 0.1)
        self.room = draw.choice([4, 8, 16, 40])
        self.noise = random.Random(seed + 1)

    def seconds(self, one: Candidate) -> float:
        rows = one.batch * self.row * (1 + self.padding * one.batch)
        each = max(self.floor, rows) * (self.liger if one.liger else 1.0)
        return one.accumulation * each * (self.checkpointing if one.checkpointing else 1.0)

    def full(self, one: Candidate) -> bool:
        each = (1 if one.checkpointing else 3) * (1 if one.liger else 1.5)
        return one.batch * each > self.room

    def expected(self, one: Candidate) -> float:
        each = max(0.1, one.batch * 0.1) * (0.93 if one.liger else 1.0)
        return one.accumulation * each * (4 / 3 if one.checkpointing else 1.0)


def everything(_: Candidate) -> bool:
    return True


def tuned(
    machine: Machine,
    axes: tuple[Axis, ...] = AXES,
    allows: Callable[[Candidate], bool] = everything,
) -> tuple[Space, list[Tried]]:
    space = Space(WRITTEN, axes, allows)
    tried = [Tried(WRITTEN, machine.seconds(WRITTEN))]
    while (one := following(space, tried, machine.expected)) is not None:
        assert one not in [other.candidate for other in tried]
        full = machine.full(one)
        tried.append(Tried(one, None if full else machine.seconds(one), full))
    return space, tried


@pytest.mark.parametrize("seed", range(40))
def test_it_comes_within_three_per_cent_of_the_best_of_all(seed: int) -> None:
    machine = Machine(seed)
    space, tried = tuned(machine)
    found = best(space, tried)
    every = [
        WRITTEN.with_batch(batch)._replace(liger=liger, checkpointing=checkpointing)
        for batch, liger, checkpointing in product((1, 2, 4, 8), (True, False), (True, False))
    ]
    least = min(machine.seconds(one) for one in every if not machine.full(one))
    assert found is not None
    assert found.seconds is not None
    assert found.seconds <= 1.03 * least
    assert len(tried) <= 12


def test_what_cannot_fit_after_one_did_not_is_not_tried() -> None:
    machine = Machine(0)
    machine.room = 4
    _, tried = tuned(machine)
    full = [one.candidate for one in tried if one.full]
    assert full
    for at, one in enumerate(tried):
        before = [other.candidate for other in tried[:at] if other.full]
        assert not any(is_larger(one.candidate, other) for other in before)


def test_what_is_not_allowed_is_not_tried() -> None:
    _, tried = tuned(Machine(1), allows=lambda one: one.batch < 4)
    assert {one.candidate.batch for one in tried} == {1, 2}


def test_late_axes_come_after_the_others_and_must_gain_more() -> None:
    machine = Machine(2)
    machine.room = 100
    space, tried = tuned(machine, (*AXES, *LATE))
    late = [space.is_late(one.candidate) for one in tried]
    assert any(late)
    assert late == sorted(late)
    found = best(space, tried)
    assert found is not None
    assert not space.is_late(found.candidate)  # they save nothing on this machine
    fastest = found.seconds
    assert fastest is not None
    other = found.candidate._replace(workers=4)
    bit, much = Tried(other, 0.99 * fastest), Tried(other, 0.9 * fastest)
    assert best(space, [*tried, bit]) == found
    assert best(space, [*tried, much]) == much


def test_of_what_is_as_fast_the_one_that_changes_least_is_taken() -> None:
    space = Space(WRITTEN, AXES, lambda _: True)
    plain, liger = WRITTEN.with_batch(8), WRITTEN.with_batch(8)._replace(liger=True)
    tried = [Tried(WRITTEN, 4.0), Tried(liger, 1.0), Tried(plain, 1.005)]
    changes = {WRITTEN: 0, plain: 2, liger: 3}
    found = chosen(space, tried, lambda one: changes[one])
    assert found is not None
    assert found.candidate == plain
    slower = [*tried[:2], Tried(plain, 1.05)]
    found = chosen(space, slower, lambda one: changes[one])
    assert found is not None
    assert found.candidate == liger


def test_nothing_is_taken_where_nothing_holds() -> None:
    space = Space(WRITTEN, AXES, lambda _: False)
    tried = [Tried(WRITTEN, None, full=True)]
    assert following(space, tried, lambda _: 1.0) is None
    assert best(space, tried) is None
    assert chosen(space, tried, lambda _: 0) is None


def test_where_the_config_itself_does_not_fit_what_needs_less_is_tried() -> None:
    written = WRITTEN._replace(batch=8, accumulation=1)
    space = Space(written, AXES, lambda _: True)
    found = following(space, [Tried(written, None, full=True)], lambda one: float(one.batch))
    assert found is not None
    assert not is_larger(found, written)

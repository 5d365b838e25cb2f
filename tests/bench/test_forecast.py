"""Forecasts against runs that are simulated apart from them, at a cost that is known.

A calibration sees two runs of the simulated machine; the forecast must then hold for runs with
other batches, lengths and numbers of steps.
"""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import median
from typing import Any

import pytest
from tests.bench.machine import KEY, SMALL, WHEN, Machine, calibrated, lengths, scheduled, shuffled
from tests.bench.made import result, step
from tests.searches import tries

from ftbench.calibration.batches import Loop, of_one_length, simulated
from ftbench.calibration.budget import steps_within
from ftbench.calibration.design import design
from ftbench.calibration.fit_record import fit_record
from ftbench.calibration.forecast import Work, forecast
from ftbench.calibration.points import Incomplete, points_of
from ftbench.calibration.trainer_estimate import seconds_by_trainer


def test_large_batches_pay_for_the_threads_they_wake() -> None:
    machine = replace(SMALL, wake=0.08)
    record = calibrated(machine, 5, batch=40)
    assert record.overheads.wake == pytest.approx(0.08, rel=0.2)
    for batch, steps in ((20, 300), (64, 100)):
        run = machine.run(shuffled(lengths(), batch, steps, 1, batch), batch, rows=3000)
        work = Work(Loop(steps, batch, 1, rows=3000), 0, tuple(lengths()), rows_prepared=3000)
        said = next(one for one in forecast(record, work).parts if one.name == "fetching")
        took = sum(one["data"] for one in run["steps"])
        assert said.seconds == pytest.approx(took, rel=0.1), batch


CONFIGS = [(2, 200, 1), (4, 120, 4), (8, 375, 1), (16, 60, 2), (1, 300, 4)]


@pytest.mark.search
@pytest.mark.parametrize("machine", [Machine(), SMALL], ids=["large", "host-bound"])
def test_nine_of_ten_padded_runs_lie_inside(machine: Machine) -> None:
    """Batches from 1 to 16, accumulation 1 to 4, on several machines' worth of chance."""
    errors, inside = [], 0
    for seed in range(tries(4)):
        record = calibrated(machine, 1000 * seed)
        for number, (batch, steps, accumulation) in enumerate(CONFIGS):
            groups = shuffled(lengths(), batch, steps, accumulation, 77 * seed + number)
            actual = machine.run(groups, 31 * seed + number, rows=3000)
            loop = Loop(steps, batch, accumulation, rows=3000)
            work = Work(loop, 0, tuple(lengths()), rows_prepared=3000)
            said, wall = forecast(record, work), actual["phases"]["wall"]
            errors.append(abs(said.seconds / wall - 1))
            inside += said.low <= wall <= said.high
    assert inside / len(errors) >= 0.90
    assert median(errors) < 0.03
    assert sorted(errors)[int(0.95 * len(errors))] < 0.08


@pytest.mark.search
def test_nine_of_ten_packed_runs_lie_inside() -> None:
    machine = Machine()
    errors, inside = [], 0
    for seed in range(tries(5)):
        record = calibrated(machine, 500 * seed, packed=2048)
        for batch, length, steps, accumulation in [(2, 2048, 80, 4), (4, 1024, 100, 1)]:
            groups = [[(batch, length)] * accumulation] * steps
            actual = machine.run(groups, 31 * seed + batch, rows=3000)
            work = Work(Loop(steps, batch, accumulation), length, rows_prepared=3000)
            said, wall = forecast(record, work), actual["phases"]["wall"]
            errors.append(abs(said.seconds / wall - 1))
            inside += said.low <= wall <= said.high
    assert inside / len(errors) >= 0.90
    assert median(errors) < 0.02


def test_intervals_are_no_wider_than_they_must_be() -> None:
    said = forecast(calibrated(Machine(), 3), Work(Loop(400, 8, 2, rows=3000), 0, tuple(lengths())))
    assert (said.high - said.low) / said.seconds < 0.12


def test_declared_doubt_widens() -> None:
    record, work = calibrated(Machine(), 3), Work(Loop(400, 4, 2), 1024)
    plain, unsure = forecast(record, work), forecast(record, work, [0.05], ["another rank"])
    assert unsure.high - unsure.low > 2 * (plain.high - plain.low)
    assert "another rank" in unsure.assumptions


def test_beyond_what_was_measured_is_said_and_widened() -> None:
    record = calibrated(Machine(), 3)
    inside, outside = (forecast(record, Work(Loop(400, 4), length)) for length in (512, 8192))
    assert any("beyond" in note for note in outside.assumptions)
    assert not any("beyond" in note for note in inside.assumptions)
    assert outside.high / outside.seconds > 1.15 > 1.08 > inside.high / inside.seconds


def test_what_the_host_hid_is_not_known_beyond_it() -> None:
    """All shapes took what launching takes: a longer one takes as much, or what the GPU needs."""

    def width(batch: int, length: int) -> float:
        work = Work(Loop(400, batch), length)
        said = forecast(calibrated(SMALL, 3, batch=batch), work)
        return (said.high - said.low) / said.seconds

    assert width(64, 4096) < 0.5 < width(8, 4096)
    assert width(8, 1024) < 0.5


def test_everything_beside_the_steps_is_priced() -> None:
    record = calibrated(Machine(), 3)
    work = Work(
        Loop(100, 4), 512, rows_prepared=3000, logs=10, saves=3, evaluations=2, evaluated_rows=100
    )
    parts = dict(forecast(record, work).parts)
    assert parts["start-up"] == pytest.approx(22, rel=0.2)
    assert parts["data"] == pytest.approx(2.4, rel=0.01)
    assert parts["optimizer"] == pytest.approx(3.0, rel=0.03)
    assert parts["checkpoints"] > 0
    assert parts["evaluations"] > 0
    unpriced = forecast(record, replace(work, evaluated_rows=None))
    assert any("not included" in note for note in unpriced.assumptions)


def test_overheads_are_found() -> None:
    machine = Machine()
    overheads = calibrated(machine, 8).overheads
    assert overheads.step == pytest.approx(machine.optimizer, rel=0.02)
    assert overheads.later == pytest.approx(machine.between + machine.later, rel=0.3)
    assert overheads.token == pytest.approx(machine.fetch, rel=0.02)
    assert overheads.first == pytest.approx(machine.first, rel=0.1)
    assert overheads.shape == pytest.approx(machine.shape, abs=0.03)
    assert overheads.startup == pytest.approx(machine.startup, rel=0.2)


def test_runs_that_lack_something_make_no_calibration() -> None:
    plan = design(4, 512)
    whole: Any = Machine().run(scheduled(plan), 1)
    whole["schedule"] = plan.schedule()
    short: Any = {**whole, "steps": whole["steps"][:-1]}
    with pytest.raises(Incomplete, match="not all done"):
        points_of(short, plan)
    unplanned: Any = {**whole, "schedule": None}
    blind: Any = {**whole, "steps": [{**one, "forward_backward": None} for one in whole["steps"]]}
    with pytest.raises(Incomplete, match="not captured"):
        points_of(blind, plan)
    with pytest.raises(Incomplete, match="no schedule"):
        points_of(unplanned, plan)


def test_short_last_batch_and_group() -> None:
    """10 rows by 4, in groups of 2: batches of 4, 4 and 2, so 2 steps an epoch."""
    loop = Loop(steps=4, batch=4, accumulation=2, rows=10)
    assert loop.micro_batches() == 6
    assert of_one_length(loop, 64) == {(4, 64): 4, (2, 64): 2}
    assert of_one_length(Loop(3, 4, 2, rows=10), 64) == {(4, 64): 4, (2, 64): 1}
    assert of_one_length(Loop(2, 4, 2, rows=10, drop_last=True), 64) == {(4, 64): 4}
    assert of_one_length(Loop(5, 4, 3), 64) == {(4, 64): 15}


def test_simulated_batches_hold_every_row_once_an_epoch() -> None:
    pool = [8 * number for number in range(1, 102)]
    for found, factor in simulated(Loop(26, 4, rows=101), pool, 3):
        assert factor == 1
        assert sum(rows * times for (rows, _), times in found.items()) == 101
        assert max(length for _, length in found) == 808


def test_the_expected_longest_of_a_batch() -> None:
    """Of b rows spread evenly up to 800, the longest is b / (b + 1) of it on average."""
    pool = list(range(1, 801))
    for batch in (1, 2, 4, 8):
        total = count = 0.0
        for found, _ in simulated(Loop(800 // batch, batch, rows=800), pool, 8, 1):
            total += sum(length * times for (_, length), times in found.items())
            count += sum(found.values())
        assert total / count == pytest.approx(800 * batch / (batch + 1), rel=0.02)


def test_side_by_side_the_slowest_counts() -> None:
    pool = [100] * 99 + [1000]
    one = next(iter(simulated(Loop(25, 1, world=4, rows=100), pool, 1, 1)))[0]
    assert one == {(1, 100): 24, (1, 1000): 1}


def test_budget() -> None:
    record = calibrated(Machine(), 3)

    def at(steps: int) -> Any:
        return forecast(record, Work(Loop(steps, 4, 2), 1024))

    found = steps_within(600, 5000, at)
    assert found is not None
    assert at(found[0]).high <= 600 < at(found[0] + 1).high
    assert steps_within(3, 5000, at) is None
    assert steps_within(1e9, 5000, at)[0] == 5000  # type: ignore[index]


def test_the_trainers_rate_counts_the_first_step() -> None:
    done = result([step(10.0, [(1, 8)]), *[step(1.0, [(1, 8)])] * 99])
    assert seconds_by_trainer(done, 20) == pytest.approx(100 / round(20 / 29, 3))
    assert seconds_by_trainer(done, 200) is None


# Several processes


def test_the_slowest_process_of_a_step_counts() -> None:
    """Against a run gone through rank by rank, written without a look at `ftbench`."""
    pool = [min(1024, max(24, one)) for one in lengths(4096)]
    draw = random.Random(5)
    for world, accumulation, batch in [(8, 8, 4), (4, 4, 8), (8, 16, 2), (8, 1, 4)]:
        whole = 0
        for _ in range(20):
            order = draw.sample(pool, len(pool))
            each = world * accumulation * batch
            for start in range(0, len(order), each):
                mine = [0] * world
                for number, at in enumerate(range(start, min(start + each, len(order)), batch)):
                    part = order[at : at + batch]
                    mine[number % world] += len(part) * ((max(part) + 7) // 8 * 8)
                whole += max(mine)
        loop = Loop(4096 // (world * accumulation * batch), batch, accumulation, world, rows=4096)
        found = list(simulated(loop, pool, 20))
        said = sum(
            factor * sum(rows * length * times for (rows, length), times in counted.items())
            for counted, factor in found
        )
        assert said == pytest.approx(whole, rel=0.015), (world, accumulation, batch)


def test_in_lockstep_the_slowest_of_each_batch_counts() -> None:
    pool = [100, 1000] * 50
    loop = Loop(5, 1, 10, world=2, rows=100)
    apart = next(iter(simulated(loop, pool, 1, 1)))[0]
    together = next(iter(simulated(replace(loop, lockstep=True), pool, 1, 1)))[0]
    assert sum(apart.values()) == sum(together.values()) == 50
    assert together[1, 1000] > 30 > apart[1, 1000]


@pytest.mark.parametrize("accumulation", [1, 2, 4, 16])
def test_gradients_are_added_up_once_a_step(accumulation: int) -> None:
    """Whatever the accumulation; a calibration of two micro-batches a step could not tell."""
    machine, plan = Machine(together=0.15), design(4, 2048)
    over: Any = machine.run(scheduled(plan, 3), 3)
    over["schedule"], over["lengths"] = plan.schedule(), None
    record = fit_record(over, None, plan, KEY, {}, when=WHEN)
    assert record.overheads.together == pytest.approx(0.15, rel=0.1)
    assert record.overheads.later == pytest.approx(machine.later, rel=0.5)
    groups = [[(4, 2048)] * accumulation] * 80
    actual = machine.run(groups, 17 * accumulation)
    said = forecast(record, Work(Loop(80, 4, accumulation, world=2), 2048))
    assert said.seconds == pytest.approx(actual["phases"]["wall"], rel=0.05)

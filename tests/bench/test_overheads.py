"""What two processes of a calibration tell of a run's start-up, rows and micro-batches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.bench.machine import Machine, scheduled

from ftbench.calibration.cost_model import CostModel, Point
from ftbench.calibration.design import ONCE, Design, design, spread
from ftbench.calibration.overheads import overheads_of
from ftbench.calibration.points import HOSTED, UNSTEADY, levelled, once_each, points_of

STILL = replace(Machine(), between_steps=0.0, between_processes=0.0, between_starts=0.0)
FEW = design(4, 512, timed=2)


def over(plan: Design, machine: Machine = STILL, **phases: float) -> Any:
    """Return a run over the shapes of a design, with 100 rows and other phases."""
    made: Any = machine.run(scheduled(plan), 1)
    return {**made, "schedule": plan.schedule(), "lengths": [512] * 100,
            "phases": {**made["phases"], **phases}}  # fmt: skip


@pytest.mark.parametrize(("slower", "more"), [(0.0, 0.0), (4.0, 0.0), (-4.0, -4.0)])
def test_importing_is_the_shorter_of_both_processes(slower: float, more: float) -> None:
    one = over(FEW)
    other: Any = {**one, "phases": {**one["phases"], "import": one["phases"]["import"] + slower,
                               "wall": one["phases"]["wall"] + slower}}  # fmt: skip
    alone, both = (overheads_of(one, STILL.cost, real) for real in (None, other))
    assert both.startup == pytest.approx(alone.startup + more)
    assert both.startup_spread == pytest.approx(abs(slower) / 2)


def test_a_model_from_a_cold_disk_is_none_of_a_start_up_to_come() -> None:
    one = over(FEW)
    phases = one["phases"]
    cold: Any = {
        **one,
        "phases": {**phases, "model": phases["model"] + 9, "wall": phases["wall"] + 9},
    }
    alone, both = (overheads_of(one, STILL.cost, real) for real in (None, cold))
    assert both.startup == pytest.approx(alone.startup)


@pytest.mark.parametrize(("data", "price"), [(3.0, 0.025), (0.1, 0.02), (0.0, 0.02)])
def test_rows_that_were_found_prepared_have_no_price(data: float, price: float) -> None:
    again, first = over(FEW, data=data), over(FEW, data=2.0)
    assert overheads_of(again, STILL.cost, first).row == pytest.approx(price)


def test_a_new_shape_is_priced_by_shapes_that_come_once() -> None:
    """What the machine takes for one: not what the shapes of the fit took while memory grew."""
    plan = design(8, 1024, 100)
    made = over(plan)
    assert [len(step["micro_batches"]) for step in once_each(made)] == [2] * ONCE
    growing: Any = {**made, "steps": [
        {**step, "each": [one + 0.5 * (at < len(plan.fitted)) for one in step["each"]]}
        for at, step in enumerate(made["steps"])
    ]}  # fmt: skip
    for run in (made, growing):
        assert overheads_of(run, STILL.cost, None).shape == pytest.approx(STILL.shape, rel=0.05)


@pytest.mark.parametrize("count", [3, 4, 5, ONCE])
def test_a_host_that_stops_for_a_moment_is_no_price_of_a_new_shape(count: int) -> None:
    plan = design(8, 1024, 100, once=count)
    made = over(plan)
    stopped = once_each(made)[0]
    steps = [
        {**step, "each": [step["each"][0] + 2.0, *step["each"][1:]]} if step is stopped else step
        for step in made["steps"]
    ]
    run: Any = {**made, "steps": steps}
    assert overheads_of(run, STILL.cost, None).shape == pytest.approx(STILL.shape, rel=0.05)


def test_packed_batches_have_one_shape() -> None:
    assert design(8, 1024).once == ()


@pytest.mark.parametrize(("high", "most"), [(512, 10), (160, 10), (104, 10), (512, 0)])
def test_shapes_that_come_once_are_spread_and_new(high: int, most: int) -> None:
    found = spread(104, high, most, {104, 128})
    assert found == sorted(set(found), reverse=True)
    assert all(104 <= one <= high and one % 8 == 0 and one not in {104, 128} for one in found)
    assert len(found) == min(most, (high - 104) // 8 + 1 - (2 if high > 104 else 1))


def test_of_few_steps_each_micro_batch_counts() -> None:
    """Without what a later one takes over the first; of more steps the first is enough."""
    many = FEW._replace(timed=4)
    for plan, count in ((FEW, 4), (many, 4)):
        fitted, held_out = points_of(over(plan), plan)
        for point in (*fitted, held_out):
            assert len(point.seconds) == count
            real = STILL.cost.seconds(point.rows, point.length)
            assert point.seconds == pytest.approx([real] * count)


def test_several_processes_add_up_in_the_last() -> None:
    machine = replace(STILL, together=0.3)
    made: Any = {**machine.run(scheduled(FEW, 3), 1), "schedule": FEW.schedule()}
    for point in points_of(made, FEW)[0]:
        assert len(point.seconds) == 6
        assert point.seconds == pytest.approx([machine.cost.seconds(point.rows, point.length)] * 6)


def test_a_result_without_rows_prices_none() -> None:
    bare: Any = {**over(FEW), "lengths": None}
    assert overheads_of(bare, STILL.cost, None).row is None


WORK = CostModel(0.0, 1e-4, 0.0)
SHAPES = [Point(4, 1024, (0.41, 0.41)), Point(4, 512, (0.205, 0.205))]


def test_two_processes_meet_half_way() -> None:
    """Synthetic shapes were 4 % slower than the config's own batches: neither is the truth."""
    *synthetic, own = levelled(SHAPES, Point(4, 1024, (0.41 / 1.0404,) * 3), WORK)
    assert [one.typical for one in synthetic] == pytest.approx(
        [0.41 / 1.02, 0.205 / 1.02], rel=2e-3
    )
    assert own.typical == pytest.approx(0.41 / 1.02, rel=2e-3)


@pytest.mark.parametrize(
    ("cost", "seconds"),
    [
        (CostModel(0.0, 1e-4, 0.0, floor=0.4), (0.3,) * 3),
        (WORK, (0.3, 0.4, 0.5)),
    ],
    ids=["launched", "unsteady"],
)
def test_a_host_that_decides_has_no_level(cost: CostModel, seconds: tuple[float, ...]) -> None:
    own = Point(4, 1024, seconds)
    assert cost.host_share(4, 1024) > HOSTED or own.noise > UNSTEADY
    assert levelled(SHAPES, own, cost) == [*SHAPES, own]

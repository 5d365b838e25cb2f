"""The cost of a micro-batch: recovered from shapes that were made by a known one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.bench.made import H100

from ftbench.calibration.cost_model import CostModel, Point, fit, resampled
from ftbench.calibration.design import PADDED_TO, TIMED, WARM, design, up
from ftbench.calibration.expected import Expected, expected_of
from ftbench.calibration.liger_chunks import Chunk, chunks, split_of

BIG = CostModel(start=0.004, per_token=1.3e-4, per_square=6e-9)
"""About an 8B LoRA on one H100."""
SMALL = CostModel(start=0.01, per_token=6e-6, per_square=2.5e-10, floor=0.11)
"""About a 0.5B LoRA: the host needs longer to launch than the GPU to run short batches."""


def points(
    model: CostModel, shapes: list[tuple[int, int]], seed: int, deviation: float
) -> list[Point]:
    draw = random.Random(seed)
    return [
        Point(
            b, s, tuple(model.seconds(b, s) * draw.lognormvariate(0, deviation) for _ in range(5))
        )
        for b, s in shapes
    ]


@pytest.mark.parametrize("model", [BIG, SMALL])
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("batch", "length"), [(8, 1024), (4, 2048), (2, 4096)])
def test_a_cost_is_recovered_where_it_was_measured(
    model: CostModel, seed: int, batch: int, length: int
) -> None:
    plan = design(batch, length)
    found = fit(points(model, list(plan.fitted), seed, 0.004))
    rows, long = plan.held_out
    assert found.seconds(rows, long) == pytest.approx(model.seconds(rows, long), rel=0.03)
    assert min(found.start, found.per_token, found.per_square, found.floor) >= 0


def test_without_noise_the_fit_is_exact() -> None:
    found = fit(points(BIG, list(design(4, 2048).fitted), 0, 0.0))
    assert found.start == pytest.approx(BIG.start, rel=1e-6)
    assert found.per_token == pytest.approx(BIG.per_token, rel=1e-6)
    assert found.per_square == pytest.approx(BIG.per_square, rel=1e-6)
    assert found.floor == 0


def test_floor_of_a_host_bound_model() -> None:
    plan = design(16, 2048)
    found = fit(points(SMALL, list(plan.fitted), 1, 0.004))
    assert found.floor == pytest.approx(SMALL.floor, rel=0.02)
    assert found.seconds(1, 64) == pytest.approx(SMALL.floor, rel=0.02)


def test_chunks_of_liger() -> None:
    """The first is the example in Liger's own source: 8 chunks of 2,048."""
    llama = {"vocab": 32_000, "hidden": 4096}
    assert split_of(llama, {"liger": False}) == 0
    assert chunks(4 * 4096, split_of(llama, {"liger": True})) == 8
    split = split_of({"vocab": 151_936, "hidden": 896}, {"liger": True})
    assert split == 170
    found = [chunks(rows * length, split) for rows, length in ((56, 640), (80, 640), (1, 1))]
    assert found == [140, 100, 1]  # of 256 tokens, of 512, and the only one
    assert all(1 <= chunks(tokens, 170) <= 170 for tokens in range(1, 60_000, 7))
    assert chunks(1000, 0) == 0


def test_a_cost_of_chunks_is_recovered() -> None:
    model = CostModel(0.0, 9e-6, 1e-9, per_chunk=0.001, split=170)
    shapes = [(rows, length) for rows in (28, 56) for length in (640, 832, 1024)]
    found = fit(points(model, shapes, 0, 0.0), Expected(170))
    assert found.per_chunk == pytest.approx(model.per_chunk, rel=1e-6)
    assert found.seconds(80, 640) == pytest.approx(model.seconds(80, 640), rel=1e-6)
    assert (
        abs(fit(points(model, shapes, 0, 0.0)).seconds(80, 640) / model.seconds(80, 640) - 1) > 0.03
    )


FULL_SMALL = {"vocab": 151_936, "hidden": 896}


def test_a_chunk_moves_the_gradient_of_the_head() -> None:
    """0.85 ms on an H200, 1.2 ms on an H100; nothing where the head rests or is not Liger's."""
    model: Any = FULL_SMALL
    key = {"method": "full", "liger": True}
    found = [expected_of(model, key, name).chunk for name in ("NVIDIA H200", H100["name"])]
    assert [round(1e3 * one.seconds, 2) for one in found if one] == [0.85, 1.22]
    for less in ({**key, "method": "lora"}, {**key, "liger": False}):
        assert expected_of(model, less, "NVIDIA H200").chunk is None
    assert expected_of(model, key, "cpu").chunk is None


def test_shapes_of_alike_many_chunks_are_told_by_what_is_expected() -> None:
    """None of them shows what half as many chunks take; noise hides what is there to see."""
    model = CostModel(0.04, 8.5e-6, 1.2e-9, per_chunk=0.00085, split=170)
    shapes = [(56, 1024), (56, 640), (28, 1024), (28, 640), (56, 256), (42, 832)]
    assert {chunks(rows * length, 170) for rows, length in shapes} <= {*range(112, 141)}
    known = Expected(170, chunk=Chunk(0.00085))
    errors: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(20):
        made = points(model, shapes, seed, 0.01)
        for told in (False, True):
            found = fit(made, known if told else Expected(170)).seconds(48, 920)  # of 87 chunks
            errors[told].append(abs(found / model.seconds(48, 920) - 1))
    assert sum(errors[True]) < sum(errors[False]) / 2
    assert max(errors[True]) < 0.02


def test_what_is_measured_overrules_what_was_expected() -> None:
    model = CostModel(0.0, 9e-6, 1e-9, per_chunk=0.002, split=170)
    shapes = [(rows, length) for rows in (28, 48, 56) for length in (640, 832, 920, 1024)]
    found = fit(points(model, shapes, 0, 0.0), Expected(170, chunk=Chunk(0.0005, 1.0)))
    assert found.per_chunk == pytest.approx(0.002, rel=0.02)


def test_no_coefficient_is_negative_whatever_was_measured() -> None:
    draw = random.Random(4)
    for _ in range(200):
        made = [
            Point(draw.randint(1, 8), 8 * draw.randint(1, 256), (draw.uniform(0.01, 3.0),))
            for _ in range(draw.randint(1, 7))
        ]
        found = fit(made)
        assert min(found.start, found.per_token, found.per_square) >= 0
    with pytest.raises(ValueError, match="no shapes"):
        fit([])


def test_published_sweep_from_few_points() -> None:
    """Qwen-7B LoRA on an A100, seconds a step of 8 x one row [model card]: six lengths."""
    table = {256: 1.2, 512: 1.5, 1024: 2.8, 2048: 5.2, 4096: 10.1, 8192: 21.3}
    fitted = [Point(1, s, (table[s] / 8,)) for s in (512, 1024, 4096, 8192)]
    found = fit(fitted)
    assert found.seconds(1, 2048) * 8 == pytest.approx(table[2048], rel=0.04)


def test_resampled_fits_spread_as_the_fit_is_unsure() -> None:
    calm = points(BIG, list(design(4, 2048).fitted), 2, 0.002)
    wild = points(BIG, list(design(4, 2048).fitted), 2, 0.05)

    def width(made: list[Point]) -> float:
        found = sorted(model.seconds(4, 1500) for model in resampled(made, 200))
        return found[194] / found[5] - 1

    assert width(calm) < 0.04
    assert width(wild) > 1.5 * width(calm)


def test_packed_rows_are_measured_at_round_lengths() -> None:
    plan = design(8, 4096)
    assert {length for _, length in (*plan.fitted, plan.held_out)} <= set(range(256, 4097, 256))
    padded = design(8, 4096, shortest=300)
    assert any(length % 256 for _, length in padded.fitted)


def test_packed_rows_are_measured_at_the_whole_and_the_half_length() -> None:
    """A square's price shows between two powers of two, which kernels do equally fast."""
    for batch in (1, 3, 8):
        assert {2048, 4096} <= {length for _, length in design(batch, 4096).fitted}


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 8, 64])
@pytest.mark.parametrize("length", [8, 64, 513, 2048, 8192])
def test_designs(batch: int, length: int) -> None:
    plan = design(batch, length)
    assert plan.held_out not in plan.fitted
    assert (batch, length) in plan.fitted
    assert max(rows * long for rows, long in plan.fitted) == max(batch * length, 2 * PADDED_TO)
    assert all(long % PADDED_TO == 0 or long == length for _, long in plan.fitted)
    assert max(long for _, long in (*plan.fitted, plan.held_out)) <= max(up(length), PADDED_TO)
    schedule, shapes = plan.schedule(), (*plan.fitted, plan.held_out)
    asked = [(entry["rows"], entry["length"]) for entry in schedule]
    assert asked == list(shapes) * (1 + TIMED)
    assert schedule[0]["rows"] * schedule[0]["length"] == max(b * s for b, s in plan.fitted)
    assert [entry["steps"] for entry in schedule] == [WARM] * len(shapes) + [1] * TIMED * len(
        shapes
    )

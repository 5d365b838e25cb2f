"""What fits at most, by the law itself: it does fit, one more does not, and less always does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ftlint.memory.estimate import (
    MOST_ROWS,
    MOST_STRETCHES,
    STRETCH,
    Load,
    estimate,
    fits,
    largest_batch,
    largest_evaluation,
    largest_length,
)  # fmt: skip
from ftlint.memory.manner import Batch
from ftlint.memory.method import Method
from ftlint.memory.shape import Shape, Unknown, read_shape
from ftlint.memory.sharding import Sharding
from ftschemas import shapes

GIB = 1 << 30
NAMES = ("qwen2.5-0.5b", "qwen3-8b", "llama-3.2-1b", "gemma-2-2b", "phi-3-mini")
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "full"}, {"kind": "freeze", "layers": 2}, {"kind": "lora"},
    {"kind": "lora", "dora": True}, {"kind": "lora", "bits": 4}, {"kind": "lora", "bits": 8},
)  # fmt: skip
SHARDINGS = (
    Sharding(), Sharding(2), Sharding(4, stage=1), Sharding(2, stage=2, overlap=True),
    Sharding(8, stage=2, optimizer_offloaded=True), Sharding(2, stage=3),
    Sharding(8, stage=3, optimizer_offloaded=True, parameters_offloaded=True),
    Sharding(4, fsdp=True),
)  # fmt: skip


def shape_of(name: str) -> Shape:
    found = read_shape(shapes.load(name).config)
    assert isinstance(found, Shape)
    return found


@some.composite
def runs(draw: Any) -> tuple[Shape, Method, Load, int]:
    shape = shape_of(draw(some.sampled_from(NAMES)))
    kind = draw(some.sampled_from(KINDS))
    names = [one.name for one in shape.linears]
    sharding = draw(some.sampled_from(SHARDINGS))
    method = Method(
        **kind, stage=draw(some.sampled_from(("sft", "pt", "dpo", "kto", "rm"))),
        targets=frozenset(names if kind["kind"] == "lora" else ()),
        checkpointing=draw(some.booleans()), liger=draw(some.booleans()),
        attention=draw(some.sampled_from(("sdpa", "eager", "flash"))),
        accumulation=draw(some.sampled_from((1, 8))), reference=draw(some.booleans()),
        autocast=not sharding.stage, casts=not sharding.divides, sharding=sharding,
    )  # fmt: skip
    batch = Batch(draw(some.integers(1, 16)), 8 * draw(some.integers(1, 512)))
    evaluation = Batch(draw(some.integers(1, 16)), 8 * draw(some.integers(1, 512)))
    load = Load(batch, draw(some.sampled_from((None, evaluation))), draw(some.booleans()))
    return shape, method, load, draw(some.sampled_from((8, 16, 24, 48, 80, 141))) * GIB


def holds(shape: Shape, method: Method, load: Load, total: int) -> bool:
    found = estimate(shape, method, load)
    assert not isinstance(found, Unknown)
    return fits(found, total) is True


@settings(max_examples=60, deadline=None)
@given(runs(), some.integers(1, 64))
def test_the_largest_batch_is_the_largest(run: tuple[Shape, Method, Load, int], rows: int) -> None:
    shape, method, load, total = run

    def of(count: int) -> bool:
        training = load.training._replace(rows=count)
        return holds(shape, method, Load(training, None, load.ragged), total)

    most = largest_batch(shape, method, load, total)
    assert most is not None
    assert most == 0 or of(most)
    assert most == MOST_ROWS - 1 or not of(most + 1)
    assert of(rows) is (rows <= most)


@settings(max_examples=60, deadline=None)
@given(runs(), some.integers(1, 64))
def test_the_largest_evaluation_is_the_largest(
    run: tuple[Shape, Method, Load, int], rows: int
) -> None:
    shape, method, load, total = run
    most = largest_evaluation(shape, method, load, total)
    if load.evaluation is None:
        assert most is None
        return
    evaluation = load.evaluation

    def of(count: int) -> bool:
        alone = Load(Batch(1, 8), evaluation._replace(rows=count))
        return holds(shape, method, alone, total)

    assert most is not None
    assert of(rows) is (rows <= most)
    assert most == MOST_ROWS - 1 or not of(most + 1)


@settings(max_examples=60, deadline=None)
@given(runs(), some.integers(1, 200))
def test_the_longest_rows_are_the_longest(
    run: tuple[Shape, Method, Load, int], stretches: int
) -> None:
    shape, method, load, total = run

    def of(count: int) -> bool:
        return holds(shape, method, load.with_length(STRETCH * count), total)

    most = largest_length(shape, method, load, total)
    assert most is not None
    found = most // STRETCH
    assert most % STRETCH == 0
    assert of(stretches) is (stretches <= found)
    assert found == MOST_STRETCHES - 1 or not of(found + 1)


@pytest.mark.parametrize("sharding", SHARDINGS, ids=str)
def test_what_is_divided_is_less_than_the_whole(sharding: Sharding) -> None:
    shape = shape_of("qwen2.5-0.5b")
    method = Method(kind="full", autocast=not sharding.stage, casts=not sharding.divides)
    load = Load(Batch(1, 512))
    one = estimate(shape, method._replace(casts=True, autocast=True), load)
    several = estimate(shape, method._replace(sharding=sharding), load)
    assert not isinstance(one, Unknown)
    assert not isinstance(several, Unknown)
    first, second = one.training.moment, several.training.moment
    assert second.optimizer <= first.optimizer * (1.5 if sharding.stage else 1)
    if sharding.world > 4:
        assert second.weights + second.optimizer < first.weights + first.optimizer

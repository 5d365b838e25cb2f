"""A layer that is written down once costs with every batch what it does written down with that."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from ftlint.memory.costs import layer_cost
from ftlint.memory.estimate import Estimate, enough, estimate
from ftlint.memory.layer import DecoderLayer
from ftlint.memory.manner import Batch, Manner
from ftlint.memory.rotation import Rotation
from ftlint.memory.shape import FAMILIES, Shape
from tests.memory.test_largest import runs

SIZES: dict[str, Any] = {
    "layers": 4, "hidden": 96, "heads": 6, "head_dim": 32, "mlp": 256, "vocab": 1000, "tied": False,
}  # fmt: skip
NAMES = frozenset({"q_proj", "qkv_proj", "v_proj", "gate_proj", "gate_up_proj", "down_proj"})


@some.composite
def layers(draw: Any) -> tuple[Shape, Manner, Batch, int]:
    name = draw(some.sampled_from(sorted(FAMILIES)))
    shape = Shape(
        name, FAMILIES[name], **SIZES, kv_heads=draw(some.sampled_from((1, 2, 6))),
        window=draw(some.sampled_from((None, 64, 4096))), attention_softcap=draw(some.booleans()),
    )  # fmt: skip
    learns = draw(some.booleans())
    manner = Manner(
        autocast=draw(some.booleans()), learns=learns, adapters=frozenset() if learns else NAMES,
        rank=draw(some.sampled_from((8, 64))),
        rotation=draw(some.sampled_from((None, Rotation()))), dropout=draw(some.booleans()),
        dora=draw(some.booleans()), weight_width=draw(some.sampled_from((2, 4))),
        bits=16 if learns else draw(some.sampled_from((4, 8, 16))),
        attention=draw(some.sampled_from(("sdpa", "eager", "flash"))), liger=draw(some.booleans()),
    )  # fmt: skip
    batch = Batch(
        draw(some.integers(1, 4096)), 8 * draw(some.integers(1, 20_000)), draw(some.booleans())
    )
    return shape, manner, batch, draw(some.sampled_from((2, 4)))


@settings(max_examples=300, deadline=None)
@given(layers(), some.booleans(), some.booleans())
def test_one_law_of_a_layer_tells_the_cost_of_every_batch(
    drawn: tuple[Shape, Manner, Batch, int], keeps_input: bool, accumulated: bool
) -> None:
    layer = DecoderLayer(*drawn, keeps_input=keeps_input)
    exact = layer.tape.cost(layer.run(), accumulated=accumulated)
    assert layer_cost(*drawn, keeps_input=keeps_input, accumulated=accumulated) == exact


@settings(max_examples=100, deadline=None)
@given(runs())
def test_what_is_enough_is_what_the_phases_need_most(drawn: Any) -> None:
    shape, method, load, _ = drawn
    found = estimate(shape, method, load)
    assert isinstance(found, Estimate)
    assert enough(shape, method, load) == max(phase.enough for phase in found.phases)


def test_a_layer_is_written_down_once_for_batches_of_all_sizes() -> None:
    from ftlint.memory import costs

    shape = Shape("llama", FAMILIES["llama"], **SIZES, kv_heads=2)
    costs._law.cache_clear()
    for rows in range(1, 9):
        layer_cost(shape, Manner(), Batch(rows, 64 * rows), 2)
    assert costs._law.cache_info().misses == 1

"""Methods whose memory is not that of LoRA or full training: OFT, GaLore, APOLLO, BAdam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ftlint.memory.manner import Batch
from ftlint.memory.method import Method
from ftlint.memory.peak import training_moments
from ftlint.memory.projection import Projection
from ftlint.memory.rotation import Rotation
from ftlint.memory.shape import Linear, Shape, read_shape
from ftlint.memory.states import States, states

if TYPE_CHECKING:
    from ftlint.memory.moment import Moment

CONFIG = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 2048,
    "tie_word_embeddings": False,
}  # fmt: skip
TALL, WIDE = Linear("up_proj", 64, 128), Linear("down_proj", 128, 64)


def shape_of(**changed: Any) -> Shape:
    found = read_shape({**CONFIG, **changed})
    assert isinstance(found, Shape)
    return found


def states_of(method: Method) -> States:
    found = states(shape_of(), method)
    assert isinstance(found, States)
    return found


def every(shape: Shape) -> frozenset[str]:
    return frozenset(one.name for one in shape.linears)


def largest(method: Method, batch: Batch, shape: Shape) -> Moment:
    found = training_moments(shape, method, batch)
    assert isinstance(found, list)
    return max(found, key=lambda one: one.total)


def test_numbers_that_learn_are_those_that_a_run_had() -> None:
    """As `bench` read them off real runs of this model with LLaMA Factory 0.9.5."""
    oft = Method(kind="oft", rotation=Rotation(), targets=every(shape_of()))
    assert states_of(oft).learning == 15_872
    assert states_of(Method(kind="block", casts=False)).learning == 36_992


@pytest.mark.parametrize(
    ("kind", "tall", "wide"),
    [
        # Bytes of states in float32 at rank 8: vectors of the side that is taken, and two moments.
        ("std", 4 * (64 * 64 + 2 * 128 * 8), 4 * (64 * 64 + 2 * 8 * 128)),
        ("reverse_std", 4 * (128 * 64 + 2 * 8 * 64), 4 * (128 * 64 + 2 * 64 * 8)),
        ("left", 4 * (128 * 64 + 2 * 8 * 64), 4 * (64 * 64 + 2 * 8 * 128)),
        ("right", 4 * (64 * 64 + 2 * 128 * 8), 4 * (128 * 64 + 2 * 64 * 8)),
        ("full", 4 * ((128 + 64) * 64 + 2 * 8 * 8), 4 * ((64 + 128) * 64 + 2 * 8 * 8)),
    ],
)
def test_galore_in_float32_keeps_all_singular_vectors(kind: str, tall: int, wide: int) -> None:
    galore = Projection(8, frozenset({"up_proj"}), kind)
    assert (galore.state(TALL, 4), galore.state(WIDE, 4)) == (tall, wide)


def test_in_half_precision_and_by_chance_only_those_of_the_rank_are_kept() -> None:
    kept = 64 * 8 + 2 * 128 * 8
    assert Projection(8, frozenset(), "std").state(TALL, 2) == 2 * kept
    assert Projection(8, frozenset(), "std", singular=False).state(TALL, 4) == 4 * kept


def test_what_is_not_projected_has_two_states_a_number() -> None:
    none = states_of(Method(kind="full", projection=Projection(8, frozenset())))
    plain = states_of(Method(kind="full", optimizer="adamw_torch"))
    assert none.optimizer == plain.optimizer
    all_of_them = Projection(8, every(shape_of()), singular=False)
    assert states_of(Method(kind="full", projection=all_of_them)).optimizer < plain.optimizer


def test_layers_above_the_one_that_learns_keep_all_under_badam() -> None:
    """LLaMA Factory checkpoints only layers that learn."""
    shape, batch = shape_of(num_hidden_layers=12, vocab_size=64), Batch(4, 256)
    badam = largest(Method(kind="block", casts=False), batch, shape)
    lora = Method(rank=1, targets=frozenset({"q_proj"}))
    kept = largest(lora._replace(checkpointing=False), batch, shape)
    checkpointed = largest(lora, batch, shape)
    assert badam.activations > 3 * checkpointed.activations
    assert 0.8 * kept.activations < badam.activations < kept.activations
    assert badam.weights == shape.size * 2


def test_liger_leaves_the_logits_of_a_family_that_scales_them() -> None:
    granite, llama = (shape_of(model_type=one) for one in ("granite", "llama"))
    liger = Method(targets=every(llama), liger=True)
    batch = Batch(4, 512)
    logits = 4 * 512 * 2048
    assert largest(liger, batch, granite).logits == logits * (2 + 4 + 4)
    assert largest(liger, batch, llama).logits < logits

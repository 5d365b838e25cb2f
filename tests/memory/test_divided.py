"""The law of divided models against what two processes on a CPU were seen to allocate.

Seen: steps of LLaMA Factory 0.9.5 with DeepSpeed 0.18.4, and of torch's FSDP, under a table of
living storages as that of tests/oracle/memory_runner.py; the higher of both processes. FSDP is run
again by tests/oracle/test_memory_divided.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from ftlint.memory.estimate import Estimate, Load, estimate, fits
from ftlint.memory.gathering import GatherLimits, gathered
from ftlint.memory.gpus import CONTEXT
from ftlint.memory.manner import Batch
from ftlint.memory.method import Method
from ftlint.memory.peak import WORKSPACE, training_moments
from ftlint.memory.shape import Shape, Unknown, read_shape
from ftlint.memory.sharding import Sharding

ALIKE = 0.015
SOON = GatherLimits(ahead=int(0.9 * 512**2), reuse=30_000_000, small=5120)
BUCKET = {"bucket": 512**2, "limits": SOON}
SEEN: list[tuple[str, int, dict[str, Any], float]] = [
    ("full", 12_000, {"stage": 1, "bucket": 5_000_000}, 292.44),
    ("full", 12_000, {"stage": 2, "bucket": 5_000_000}, 292.44),
    ("full", 30_000, {"stage": 2, "bucket": 40_000_000}, 457.34),
    ("lora", 12_000, {"stage": 2, "bucket": 40_000_000}, 154.07),
    ("full", 12_000, {"stage": 3, **BUCKET}, 322.04),
    ("lora", 12_000, {"stage": 3, **BUCKET}, 161.46),
    ("full", 12_000, {"fsdp": True}, 236.82),
    ("full", 600, {"fsdp": True}, 166.08),
    ("lora", 12_000, {"fsdp": True}, 120.03),
]
"""Method, vocabulary, how it is divided, and the peak in MB."""


def shape_of(vocab: int) -> Shape:
    found = read_shape({
        "model_type": "qwen2", "hidden_size": 512, "intermediate_size": 1536,
        "num_hidden_layers": 6, "vocab_size": vocab, "num_attention_heads": 8,
        "num_key_value_heads": 2, "tie_word_embeddings": True,
    })  # fmt: skip
    assert isinstance(found, Shape)
    return found


def peak(kind: str, vocab: int, **how: Any) -> float:
    """Return what the law says, in MB."""
    shape, sharding = shape_of(vocab), Sharding(2, **how)
    names = (one.name for one in shape.linears) if kind == "lora" else ()
    method = Method(
        kind=kind, rank=16, targets=frozenset(names), casts=False, autocast=not sharding.stage,
        sharding=sharding,
    )  # fmt: skip
    moments = training_moments(shape, method, Batch(2, 256, masked=bool(sharding.stage)))
    assert not isinstance(moments, Unknown)
    return (max(one.total for one in moments) - WORKSPACE) / 1e6


@pytest.mark.parametrize(("kind", "vocab", "how", "seen"), SEEN)
def test_a_process_holds_what_was_seen(
    kind: str, vocab: int, how: dict[str, Any], seen: float
) -> None:
    assert peak(kind, vocab, **how) == pytest.approx(seen, rel=ALIKE)


def test_weights_are_gathered_as_deepspeed_was_seen_to() -> None:
    """Of 24.2 million numbers all are there at the loss, though few would be used again soon."""
    method = Method(kind="full")
    found = gathered(shape_of(12_000), method, SOON)
    assert (found.loss, max(found.layers)) == (24_231_936, 24_231_936)
    assert found.layers[0] < 10_000_000
    # With nothing kept, and nothing gathered ahead, there is what a module needs.
    few = gathered(shape_of(12_000), method, SOON._replace(reuse=0, ahead=0))
    assert few.loss == 12_000 * 512
    assert few.layers[0] <= 786_432
    # No more is gathered ahead than may be there.
    most = gathered(shape_of(12_000), method, SOON._replace(live=10_000_000))
    assert most.loss < found.loss


def test_a_head_that_is_fused_with_the_loss_is_held_until_the_step_ends() -> None:
    """Liger takes the weight of the head from outside of it: the whole model has it then."""
    few = SOON._replace(reuse=0, ahead=0)
    apart = gathered(shape_of(12_000), Method(kind="full"), few)
    fused = gathered(shape_of(12_000), Method(kind="full", liger=True), few)
    assert [one - 12_000 * 512 for one in fused.layers] == [*apart.layers]
    # The loss of pairs takes logits: the head is a module like any other.
    paired = gathered(shape_of(12_000), Method(stage="dpo", kind="full", liger=True), few)
    assert paired.layers == apart.layers


def test_what_is_offloaded_is_not_on_the_gpu() -> None:
    whole = peak("full", 12_000, stage=2, bucket=5_000_000)
    offloaded = peak("full", 12_000, stage=2, bucket=5_000_000, optimizer_offloaded=True)
    assert offloaded < whole - 140  # masters and states of half the numbers: 12 bytes each


def test_a_divided_run_fits_where_all_that_may_be_reserved_does() -> None:
    shape, method = shape_of(12_000), Method(kind="full", casts=False, sharding=Sharding(2, 2))
    found = estimate(shape, method, Load(Batch(2, 256)))
    assert isinstance(found, Estimate)
    assert found.training.enough >= found.training.high > found.training.allocated
    assert fits(found, found.training.enough + CONTEXT) is True
    assert fits(found, found.training.high - 1 + CONTEXT) is None


def test_an_evaluation_under_zero_3_has_room_for_the_whole_model() -> None:
    """Unless the loss is fused with the head: an evaluation then breaks the order of modules."""
    shape, how = shape_of(12_000), Sharding(2, 3)
    load = Load(Batch(2, 256), Batch(2, 256))
    kinds = (Method(kind="full", liger=one, casts=False, sharding=how) for one in (False, True))
    apart, fused = (estimate(shape, one, load) for one in kinds)
    assert isinstance(apart, Estimate)
    assert isinstance(fused, Estimate)
    assert apart.evaluation is not None
    assert fused.evaluation is not None
    assert apart.evaluation.high - apart.evaluation.allocated >= 2 * shape.size
    assert fused.evaluation.high < apart.evaluation.high


def test_rows_without_padding_need_no_mask() -> None:
    """So a run does not certainly not fit where it would with a mask."""
    shape, method = shape_of(12_000), Method(kind="full", checkpointing=False)
    found = estimate(shape, method, Load(Batch(2, 256)))
    bare = estimate(shape, method, Load(Batch(2, 256, masked=False)))
    assert isinstance(found, Estimate)
    assert isinstance(bare, Estimate)
    assert found.training.least == bare.training.allocated < found.training.allocated
    assert fits(found, found.training.allocated - 1 + CONTEXT) is None
    assert fits(found, found.training.least - 1 + CONTEXT) is False

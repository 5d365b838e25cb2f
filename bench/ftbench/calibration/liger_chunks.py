"""The chunks in which Liger takes the loss of a batch, so that all its logits are never in memory.

How many they are goes up and down with the tokens, and each has a price of its own where the head
is trained: the gradient of the head, of its whole size, is added up chunk by chunk. A few shapes
hardly tell that price from a token's. But adding up only moves memory, so that the size of the head
and the GPU's bandwidth tell it.
Source: liger_kernel/ops/fused_linear_cross_entropy.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.analysis import data_sheets

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES, UNSURE = 30, 0.1
"""Bytes that a chunk moves for each weight of the head, and by what share that is unsure: the
gradient by the chunk, the same in 32 bit, and what both are added to. Held-out runs of a 0.5B model
came to 32 on an H200 and to 28 on H100s, by the bandwidth of their data sheets (full-0.5b in
docs/benchmarks/raw)."""


class Chunk(NamedTuple):
    """Seconds of a chunk; `unsure`: by what share of it."""

    seconds: float
    unsure: float = UNSURE


def expected(model: Mapping[str, Any] | None, key: Mapping[str, Any], gpu: str) -> Chunk | None:
    """Return what a chunk is expected to take on a GPU of this name.

    None where Liger makes no chunks, the head is not trained, or the bandwidth is not known.
    """
    bandwidth = data_sheets.bandwidth(gpu)
    trained = key.get("method") == "full"
    if bandwidth is None or model is None or not trained or not split_of(model, key):
        return None
    return Chunk(BYTES * int(model["vocab"]) * int(model["hidden"]) / bandwidth)


def split_of(model: Mapping[str, Any] | None, key: Mapping[str, Any]) -> int:
    """Return in how many chunks Liger means to cut a batch at least; 0 where it does not."""
    if not key.get("liger") or not model or not model.get("vocab") or not model.get("hidden"):
        return 0
    return -(-int(model["vocab"]) // int(model["hidden"]))


def chunks(tokens: int, split: int) -> int:
    """Return how many they are: their size is a power of two."""
    if not split:
        return 0
    return -(-tokens // (1 << (-(-tokens // split) - 1).bit_length()))

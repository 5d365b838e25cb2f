"""The chunks in which Liger takes the loss of a batch, so that its logits never lie there whole.

How many they are goes up and down with the tokens, and each has a price of its own where the head
is trained: its gradient, of the size of the vocabulary, is added up chunk by chunk.
Source: liger_kernel/ops/fused_linear_cross_entropy.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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

"""What goes through a layer, and how the layer is run and learns."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.rotation import Rotation

HALF, FULL = 2, 4
"""Bytes of a number in bf16 or fp16, and in float32."""


class Batch(NamedTuple):
    """What goes through the model at once. `masked`: rows are padded or apart in one block."""

    rows: int
    length: int
    masked: bool = True

    @property
    def tokens(self) -> int:
        """Positions, padding included."""
        return self.rows * self.length


class Manner(NamedTuple):
    """How a layer is run and what of it learns.

    `autocast`: linears run in half precision whatever they are given. `learns` whole, or by
    `adapters`: the names of its linears that have one of `rank`, in `adapter_width` bytes a number,
    or a `rotation`.
    `norm_width`: bytes of a number in the weights of norms. `bits` of a weight that is frozen.
    """

    autocast: bool = True
    learns: bool = False
    adapters: frozenset[str] = frozenset()
    rank: int = 0
    rotation: Rotation | None = None
    adapter_width: int = FULL
    dropout: bool = False
    dora: bool = False
    weight_width: int = HALF
    norm_width: int = HALF
    bits: int = 16
    attention: str = "sdpa"
    liger: bool = False

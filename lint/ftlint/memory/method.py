"""How a model is trained, in the terms that decide its memory."""

from __future__ import annotations

from ftlint.memory.manner import FULL, HALF, Manner
from ftlint.memory.sharding import Sharding
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.projection import Projection
    from ftlint.memory.rotation import Rotation
    from ftlint.memory.shape import Shape


class Method(NamedTuple):
    """How a model is trained.

    `kind`: full, freeze, lora, oft, or block: one layer after the other, the lowest in its turn.
    `layers`: how many of them, the last ones, learn whole under
    freeze. `ends`: which of embed_tokens and lm_head learn whole besides.
    `half`: weights are loaded in bf16 or fp16. `casts`: what learns is cast to float32. A
    `reference` goes forward besides: of weights of its own, or the model without its adapters.
    """

    stage: str = "sft"
    kind: str = "lora"
    rank: int = 8
    rotation: Rotation | None = None
    targets: frozenset[str] = frozenset()
    dropout: bool = False
    dora: bool = False
    layers: int = 0
    ends: frozenset[str] = frozenset()
    bits: int = 16
    double_quantized: bool = True
    half: bool = True
    autocast: bool = True
    casts: bool = True
    upcast_norms: bool = False
    upcast_logits: bool = False
    checkpointing: bool = True
    liger: bool = False
    attention: str = "sdpa"
    optimizer: str = "adamw_torch_fused"
    projection: Projection | None = None
    accumulation: int = 1
    reference: bool = False
    reference_weights: bool = False
    caches: bool = False
    """Keys and values are kept while evaluating."""
    offloads_inputs: bool = False
    """What enters a checkpointed layer waits on the host."""
    sharding: Sharding = Sharding()

    @property
    def adapts(self) -> bool:
        """Return whether the model is frozen but for adapters."""
        return self.kind in ("lora", "oft")

    @property
    def embedding_learns(self) -> bool:
        """Return whether the embedding itself learns."""
        return self.kind == "full" or "embed_tokens" in self.ends

    @property
    def width(self) -> int:
        """Bytes of a number of the weights that are loaded."""
        return HALF if self.half else FULL

    @property
    def learning_width(self) -> int:
        """Bytes of a number that learns, as it is used; DeepSpeed casts adapters back."""
        if self.sharding.stage:
            return self.width
        if self.adapts or self.casts:
            return FULL
        return self.width

    @property
    def compute_width(self) -> int:
        """Bytes of a number that comes out of a linear."""
        return HALF if self.autocast else self.residual_width()

    @property
    def rows_factor(self) -> int:
        """Rows in a forward pass for each row of the batch: pairs go together."""
        return 2 if self.stage in ("dpo", "rm") else 1

    def fuses_loss(self, shape: Shape) -> bool:
        """Return whether Liger makes loss and head in one, so that no logits are kept."""
        return self.liger and "loss" in shape.family.liger and self.stage in ("sft", "pt")

    def learning_layers(self, shape: Shape) -> int:
        """Return how many layers have something that learns."""
        if self.kind == "freeze":
            return min(self.layers, shape.layers)
        return shape.layers

    def residual_width(self) -> int:
        """Bytes of a number in what goes from layer to layer: that of the embedding."""
        return self.learning_width if self.embedding_learns else self.width

    def manner(self, *, learning: bool = True) -> Manner:
        """Return how a layer is run."""
        whole = learning and self.kind in ("full", "freeze", "block")
        norms = self.learning_width if whole else FULL if self.upcast_norms else self.width
        return Manner(
            autocast=self.autocast,
            learns=whole,
            adapters=self.targets if self.adapts else frozenset(),
            rank=self.rank,
            rotation=self.rotation,
            adapter_width=self.learning_width if self.adapts else FULL,
            dropout=self.dropout,
            dora=self.dora,
            weight_width=self.learning_width if whole else self.width,
            norm_width=norms,
            bits=self.bits,
            attention=self.attention,
            liger=self.liger,
        )

"""How a model is trained, in the terms that decide its memory."""

from __future__ import annotations

from ftlint.memory.layer import FULL, HALF, Manner
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.shape import Shape


class Sharding(NamedTuple):
    """How a run is spread over `world` processes.

    `stage`: 0 is DDP (nothing is shared), 1 to 3 those of ZeRO; FSDP's full shard counts as 3.
    `optimizer_offloaded`, `parameters_offloaded`: to the host.
    """

    world: int = 1
    stage: int = 0
    engine: str = "ddp"
    optimizer_offloaded: bool = False
    parameters_offloaded: bool = False


class Method(NamedTuple):
    """How a model is trained.

    `kind`: full, freeze or lora. `layers`: how many of them learn whole under freeze; `from_top`:
    they are the last ones. `ends`: which of embed_tokens and lm_head learn whole besides.
    `half`: bf16 or fp16. `casts`: what learns is cast to float32. `copies`: models that are there
    besides and only go forward, by what their weights take: a reference, a reward model.
    """

    stage: str = "sft"
    kind: str = "lora"
    rank: int = 8
    targets: frozenset[str] = frozenset()
    dropout: bool = False
    dora: bool = False
    layers: int = 0
    from_top: bool = True
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
    accumulation: int = 1
    reference: bool = False
    """A reference goes forward beside the model: of its own weights, or the model without adapters
    where that is possible."""
    reference_weights: bool = False
    caches: bool = False
    """Keys and values are kept while evaluating."""
    sharding: Sharding = Sharding()

    @property
    def width(self) -> int:
        """Bytes of a number of the weights that are loaded."""
        return HALF if self.half else FULL

    @property
    def learning_width(self) -> int:
        """Bytes of a number that learns; peft casts adapters itself."""
        if self.kind == "lora" or self.casts:
            return FULL
        return self.width

    @property
    def rows_factor(self) -> int:
        """Rows in a forward pass for each row of the batch: pairs go together."""
        return 2 if self.stage in ("dpo", "rm") else 1

    def learning_layers(self, shape: Shape) -> int:
        """Return how many layers have something that learns."""
        if self.kind == "freeze":
            return min(self.layers, shape.layers)
        return shape.layers

    def residual_width(self) -> int:
        """Bytes of a number in what goes from layer to layer: that of the embedding."""
        if self.kind == "full" or "embed_tokens" in self.ends:
            return self.learning_width if self.kind == "full" else self.width
        return self.width

    def manner(self, *, learning: bool = True) -> Manner:
        """Return how a layer is run."""
        whole = learning and self.kind in ("full", "freeze")
        norms = self.learning_width if whole else FULL if self.upcast_norms else self.width
        return Manner(
            autocast=self.autocast,
            learns=whole,
            adapters=self.targets if self.kind == "lora" else frozenset(),
            rank=self.rank,
            adapter_width=FULL,
            dropout=self.dropout,
            dora=self.dora,
            weight_width=self.learning_width if whole else self.width,
            norm_width=norms,
            bits=self.bits,
            attention=self.attention,
            liger=self.liger,
        )

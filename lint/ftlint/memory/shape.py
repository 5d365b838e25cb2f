"""A decoder's dimensions, as its config.json has them."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Family(NamedTuple):
    """How the layers of a `model_type` are built, as far as it matters to memory.

    `norm`: `llama` normalizes in float32 and multiplies in the weight's dtype, `gemma` does both in
    float32. `norms` of a layer: before attention and MLP, after them, or both. `head_norm`: queries
    and keys are normalized, head by head or whole. `fused`: one matrix makes query, key and value,
    and one gate and up. `biased`: linears with a bias. `softcaps`: scores and logits are capped by
    tanh; such a family runs eager attention unless another is asked for.

    What its configuration class takes where config.json says nothing: `tied`, `head_dim` (None:
    hidden size by heads), `window`. `window_switched`: a window counts under `use_sliding_window`
    alone.
    """

    norm: str = "llama"
    norms: str = "before"
    head_norm: str | None = None
    fused: bool = False
    biased: frozenset[str] = frozenset()
    softcaps: bool = False
    tied: bool = False
    head_dim: int | None = None
    window: int | None = None
    window_switched: bool = False
    liger: bool = True
    """LLaMA Factory has Liger's kernels for it."""


_QKV = frozenset({"q_proj", "k_proj", "v_proj"})
FAMILIES = {
    "llama": Family(),
    "mistral": Family(),
    "qwen2": Family(biased=_QKV, window_switched=True),
    "qwen3": Family(head_norm="head", head_dim=128, window_switched=True),
    "gemma": Family("gemma", tied=True, head_dim=256),
    "gemma2": Family("gemma", "both", softcaps=True, tied=True, head_dim=256, window=4096),
    "gemma3_text": Family("gemma", "both", "head", tied=True, head_dim=256, window=4096),
    "phi3": Family(fused=True),
    "olmo2": Family(norms="after", head_norm="whole"),
    "granite": Family(),
    "smollm3": Family(window_switched=True, liger=False),
}
"""The families whose layers are known. Source: models/*/modeling_*.py and configuration_*.py of
transformers 5.6.0 and 4.57.1."""

DIMENSIONS = (
    "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "vocab_size", "tie_word_embeddings", "attention_bias",
    "mlp_bias", "sliding_window", "use_sliding_window", "final_logit_softcapping",
    "attn_logit_softcapping",
)  # fmt: skip
SIZES = (
    "num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size",
)  # fmt: skip
"""What of a config.json decides a model's memory, and what of that every one must have."""


class Linear(NamedTuple):
    """A matrix of a layer and what it takes in and gives out."""

    name: str
    into: int
    out: int
    bias: bool = False

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return self.into * self.out + (self.out if self.bias else 0)


class Shape(NamedTuple):
    """The dimensions of a dense decoder."""

    model_type: str
    family: Family
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp: int
    vocab: int
    tied: bool
    window: int | None = None
    """Tokens that a layer with a sliding window attends to; None where all are full."""
    final_softcap: bool = False
    attention_softcap: bool = False
    biased: frozenset[str] = frozenset()

    @property
    def q_size(self) -> int:
        """Numbers of a position in all query heads together."""
        return self.heads * self.head_dim

    @property
    def kv_size(self) -> int:
        """Numbers of a position in all key heads together; as many in the value heads."""
        return self.kv_heads * self.head_dim

    @property
    def linears(self) -> tuple[Linear, ...]:
        """The matrices of a layer, in the order in which they are used."""
        hidden, mlp = self.hidden, self.mlp
        sizes: tuple[tuple[str, int, int], ...]
        if self.family.fused:
            sizes = (
                ("qkv_proj", hidden, self.q_size + 2 * self.kv_size),
                ("o_proj", self.q_size, hidden),
                ("gate_up_proj", hidden, 2 * mlp),
                ("down_proj", mlp, hidden),
            )
        else:
            sizes = (
                ("q_proj", hidden, self.q_size),
                ("k_proj", hidden, self.kv_size),
                ("v_proj", hidden, self.kv_size),
                ("o_proj", self.q_size, hidden),
                ("gate_proj", hidden, mlp),
                ("up_proj", hidden, mlp),
                ("down_proj", mlp, hidden),
            )
        return tuple(Linear(name, into, out, name in self.biased) for name, into, out in sizes)

    @property
    def norm_size(self) -> int:
        """Numbers in the norms of a layer."""
        count = 4 if self.family.norms == "both" else 2
        heads = {
            None: 0, "head": 2 * self.head_dim, "whole": self.q_size + self.kv_size
        }[self.family.head_norm]  # fmt: skip
        return count * self.hidden + heads

    @property
    def layer_size(self) -> int:
        """Numbers in a layer."""
        return sum(one.size for one in self.linears) + self.norm_size

    @property
    def embedding_size(self) -> int:
        """Numbers in the embedding, and in the head where that is not the same."""
        return self.vocab * self.hidden

    @property
    def size(self) -> int:
        """Numbers in the model."""
        ends = self.embedding_size * (1 if self.tied else 2)
        return self.layers * self.layer_size + ends + self.hidden


class Unknown(NamedTuple):
    """Why nothing can be said."""

    reason: str


def read_shape(config: Mapping[str, Any]) -> Shape | Unknown:
    """Return the dimensions that a config.json states."""
    kind = str(config.get("model_type"))
    text = config.get("text_config")
    if isinstance(text, dict):
        return Unknown(f"`{kind}` models take images or sound: their memory is not told")
    family = FAMILIES.get(kind)
    if family is None:
        return Unknown(f"the layers of `{kind}` models are not known to ftlint")
    wrong = [name for name in SIZES if not _size(config.get(name))]
    if wrong:
        return Unknown(f"config.json has no usable {', '.join(wrong)}")
    layers, hidden, heads, mlp, vocab = (int(config[name]) for name in SIZES)
    kv_heads = _size(config.get("num_key_value_heads")) or heads
    head_dim = _size(config.get("head_dim")) or family.head_dim or hidden // heads
    tied = config.get("tie_word_embeddings")
    return Shape(
        kind, family, layers, hidden, heads,
        kv_heads, head_dim, mlp, vocab,
        family.tied if tied is None else bool(tied),
        _window(family, config),
        family.softcaps and config.get("final_logit_softcapping", 30.0) is not None,
        family.softcaps and config.get("attn_logit_softcapping", 50.0) is not None,
        _biased(family, config),
    )  # fmt: skip


def _size(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value < 1 << 40 else None  # type: ignore[operator,return-value]


def _window(family: Family, config: Mapping[str, Any]) -> int | None:
    if "sliding_window" not in config:
        return family.window
    if family.window_switched and not config.get("use_sliding_window"):
        return None
    return _size(config["sliding_window"])


def _biased(family: Family, config: Mapping[str, Any]) -> frozenset[str]:
    """Return the linears that have a bias: those of the family, and those the file switches on."""
    found = set(family.biased)
    if config.get("attention_bias"):
        found |= {"q_proj", "k_proj", "v_proj", "o_proj"}
    if config.get("mlp_bias"):
        found |= {"gate_proj", "up_proj", "down_proj"}
    return frozenset(found)

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
    and keys are normalized, by head or whole; `rotated_first`: after they are rotated. `fused`:
    one matrix makes query, key and value, or one gate and up. `joined`: queries and keys are put
    together of what is rotated and what is not. `wide_rotary`: they are rotated in float32.
    `scaled`: what a part of a layer gives out is multiplied before it is added. `biased`: linears
    with a bias. `softcaps`: scores and logits are capped by tanh; such a family runs eager
    attention unless another is asked for.

    What its configuration class takes where config.json says nothing: `tied`, `head_dim` (None:
    hidden size by heads), `window`. `window_switched`: a window counts under `use_sliding_window`
    alone.
    """

    norm: str = "llama"
    norms: str = "before"
    head_norm: str | None = None
    rotated_first: bool = False
    fused: frozenset[str] = frozenset()
    joined: bool = False
    wide_rotary: bool = False
    scaled: bool = False
    biased: frozenset[str] = frozenset()
    softcaps: bool = False
    tied: bool = False
    head_dim: int | None = None
    window: int | None = None
    window_switched: bool = False
    liger: frozenset[str] = frozenset({"layers", "rotary", "loss"})
    """What Liger's kernels do of it, as LLaMA Factory calls them."""


_QKV = frozenset({"q_proj", "k_proj", "v_proj"})
_MLP = frozenset({"mlp"})
FAMILIES = {
    "llama": Family(),
    "mistral": Family(),
    "qwen2": Family(biased=_QKV, window_switched=True),
    "qwen3": Family(head_norm="head", head_dim=128, window_switched=True),
    "gemma": Family("gemma", tied=True, head_dim=256),
    "gemma2": Family("gemma", "both", softcaps=True, tied=True, head_dim=256, window=4096),
    "gemma3_text": Family("gemma", "both", "head", tied=True, head_dim=256, window=4096),
    "phi3": Family(fused=frozenset({"attention", "mlp"}), joined=True),
    "olmo2": Family("gemma", "after", "whole"),
    "olmo3": Family("gemma", "after", "whole", window=4096, liger=frozenset()),
    "granite": Family(scaled=True, liger=frozenset({"layers", "rotary"})),
    "smollm3": Family(tied=True, window_switched=True, liger=frozenset()),
    "exaone4": Family(norms="after", head_norm="head", window=4096, liger=frozenset()),
    "ernie4_5": Family(wide_rotary=True, tied=True, head_dim=128, liger=frozenset()),
    "hunyuan_v1_dense": Family(head_norm="head", rotated_first=True, liger=frozenset()),
    # Liger's kernels for GLM-4 of 2025 are put into its module, which the older one does not use.
    "glm": Family(fused=_MLP, joined=True, biased=_QKV, head_dim=128, liger=frozenset()),
    "glm4": Family(
        norms="both", fused=_MLP, joined=True, biased=_QKV, head_dim=128,
        liger=frozenset({"layers", "loss"}),
    ),
}  # fmt: skip
"""The families whose layers are known. Source: models/*/modeling_*.py and configuration_*.py of
transformers 5.6.0 and 4.57.1; model/model_utils/liger_kernel.py [LLaMA Factory 0.9.5],
transformers/monkey_patch.py [liger_kernel 0.8.5]."""

DIMENSIONS = (
    "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "vocab_size", "tie_word_embeddings", "attention_bias",
    "mlp_bias", "use_bias", "sliding_window", "use_sliding_window", "final_logit_softcapping",
    "attn_logit_softcapping",
)  # fmt: skip
SIZES = (
    "num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size",
)  # fmt: skip
"""What of a config.json decides a model's memory, and what of that every one must have."""


MLP = frozenset({"gate_proj", "up_proj", "gate_up_proj", "down_proj"})


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

    @property
    def part(self) -> str:
        """What of the layer it belongs to, as models name it."""
        return "mlp" if self.name in MLP else "self_attn"


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
        if "attention" in self.family.fused:
            sizes = (("qkv_proj", hidden, self.q_size + 2 * self.kv_size),)
        else:
            sizes = (
                ("q_proj", hidden, self.q_size),
                ("k_proj", hidden, self.kv_size),
                ("v_proj", hidden, self.kv_size),
            )
        sizes = (*sizes, ("o_proj", self.q_size, hidden))
        if "mlp" in self.family.fused:
            sizes = (*sizes, ("gate_up_proj", hidden, 2 * mlp))
        else:
            sizes = (*sizes, ("gate_proj", hidden, mlp), ("up_proj", hidden, mlp))
        sizes = (*sizes, ("down_proj", mlp, hidden))
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
    everywhere = config.get("use_bias")
    if everywhere or config.get("attention_bias"):
        found |= family.biased or {*_QKV, "o_proj"}
    if everywhere or config.get("mlp_bias"):
        found |= MLP
    return frozenset(found)

"""Floating point operations of a training batch, by method: of the model, and of the hardware.

Counted linear by linear, a multiply and an add as two. Forward costs one product, the gradient of
its input one more where something below still learns, the gradient of its weight one more where
the weight learns. The head is always counted, tied or not; the input embedding is a lookup.
Model FLOPs leave out what checkpointing recomputes, hardware FLOPs have it. Held against torch's
FlopCounterMode in tests/bench/test_flops.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ftbench.objective import objective_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftbench.results import record

Attention = Literal["causal", "full"]

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


HEAD, EMBEDDING, VALUE_HEAD = "lm_head", "embed_tokens", "summary"


class NotCounted(ValueError):
    """There is no formula for this model or method; the text says why."""


@dataclass(frozen=True)
class DecoderShape:
    """A dense decoder: `mlp` is the inner width of its MLP, `gated` if that has three matrices."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp: int
    vocab: int
    gated: bool = True

    def linears(self) -> dict[str, tuple[int, int]]:
        """Return width in and out of each linear of a layer."""
        query, value = self.heads * self.head_dim, self.kv_heads * self.head_dim
        found = {
            "q_proj": (self.hidden, query),
            "k_proj": (self.hidden, value),
            "v_proj": (self.hidden, value),
            "o_proj": (query, self.hidden),
            "up_proj": (self.hidden, self.mlp),
            "down_proj": (self.mlp, self.hidden),
        }
        return {**found, "gate_proj": (self.hidden, self.mlp)} if self.gated else found


@dataclass(frozen=True)
class Learning:
    """What learns and how: `layers` None are all of them; adapters learn when `rank` is set.

    `inputs` says that the embedding's output requires a gradient although nothing there learns,
    as LLaMA Factory has it for adapters with checkpointing. `passes` are forward passes without
    gradients beside the one that learns (KTO's other answers), `references` those without adapters;
    without `head_learns` no gradient comes back through the head (a reward is read before it).
    """

    layers: frozenset[int] | None = None
    rank: int | None = None
    targets: frozenset[str] = frozenset(PROJECTIONS)
    head: bool = False
    embedding: bool = False
    inputs: bool = False
    checkpointing: bool = False
    reentrant: bool = True
    passes: int = 0
    references: int = 0
    head_learns: bool = True


@dataclass(frozen=True)
class Flops:
    """FLOPs of a batch; `hardware` has what is recomputed as well."""

    model: float
    hardware: float

    def __add__(self, other: Flops) -> Flops:
        return Flops(self.model + other.model, self.hardware + other.hardware)


@dataclass(frozen=True)
class _Layer:
    """FLOPs a token of the weights, and products of attention, one being 2·heads·head_dim."""

    forward: float
    plain: float
    """Forward without adapters."""
    backward: float
    scores: int
    scores_backward: int
    recomputed: float
    """Weights only, and 0 where there is no backward pass or nothing learns: only layers that learn
    are checkpointed."""

    @property
    def scores_recomputed(self) -> int:
        return self.scores if self.recomputed else 0


def of_batch(
    shape: DecoderShape,
    learning: Learning,
    tokens: int,
    squares: int,
    attention: Attention = "causal",
) -> Flops:
    """Return the FLOPs of forward and backward over a batch.

    Args:
        shape: the model.
        learning: what of it learns.
        tokens: positions computed, padding included.
        squares: sum over the attended blocks of length squared.
        attention: count a causal mask's half of the scores, or all of them as most tools do.
    """
    pairs = (squares + tokens) / 2 if attention == "causal" else float(squares)
    product = 2 * shape.heads * shape.head_dim * pairs
    head = 2 * shape.hidden * shape.vocab * tokens
    layers = list(_layers(shape, learning))
    forward = sum(one.forward * tokens + one.scores * product for one in layers) + head
    backward = sum(one.backward * tokens + one.scores_backward * product for one in layers)
    reaches = learning.inputs or learning.embedding or any(one.backward for one in layers)
    backward += head * (reaches + learning.head) * learning.head_learns
    plain = sum(one.plain * tokens + one.scores * product for one in layers) + head
    model = forward * (1 + learning.passes) + plain * learning.references + backward
    if not learning.checkpointing:
        return Flops(model, model)
    again = sum(one.recomputed * tokens + one.scores_recomputed * product for one in layers)
    return Flops(model, model + again)


def _layers(shape: DecoderShape, learning: Learning) -> Iterator[_Layer]:
    """Yield the layers from the first up, following which values require a gradient."""
    flows = learning.inputs or learning.embedding
    """The stream into the layer requires a gradient."""
    for number in range(shape.layers):
        learns = learning.layers is None or number in learning.layers
        layer, flows = _layer(shape, learning, learns, flows)
        yield layer


def _layer(
    shape: DecoderShape, learning: Learning, learns: bool, flows: bool
) -> tuple[_Layer, bool]:
    """Return a layer, and whether what leaves it requires a gradient."""
    adapters = learning.rank if learns else None
    weights = learns and learning.rank is None
    """The norms learn with the weights, so what they give to the linears requires a gradient."""
    sizes = shape.linears()
    forward = backward = 0.0
    gradients: dict[str, bool] = {}

    def run(name: str, wanted: bool) -> bool:
        """Count one linear; `wanted`: its input requires a gradient. Return that of its output."""
        nonlocal forward, backward
        width, out = sizes[name]
        product = 2 * width * out
        forward += product
        backward += product * (wanted + weights)
        adapted = bool(adapters) and name in learning.targets
        if adapted:
            assert adapters is not None
            narrow, wide = 2 * width * adapters, 2 * adapters * out
            forward += narrow + wide
            backward += narrow * (1 + wanted) + 2 * wide
        return wanted or weights or adapted

    entering = flows or weights
    for name in ("q_proj", "k_proj", "v_proj"):
        gradients[name] = run(name, entering)
    query, key, value = (gradients[name] for name in ("q_proj", "k_proj", "v_proj"))
    probabilities = query or key
    scores_backward = query + key + probabilities + value
    attended = run("o_proj", probabilities or value)
    entering = flows or attended or weights
    inner = run("up_proj", entering)
    if shape.gated:
        inner = run("gate_proj", entering) or inner
    leaves = run("down_proj", inner) or entering
    spared = 0 if learning.reentrant else _never_rebuilt(shape, learning, learns)
    recomputed = forward - spared if leaves and learns else 0.0
    plain = sum(2 * width * out for width, out in sizes.values())
    return _Layer(forward, plain, backward, 2, scores_backward, recomputed), leaves


def _never_rebuilt(shape: DecoderShape, learning: Learning, learns: bool) -> float:
    """Return the last product of a block, which torch leaves out without reentrant checkpoints.

    It stops as soon as the last saved tensor is there, and that is an input of this product.
    """
    width, out = shape.linears()["down_proj"]
    if learns and learning.rank is not None and "down_proj" in learning.targets:
        return 2 * learning.rank * out
    return 2 * width * out


def shape_of(model: record.Model) -> DecoderShape:
    """Return the shape of a result's model.

    Raises:
        NotCounted: it routes between experts.
    """
    if (model["experts"] or 1) > 1:
        raise NotCounted("FLOPs of a mixture of experts depend on its routing")
    return DecoderShape(
        model["layers"], model["hidden"], model["heads"], model["kv_heads"], model["head_dim"],
        model["mlp"], model["vocab"], model["gated"],
    )  # fmt: skip


def learning_of(method: record.Method) -> Learning:
    """Return what learns under a result's method.

    LLaMA Factory checkpoints only layers that learn and lets the backward pass stop at the lowest
    of them; under adapters all layers learn, and the first one's input requires a gradient.

    Raises:
        NotCounted: there is no formula for the method or the stage.
    """
    kind, objective = method["finetuning_type"], objective_of(method)
    if objective is None:
        raise NotCounted(f"no FLOPs formula for stage {method['stage']}")
    checkpointing, reentrant = method["gradient_checkpointing"], method["reentrant"]
    passes, references = objective.passes, objective.references
    head_learns = objective.head_learns
    whole = frozenset(method.get("whole_modules") or ())
    if any("norm" not in name for name in whole - {HEAD, EMBEDDING, VALUE_HEAD}):
        raise NotCounted(f"no FLOPs formula where {', '.join(sorted(whole))} learn whole")
    head, embedding = HEAD in whole, EMBEDDING in whole
    if kind == "full":
        return Learning(
            head=True, embedding=True, checkpointing=checkpointing, reentrant=reentrant,
            passes=passes, references=references, head_learns=head_learns,
        )  # fmt: skip
    if kind == "freeze":
        if method["trainable_layers"] is None:
            raise NotCounted("which layers learn was not captured")
        return Learning(
            layers=frozenset(method["trainable_layers"]), head=head, embedding=embedding,
            checkpointing=checkpointing, reentrant=reentrant,
            passes=passes, references=references, head_learns=head_learns,
        )  # fmt: skip
    if kind in ("lora", "qlora"):
        if method["lora_rank"] is None:
            raise NotCounted("the rank of the adapters was not captured")
        return Learning(
            rank=method["lora_rank"], targets=_named(method["lora_targets"]),
            head=head, embedding=embedding, inputs=checkpointing, checkpointing=checkpointing,
            reentrant=reentrant, passes=passes, references=references, head_learns=head_learns,
        )  # fmt: skip
    raise NotCounted(f"no FLOPs formula for finetuning_type {kind}")


def _named(targets: Iterable[str]) -> frozenset[str]:
    """Return the linears that a list of targets names, each by its last part."""
    found = frozenset(target.rpartition(".")[2] for target in targets)
    unknown = found - {*PROJECTIONS, "all"}
    if unknown:
        raise NotCounted(f"no FLOPs formula for adapters on {', '.join(sorted(unknown))}")
    return frozenset(PROJECTIONS) if "all" in found else found


def of_micro_batches(
    shape: DecoderShape, learning: Learning, batches: Iterable[list[int]], attention: Attention
) -> Flops:
    """Return the FLOPs of a result's micro-batches: what is fed, padding included.

    They grow with tokens and squares alone, so that those of all batches are those of their sums.
    """
    tokens = squared = 0
    for rows, length, _real, _loss, squares in batches:
        tokens, squared = tokens + rows * length, squared + squares
    return of_batch(shape, learning, tokens, squared, attention)

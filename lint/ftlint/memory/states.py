"""What lies on a GPU between steps: weights, what learns of them, and the optimizer's states."""

from __future__ import annotations

from functools import lru_cache

from ftlint.memory.manner import FULL, HALF
from ftlint.memory.shape import Unknown
from ftlint.memory.sharding import HOST, divided
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.method import Method
    from ftlint.memory.shape import Linear, Shape

BLOCK, NESTED, STATE_BLOCK = 64, 256, 256
"""bitsandbytes: numbers that share a scale in 4 bit, scales that share one in turn, and numbers of
an optimizer's state that share one in 8 bit."""


class Optimizer(NamedTuple):
    """Bytes of state for a number that learns, in float32 or half, and what a step takes besides.

    `factored`: rows and columns instead of a number each. `stepping`: copies of all that learns in
    a step; where matrices are stepped over one by one, of the largest: `single`. `embedded`: bytes
    of a number of the embedding, where it has others.
    """

    wide: float
    narrow: float
    stepping: int = 0
    factored: bool = False
    single: int = 0
    embedded: float | None = None


_QUANTIZED = 2 * (1 + FULL / STATE_BLOCK)
OPTIMIZERS = {
    "adamw_torch_fused": Optimizer(8, 4),
    "adamw_torch": Optimizer(8, 4, stepping=1),
    "adamw_apex_fused": Optimizer(8, 8),
    "sgd": Optimizer(0, 0),
    "rmsprop": Optimizer(4, 2, stepping=1),
    "adagrad": Optimizer(4, 2, stepping=2),
    "adafactor": Optimizer(0, 0, factored=True, single=2),
    "lion_32bit": Optimizer(4, 4),
    "adamw_bnb_8bit": Optimizer(_QUANTIZED, _QUANTIZED, embedded=8),
    "adamw_8bit": Optimizer(_QUANTIZED, _QUANTIZED, embedded=8),
    "lion_8bit": Optimizer(_QUANTIZED / 2, _QUANTIZED / 2, embedded=4),
    "paged_adamw_32bit": Optimizer(8, 8),
    "paged_adamw_8bit": Optimizer(_QUANTIZED, _QUANTIZED, embedded=8),
}
"""By the value of `optim`. Source: torch/optim [2.11] (the foreach form makes a copy of what it
takes the root of, that of Adagrad of gradients too), transformers/optimization.py (Adafactor
squares a gradient and adds to that), bitsandbytes/optim, transformers/trainer.py create_optimizer
(states of 8 bit are of 32 for an embedding, but not in the flat parts that ZeRO makes)."""


class States(NamedTuple):
    """Bytes by what they are; `learning` is how many numbers learn."""

    weights: int
    adapters: int
    gradients: int
    optimizer: int
    learning: int
    stepping: int
    cast: int
    """Half-precision copies that autocast makes of weights in float32, for one forward pass."""
    scales: int = 0
    """Of the weights: those of quantized ones."""


def frozen_linear(one: Linear, method: Method) -> int:
    """Return the bytes of a frozen linear of a layer, quantized or not."""
    bias = one.out * method.width if one.bias else 0
    numbers = one.into * one.out
    if method.bits < 16:
        return numbers * method.bits // 8 + _scales(one, method) + bias
    return numbers * method.width + bias


def _scales(one: Linear, method: Method) -> int:
    """Return the bytes of what a quantized linear is scaled by."""
    if method.bits == 4:
        scales = -(-one.into * one.out // BLOCK)
        return scales + -(-scales // NESTED) * FULL if method.double_quantized else scales * FULL
    return one.out * FULL if method.bits == 8 else 0


def adapter_size(shape: Shape, method: Method) -> int:
    """Return how many numbers the adapters of a layer hold."""
    adapted = [one for one in shape.linears if one.name in method.targets]
    if method.rotation is not None:
        return sum(method.rotation.numbers(one.into) for one in adapted)
    return sum(
        (one.into + one.out) * method.rank + (one.out if method.dora else 0) for one in adapted
    )


@lru_cache(maxsize=1024)
def states(shape: Shape, method: Method) -> States | Unknown:
    """Return what lies there once the optimizer has made its first step."""
    kind = OPTIMIZERS.get(method.optimizer)
    if kind is None:
        return Unknown(f"what `optim: {method.optimizer}` keeps is not known to ftlint")
    wide = method.learning_width
    if method.kind == "block":
        # One layer learns: BAdam holds a master of it in float32, and steps on that.
        layer = shape.layer_size
        return States(
            shape.size * method.width, 0, layer * wide, int(layer * (FULL + kind.wide)), layer,
            layer * FULL, 0,
        )  # fmt: skip
    held = _held(shape, method)
    weights, learning = held.weights, held.learning
    adapters = learning * wide if method.adapts else 0
    cast = held.cast * HALF if method.autocast and wide == FULL else 0
    if kind.factored and method.sharding.divides:
        return Unknown(
            f"what `optim: {method.optimizer}` keeps of a divided model is not known to ftlint"
        )
    per = kind.wide if wide == FULL or method.sharding.divides else kind.narrow
    state = _factored(shape, method) if kind.factored else int(learning * per)
    if kind.embedded is not None and method.embedding_learns and not method.sharding.divides:
        state += int(shape.embedding_size * (kind.embedded - per))
    # In half precision gradient and matrix are widened as well.
    single = kind.single + (2 if kind.single and wide == HALF else 0)
    stepping = learning * wide * kind.stepping + _largest(shape, method) * FULL * single
    if method.projection is not None:
        state, stepping = _projected(shape, method, learning)
    found = States(
        weights, adapters, learning * wide, state, learning, stepping, cast,
        shape.layers * sum(_scales(one, method) for one in shape.linears),
    )  # fmt: skip
    if method.sharding.divides:
        found = divided(method, found)
    # A reference is a frozen copy of the model, as LLaMA Factory loads it.
    frozen = weights if method.adapts else shape.size * method.width
    copy = frozen if method.reference_weights else 0
    return found._replace(weights=found.weights + copy)


class _Held(NamedTuple):
    """Bytes of the model's own weights; how many numbers learn, and how many autocast copies."""

    weights: int
    learning: int
    cast: int


def _held(shape: Shape, method: Method) -> _Held:
    """Return what is held of a model of which all, some layers or adapters learn."""
    layers, wide = shape.layers, method.learning_width
    linear = sum(one.size for one in shape.linears)
    if method.kind == "full":
        cast = layers * linear + shape.embedding_size
        return _Held(shape.size * wide, shape.size, cast)
    norm_width = FULL if method.upcast_norms else method.width
    frozen_layer = sum(frozen_linear(one, method) for one in shape.linears)
    frozen_layer += shape.norm_size * norm_width
    ends = {"embed_tokens": shape.embedding_size}
    if not shape.tied:
        ends["lm_head"] = shape.embedding_size
    if method.kind == "freeze":
        count = method.learning_layers(shape)
        learning = count * shape.layer_size
        weights = learning * wide + (layers - count) * frozen_layer + shape.hidden * norm_width
        for name, size in ends.items():
            weights += size * (wide if name in method.ends else method.width)
            learning += size if name in method.ends else 0
        return _Held(weights, learning, count * linear)
    adapters = layers * adapter_size(shape, method)
    weights = layers * frozen_layer + sum(ends.values()) * method.width
    weights += shape.hidden * norm_width
    # peft copies each module that it is to save, also those that share their weight.
    learning = adapters + len(method.ends) * shape.embedding_size
    # Autocast copies the matrices of LoRA; a rotation is computed.
    return _Held(weights, learning, adapters if method.rotation is None else 0)


def host_bytes(shape: Shape, method: Method) -> int | None:
    """Return what the processes of one node's worth of this run put on the host, if anything."""
    how, held = method.sharding, states(shape, method._replace(sharding=method.sharding._replace(
        optimizer_offloaded=False, parameters_offloaded=False)))  # fmt: skip
    if isinstance(held, Unknown) or not (how.optimizer_offloaded or how.parameters_offloaded):
        return None
    found = 0
    if how.optimizer_offloaded:
        # `held` has the masters among the states of the optimizer.
        found += (held.optimizer + how.part(held.learning) * (HOST - FULL)) * how.world
    if how.parameters_offloaded:
        found += shape.size * method.width
    return found


def _largest(shape: Shape, method: Method) -> int:
    """Return the numbers of the largest matrix that learns."""
    if method.kind == "full" or method.ends:
        return shape.embedding_size
    if method.adapts:
        return max(max(one.into, one.out) * method.rank for one in shape.linears)
    return max(one.into * one.out for one in shape.linears)


def _projected(shape: Shape, method: Method, learning: int) -> tuple[int, int]:
    """Return the bytes of states of which those of some matrices are projected, and of a step.

    Each number has two states, and in a step two copies of the largest matrix are made.
    """
    projection, wide = method.projection, method.learning_width
    assert projection is not None
    layers = method.learning_layers(shape)
    chosen = [one for one in shape.linears if one.name in projection.targets]
    plain = learning - layers * sum(one.into * one.out for one in chosen)
    state = 2 * plain * wide + layers * sum(projection.state(one, wide) for one in chosen)
    # The copies of the embedding have names until the first matrix has been projected.
    vectors = [projection.decomposed(one) for one in chosen] or [0]
    matrix = max(one.into * one.out for one in shape.linears)
    copies = 2 * _largest(shape, method) * wide
    return state, max(copies + vectors[0], 2 * matrix * wide + max(vectors))


def _factored(shape: Shape, method: Method) -> int:
    """Return the bytes of Adafactor's rows and columns."""
    if method.kind == "lora":
        each = sum(
            one.into + one.out + 2 * method.rank
            for one in shape.linears if one.name in method.targets
        )  # fmt: skip
        return shape.layers * each * FULL
    each = sum(one.into + one.out for one in shape.linears) + shape.norm_size
    ends = 0 if method.kind == "freeze" else (shape.vocab + shape.hidden) * (1 if shape.tied else 2)
    return (method.learning_layers(shape) * each + ends) * FULL

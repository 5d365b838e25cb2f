"""The moments of a step that can be its peak, and what each of them holds by part."""

from __future__ import annotations

from ftlint.memory.costs import layer_cost
from ftlint.memory.loss import EVALUATED, head_of, loss_moments, widened
from ftlint.memory.manner import FULL, HALF, Batch
from ftlint.memory.moment import Moment
from ftlint.memory.shape import Unknown
from ftlint.memory.sharding import Division, division
from ftlint.memory.states import states
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.method import Method
    from ftlint.memory.shape import Shape
    from ftlint.memory.states import States

WORKSPACE = 76 << 20
"""What cuBLAS and cuBLASLt take of the allocator for themselves, 32 MiB each on compute capability
9.0, and what rounding adds. Source: aten/cuda/CublasHandlePool.cpp [2.11]; it is 77 to 82 MB in
docs/benchmarks/raw."""


def training_moments(shape: Shape, method: Method, batch: Batch) -> list[Moment] | Unknown:
    """Return the moments of a training step."""
    held = states(shape, method)
    return held if isinstance(held, Unknown) else _moments(shape, method, batch, held)


def evaluation_moments(shape: Shape, method: Method, batch: Batch) -> list[Moment] | Unknown:
    """Return the moments of an evaluation between two steps."""
    held = states(shape, method)
    if isinstance(held, Unknown):
        return held
    batch = batch._replace(rows=batch.rows * method.rows_factor)
    tokens, width = batch.tokens, method.residual_width()
    logits = method.compute_width
    cached = 2 * shape.kv_size * HALF * tokens * shape.layers if method.caches else 0
    hidden = tokens * shape.hidden * width
    inside = hidden + layer_cost(shape, method.manner(), batch, width).plain
    apart = _division(shape, method, held)
    base = _base(method, held, batch, apart)._replace(gradients=apart.standing)
    per = logits + (FULL if logits == HALF else 0)
    copies = held.cast
    if method.stage in ("dpo", "kto"):  # their loss is outside of what autocast wraps
        known = EVALUATED[method.stage, method.reference]
        per, copies = FULL * widened(batch, known), 0
    else:
        per += FULL
    if method.stage == "rm":
        cached += shape.layers * hidden  # what each layer gives out is asked for
    return [
        base._replace(
            name="loss", logits=tokens * shape.vocab * per, activations=hidden + copies + cached,
            buffers=base.buffers + max(apart.head, apart.loss if method.sharding.stage == 3 else 0),
        ),
        base._replace(
            name="layers", activations=inside + held.cast + cached,
            buffers=base.buffers + apart.layer,
        ),
    ]  # fmt: skip


def _division(shape: Shape, method: Method, held: States) -> Division:
    """Return what several GPUs take besides: DDP copies gradients to buckets that stay."""
    if method.sharding.divides:
        return division(shape, method, held)
    buckets = held.gradients if method.sharding.world > 1 else 0
    return Division(always=buckets, accumulated=held.gradients)


def _base(method: Method, held: States, batch: Batch, apart: Division) -> Moment:
    """Return what is there all the time."""
    mask = 0
    if batch.masked and method.attention == "sdpa":
        mask = batch.rows * batch.length**2
    elif method.attention == "eager":
        mask = batch.rows * batch.length**2 * HALF
    kept = apart.standing + (apart.accumulated if method.accumulation > 1 else 0)
    return Moment(
        "", held.weights, held.adapters, kept, held.optimizer, 0, 0,
        WORKSPACE + mask + apart.always,
    )  # fmt: skip


def _moments(shape: Shape, method: Method, batch: Batch, held: States) -> list[Moment]:
    batch = batch._replace(rows=batch.rows * method.rows_factor)
    width = method.residual_width()
    apart = _division(shape, method, held)
    base = _base(method, held, batch, apart)
    accumulated = method.accumulation > 1 or apart.passed
    way = _back(shape, method, batch, accumulated=bool(accumulated))
    through = method.learning_layers(shape)
    entry = batch.tokens * shape.hidden * width
    between = way.waiting(through)
    ends = head_of(shape, method, batch)
    gathered = base._replace(buffers=base.buffers + apart.loss)
    loss = loss_moments(shape, method, batch, gathered, held, between, ends)
    # The gradient of a head that is the embedding too waits for that of the embedding.
    grown = ends.gradients if shape.tied or not accumulated else 0
    per_layer = apart.each
    if per_layer is None:
        per_layer = 0 if accumulated else way.gradients
    back = [
        base._replace(
            name=_called(number, through),
            activations=way.waiting(number) + entry + (way.inside if number else way.lowest),
            gradients=base.gradients + grown + per_layer * (through - 1 - number),
            buffers=base.buffers + buffers,
        )
        for number, buffers in _going_back(apart, through)
    ]  # fmt: skip
    if method.sharding.divides:
        others = [
            base._replace(
                name=one.name, gradients=one.gradients, buffers=base.buffers + one.buffers,
                activations=int(one.waiting * between) + entry * (one.waiting > 0),
            )
            for one in apart.moments
        ]  # fmt: skip
        return [*loss, *back, *others]
    end = base._replace(
        name="end of backward", gradients=held.gradients, activations=ends.embedding
    )
    step = base._replace(name="optimizer", gradients=held.gradients, activations=held.stepping)
    return [*loss, *back, end, step]


class _Way(NamedTuple):
    """Bytes of the layers as they go back, the lowest of them apart.

    Each of the others keeps `kept` until its turn and takes `inside` in it; the lowest keeps
    `bottom` and takes `lowest`. `gradients` of a layer stay.
    """

    kept: int
    inside: int
    bottom: int
    lowest: int
    gradients: int

    def waiting(self, layers: int) -> int:
        """Return what so many layers keep that have yet to go back."""
        return self.bottom + (layers - 1) * self.kept if layers else 0


def _back(shape: Shape, method: Method, batch: Batch, *, accumulated: bool) -> _Way:
    """Return what layers keep and take as they go back."""
    width = method.residual_width()
    entry = batch.tokens * shape.hidden * width
    layer = layer_cost(shape, method.manner(), batch, width, accumulated=accumulated)
    if method.checkpointing:
        kept = 0 if method.offloads_inputs else entry
        # Going back, a layer first goes forward again, beside the gradient of its output; what it
        # gives out then lives as long as the layer goes back.
        inside = max(layer.forward, layer.backward) + entry
    else:
        whole = layer_cost(
            shape, method.manner(), batch, width, keeps_input=True, accumulated=accumulated
        )
        kept, inside = whole.kept, layer.backward
    if method.kind != "block":
        return _Way(kept, inside, kept, inside, layer.gradients)
    # Of layers that do not learn LLaMA Factory checkpoints none, though gradients go through them.
    manner = method.manner(learning=False)
    frozen = layer_cost(shape, manner, batch, width, keeps_input=True).kept
    through = layer_cost(shape, manner, batch, width).backward
    return _Way(frozen, through, kept, inside, 0)


def _going_back(apart: Division, through: int) -> list[tuple[int, int]]:
    """Return the layers, by number, that can be the peak as they go back, and the buffers then."""
    if apart.each_back:
        return [*enumerate(apart.each_back[-through:])]
    return [(through - 1, apart.top), (0, apart.bottom)]


def _called(number: int, through: int) -> str:
    """Return what a layer is called of as many as go back."""
    if number in (0, through - 1):
        return "top layer" if number else "bottom layer"
    return f"layer {number + 1} of {through}"

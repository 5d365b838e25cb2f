"""The moments at the loss: logits, their copies and gradients, and what comes before them."""

from __future__ import annotations

from ftlint.memory.manner import FULL, HALF
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.manner import Batch
    from ftlint.memory.method import Method
    from ftlint.memory.moment import Moment
    from ftlint.memory.shape import Shape
    from ftlint.memory.states import States


class Ends(NamedTuple):
    """Bytes of what comes after the layers: norm and head."""

    kept: int
    copied: int
    gradients: int
    embedding: int
    """The gradient of a tied embedding, at the end, before it is added to that of the head."""


def head_of(shape: Shape, method: Method, batch: Batch) -> Ends:
    """Return what the last norm and the head keep and leave."""
    tokens, width, size = batch.tokens, method.residual_width(), shape.embedding_size
    learns = method.kind == "full" or "lm_head" in method.ends
    # The norm keeps what comes in: widened where that is in half precision, but not by Liger.
    normed = tokens * shape.hidden * (width if method.liger else FULL)
    kept = normed + tokens * FULL
    if method.kind == "full" and not method.liger:
        kept += tokens * shape.hidden * width
    if learns:
        kept += tokens * shape.hidden * HALF if width == FULL and method.autocast else 0
    copied = size * HALF if learns and method.autocast and method.learning_width == FULL else 0
    tied = method.kind == "full" and shape.tied
    return Ends(
        kept, copied, size * method.learning_width if learns else 0,
        size * method.learning_width if tied else 0,
    )  # fmt: skip


def loss_moments(
    shape: Shape,
    method: Method,
    batch: Batch,
    base: Moment,
    held: States,
    between: int,
    ends: Ends,
) -> list[Moment]:
    """Return the moments at the loss."""
    tokens, vocab = batch.tokens, shape.vocab
    logits = FULL if method.upcast_logits else method.compute_width
    wide = FULL if logits == HALF else 0
    # Without checkpointing the layers keep the copies that autocast made of their weights.
    caches = held.cast if method.checkpointing else ends.copied
    inside = between + ends.kept
    if method.fuses_loss(shape):
        return [_fused(shape, method, batch, base, inside + caches, ends)]
    made = tokens * vocab
    if method.stage == "rm":  # the labels are handed over, so the model makes a loss of its own
        return [
            base._replace(
                name="logits", activations=inside + caches, logits=made * (logits + wide + FULL)
            )
        ]
    capped = logits if shape.final_softcap else 0  # what tanh gave out, for its gradient
    if method.stage in ("dpo", "kto"):
        kept = base._replace(activations=inside + ends.copied, logits=made * capped)
        return _preference(method, batch, kept, made)
    if method.liger and method.stage in ("sft", "pt"):
        # A kernel of the loss alone, which writes the gradient over the logits in float32. They are
        # widened once more outside of the model, where autocast has let go of its copies.
        return [
            base._replace(name="loss", activations=inside + caches, logits=made * (logits + wide)),
            base._replace(
                name="logits", activations=inside + ends.copied,
                logits=made * (logits + wide + FULL),
            ),
        ]  # fmt: skip
    own = tokens * shape.hidden * method.residual_width()  # has a name while the model runs
    forward = base._replace(
        name="loss",
        activations=inside + caches + own,
        logits=made * (logits + capped + wide + FULL),
    )
    backward = base._replace(
        name="gradient of the loss", activations=inside + ends.copied,
        logits=made * (3 * FULL + capped),
    )  # fmt: skip
    after = base._replace(
        name="gradient of the head", activations=inside + ends.copied,
        logits=made * HALF, gradients=base.gradients + ends.gradients + ends.copied,
    )  # fmt: skip
    return [forward, backward, *([after] if ends.gradients else [])]


def _preference(method: Method, batch: Batch, kept: Moment, made: int) -> list[Moment]:
    """Return the moments of a loss over log-probabilities, outside of what autocast wraps."""
    copies = widened(batch, _PAIRED[method.stage, method.reference])
    return [
        kept._replace(name=name, logits=kept.logits + made * FULL * count)
        for name, count in (("reference", copies), ("gradient of the loss", 3))
    ]


_PAIRED = {
    ("dpo", True): 5, ("dpo", False): 3, ("kto", True): 6, ("kto", False): 5,
}  # fmt: skip
"""Copies of the logits in float32 at once, by stage and whether a reference goes forward.

The policy's logits are held for their mean, and their log-softmax for the gradient, while the
reference makes its own; log_softmax first copies a view of them, on the GPU. KTO holds its logits
apart as chosen and rejected, and goes forward over mismatched answers besides. Source:
train/dpo/trainer.py, train/kto/trainer.py [0.9.5], aten/native/cuda/SoftMax.cu [2.11]."""
EVALUATED = {
    ("dpo", True): 4, ("dpo", False): 3, ("kto", True): 5, ("kto", False): 4,
}  # fmt: skip
"""The same in an evaluation, which keeps no log-softmax for a gradient."""


def widened(batch: Batch, copies: int) -> int:
    """Return how many of such copies a batch has: the view of a single row is not copied."""
    return copies - (batch.rows == 1)


def _fused(
    shape: Shape, method: Method, batch: Batch, base: Moment, inside: int, ends: Ends
) -> Moment:
    """Return the moment of Liger's fused loss: logits a chunk at a time, gradients at once.

    Source: liger_kernel/ops/fused_linear_cross_entropy.py [0.8.5].
    """
    tokens = batch.tokens
    split = -(-shape.vocab // shape.hidden)
    chunk = 1 << max(0, (-(-tokens // split) - 1).bit_length())
    chunk = min(chunk, tokens)
    # A head in float32 is copied to half precision for each chunk; its gradient is added up in
    # place, in float32. It is a new one even where gradients are accumulated.
    gradient = ends.gradients + ends.copied
    own = tokens * shape.hidden * method.residual_width()
    return base._replace(
        name="loss", activations=inside + own, logits=chunk * shape.vocab * HALF,
        gradients=base.gradients + gradient,
    )  # fmt: skip

"""What a run writes: checkpoints, and the model that is exported of it."""

from __future__ import annotations

from ftlint.memory.manner import HALF
from ftlint.memory.shape import Unknown
from ftlint.memory.states import states
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.method import Method
    from ftlint.memory.shape import Shape


class Storage(NamedTuple):
    """Bytes of one checkpoint, of all that are kept with the final model, of the merged export."""

    checkpoint: int
    kept: int | None
    export: int | None


def storage(shape: Shape, method: Method, kept: int | None, *, only_model: bool) -> Storage:
    """Return what a run writes, but for the tokenizer; `kept` checkpoints stay.

    Parameters are saved in the dtype in which they learn, and of adapters only these; optimizer
    states beside them, unless only the model is saved.
    """
    held = states(shape, method._replace(reference_weights=False))
    if isinstance(held, Unknown):
        return Storage(0, None, None)
    adapts = method.adapts
    wide = method.learning_width
    model = held.learning * wide
    if not adapts:
        model += (shape.size - held.learning) * method.width
    optimizer = 0 if only_model else held.optimizer
    if method.sharding.divides:  # each process saves its part
        optimizer *= method.sharding.world
    checkpoint = model + optimizer
    export = shape.size * HALF if adapts else None
    return Storage(checkpoint, None if kept is None else kept * checkpoint + model, export)

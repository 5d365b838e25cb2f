"""What attention is expected to cost beside the linear layers, by the FLOPs of the model.

The measured shapes of a calibration hardly tell the two apart: attention is a twentieth of the work
of an 8B model on rows of 2,048 tokens, but a fifth on 8,192. So their FLOPs say what the
one costs for the other, and the measurements only how far kernels differ from that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.analysis.flops import PROJECTIONS, Learning, NotCounted, of_batch, shape_of
from ftbench.objective import objective_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.results.record import Model


class Attention(NamedTuple):
    """Seconds of a squared position over those of a position; `unsure`: by what share of it."""

    ratio: float
    unsure: float


FUSED, MASKED = (0.33, 0.35), (1.0, 0.6)
"""Seconds for a FLOP of attention over those for one of a linear layer, squares counted in full.

Fused kernels leave out what a causal mask hides, those that take a mask of padding do not. Eleven
calibrations of 8B models without a mask came to 0.21 to 0.51, six of 0.5B models with one to 0.6 to
2.4 (docs/benchmarks/raw)."""
FUSES_PADDING = ("fa2", "fa3")
"""Implementations that take padding out instead of masking it."""


def expected(model: Model | None, key: Mapping[str, Any]) -> Attention | None:
    """Return what is expected for a calibration's model and key; None where FLOPs are not told."""
    learning = _learning(key)
    if model is None or learning is None or key.get("attention") == "eager":
        return None
    try:
        shape = shape_of(model)
    except (NotCounted, KeyError, TypeError):
        return None
    if learning.layers is not None:
        count = key["learning_layers"][0]
        if not isinstance(count, int):
            return None
        learned = range(shape.layers)[-count:] if count > 0 else range(shape.layers)[:-count]
        learning = replace(learning, layers=frozenset(learned))
    positions = of_batch(shape, learning, 1, 0, "full").hardware
    squares = of_batch(shape, learning, 0, 1, "full").hardware
    masked = key.get("masked", True) and key.get("attention") not in FUSES_PADDING
    slower, unsure = MASKED if masked else FUSED
    return Attention(slower * squares / positions, unsure)


def _learning(key: Mapping[str, Any]) -> Learning | None:
    """Return what learns by a key: the ranks of adapters hardly matter here."""
    objective = objective_of(key)
    if objective is None:
        return None
    common: dict[str, Any] = {
        "checkpointing": bool(key.get("checkpointing", True)), "passes": objective.passes,
        "references": objective.references, "head_learns": objective.head_learns,
    }  # fmt: skip
    if key.get("method") == "full":
        return Learning(head=True, embedding=True, **common)
    if key.get("method") == "freeze":
        return Learning(layers=frozenset(), **common)
    rank, targets = 8, frozenset(PROJECTIONS)
    return Learning(rank=rank, targets=targets, inputs=common["checkpointing"], **common)

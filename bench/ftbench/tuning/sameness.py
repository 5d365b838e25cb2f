"""Whether a candidate learns the same: loss and gradient of the same steps, within rounding."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftbench.results.record import Trace

HALF = {"sft": (0.005, 0.05), "pt": (0.005, 0.05)}
HALF_OF_PAIRS = (0.05, 0.1)
WHOLE = (0.001, 0.01)
"""By how much losses and gradient norms may differ, in relative terms: with bf16 or fp16, by stage,
and with 32 bit. A pair's loss is made of the difference of two long sums: on an H200 DPO's were 1.1
to 2.4 % apart where the split of the batch alone differed, 3.2 to 4.3 % with Liger as well
(docs/benchmarks/raw/2026-11-30-h200-tune)."""
LEAST = 0.1
"""A loss below it is compared as if it were so large."""


class Sameness(NamedTuple):
    """How far losses and gradient norms are apart, what is allowed, and whether they are alike.

    `same` is None where there was nothing to compare.
    """

    same: bool | None
    loss: float | None
    gradient: float | None
    allowed: tuple[float, float]
    steps: int


def compare(
    written: Sequence[Trace], other: Sequence[Trace], *, stage: str, half: bool
) -> Sameness:
    """Return how alike the steps are that both have: the largest difference of the losses, and the
    middle one of the gradient norms, since a norm near zero differs by chance.
    """
    allowed = HALF.get(stage, HALF_OF_PAIRS) if half else WHOLE
    losses = [_apart(one, two, "loss", LEAST) for one, two in zip(written, other)]
    norms = [_apart(one, two, "gradient_norm", 0.0) for one, two in zip(written, other)]
    loss = max((one for one in losses if one is not None), default=None)
    known = [one for one in norms if one is not None]
    norm = median(known) if known else None
    same = None
    if loss is not None:
        same = loss <= allowed[0] and (norm is None or norm <= allowed[1])
    return Sameness(same, loss, norm, allowed, sum(one is not None for one in losses))


def _apart(one: Trace, other: Trace, name: str, least: float) -> float | None:
    before, after = one.get(name), other.get(name)
    if not isinstance(before, float) or not isinstance(after, float):
        return None
    size = max(abs(before), abs(after), least)
    return abs(after - before) / size if size else 0.0

"""What a candidate's step is expected to take: the law of a step, fitted to what was tried so far.

It decides only what is tried first. The law (`calibration.cost_model`) has the host's floor and
the price of a token; micro-batches of all trials are its points, brought to one setting by what
checkpointing and Liger usually save.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ftbench.calibration.cost_model import CostModel, Point, fit
from ftbench.calibration.design import up
from ftbench.runners.chosen_rows import BEFORE, order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ftbench.results.record import Step
    from ftbench.runners.protocol import Sample
    from ftbench.tuning.candidate import Candidate

RECOMPUTED = 4 / 3
"""With checkpointing the forward pass is made twice: 4 units of work in place of 3."""
FUSED, FLASH = 0.93, 0.95
"""What Liger's kernels and FlashAttention take of a step without them, about."""

DISTURBED = 2.0
"""A shape that takes so many times what a larger one takes was disturbed by the host."""


class Law(NamedTuple):
    """The price of a micro-batch without checkpointing, Liger or FlashAttention; beside it `rest`
    seconds of a step. `lengths` are the rows of a trial in their order.
    """

    cost: CostModel
    rest: float
    lengths: tuple[int, ...]

    def seconds(self, candidate: Candidate) -> float:
        """Return what a step is expected to take."""
        rows = candidate.batch
        shapes = [
            (rows, up(max(self.lengths[at : at + rows])))
            for at in range(0, len(self.lengths) - rows + 1, rows)
        ]
        if not shapes:
            return float("inf")
        whole = sum(self.cost.seconds(*shape) for shape in shapes) / len(shapes)
        return self.rest + candidate.accumulation * whole * factor(candidate)


def factor(candidate: Candidate) -> float:
    """Return what a setting takes over one without checkpointing, Liger and FlashAttention."""
    found = RECOMPUTED if candidate.checkpointing else 1.0
    found *= FUSED if candidate.liger else 1.0
    return found * (FLASH if candidate.attention == "fa2" else 1.0)


def by_memory(candidate: Candidate) -> float:
    """Return what puts candidates in the order of their memory: where nothing could be timed."""
    return candidate.batch / factor(candidate) * (1 if candidate.liger else 2)


def law(
    tried: Iterable[tuple[Candidate, Sequence[Step]]], lengths: Sequence[int], sample: Sample
) -> Law | None:
    """Return the law by the timed steps of what was tried; None where nothing was."""
    points: dict[tuple[int, int], list[float]] = defaultdict(list)
    rests: list[float] = []
    for candidate, steps in tried:
        for step in steps:
            each = step.get("each") or []
            for shape, seconds in zip(step["micro_batches"], each):
                points[shape[0], shape[1]].append(seconds / factor(candidate))
            rests.append(max(0.0, step["seconds"] - sum(each)))
    if not points:
        return None
    cost = fit(undisturbed([Point(*shape, tuple(seconds)) for shape, seconds in points.items()]))
    places = order(lengths, sample)[BEFORE * sample["per_step"] :]
    return Law(cost, min(rests), tuple(lengths[at] for at in places))


def undisturbed(points: Sequence[Point]) -> list[Point]:
    """Return the points without those far slower than one of as many rows or more, as long.

    A trial has most shapes once, and a host that stops at one of them would bend the law by it: a
    step of 0.6 s was expected to take 34 s (docs/benchmarks/raw/2026-11-30-h200-tune-2).
    """

    def least(one: Point) -> float:
        return min(
            other.typical
            for other in points
            if other.rows >= one.rows and other.length >= one.length
        )

    return [one for one in points if one.typical <= DISTURBED * least(one)]

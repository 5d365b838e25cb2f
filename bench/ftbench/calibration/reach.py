"""How far beyond a config's own batch and length a calibration goes: what memory and time allow.

Users go from a config that runs to twice or half its batch and length. Half lies inside what is
measured anyway; of twice as much the largest part is measured that fits the GPU and the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ftbench.calibration.design import ONCE, TIMED, design, fewer, lengths
from ftbench.calibration.points import fresh, seconds_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftbench.calibration.design import Design
    from ftbench.results.record import Result

WHOLE, LEAST = 110.0, 12.0
"""What a calibration may take, all told, and its steps over the shapes in any case."""
FEWER, FEWEST = 2, 1
"""Steps of a shape that are timed where there is less time, and at least."""
FEWEST_ONCE = 5
"""Shapes that come once at least, where batches differ in length."""

Shape = tuple[int, int]


class Question(NamedTuple):
    """What is to be calibrated: `design`'s arguments, and whether longer rows or more may come."""

    batch: int
    length: int
    shortest: int | None
    each: int = 1
    longer: bool = True
    more: bool = True


def choose(
    question: Question,
    seconds: Callable[[Shape], float],
    fits: Callable[[Shape], bool],
    micro_batches: int,
    budget: float,
) -> Design:
    """Return the shapes that reach farthest in the time.

    Args:
        question: the config's own.
        seconds: what a micro-batch of a shape takes, roughly.
        fits: whether a shape fits into the memory.
        micro_batches: of a step.
        budget: seconds that the steps over the shapes may take.
    """
    for beyond in filter(lambda shapes: all(map(fits, shapes)), _beyond(question)):
        for timed, once in ((TIMED, ONCE), (FEWER, ONCE), (FEWER, FEWEST_ONCE)):
            made = _design(question, beyond, timed, once)
            if micro_batches * made.cost(seconds) <= budget:
                return made
    return _design(question, (), FEWEST, FEWEST_ONCE, sparse=True)


def _design(
    question: Question, beyond: tuple[Shape, ...], timed: int, once: int, *, sparse: bool = False
) -> Design:
    batch, length, shortest, each, *_ = question
    return design(
        batch, length, shortest, each=each, beyond=beyond, timed=timed, once=once, sparse=sparse
    )


def _beyond(question: Question) -> Iterator[tuple[Shape, ...]]:
    """Yield larger shapes, from far to near, none at last."""
    batch, length, shortest, each, longer, more = question
    _, middle, _ = lengths(length, shortest)
    wide = ((2 * batch, middle),) if more else ()
    if longer:
        yield ((batch, 2 * length), *wide)
        yield ((fewer(batch, each), 2 * length), *wide)
    elif more:
        yield ((2 * batch, length),)
    yield wide
    if wide:
        yield ()


def budget(spent: float, real: Result, *, prepared: bool = True) -> float:
    """Return the seconds left for the steps over the shapes, after their process has started.

    `spent` are the seconds of the calibration so far; `prepared`: whether that process finds the
    rows as `real` has left them, or prepares them anew.
    """
    phases = real["phases"]
    starting = 0.0
    if phases is not None and phases["wall"] is not None:
        stepping = (phases["first_step"] or 0.0) + (phases["after_first"] or 0.0)
        starting = phases["wall"] - stepping - ((phases["data"] or 0.0) if prepared else 0.0)
    return max(LEAST, WHOLE - spent - starting)


def price_by(real: Result) -> Callable[[Shape], float]:
    """Return what a micro-batch of a shape takes, roughly, by steps over the config's own rows."""
    steps = [step for step, new in fresh(real["steps"]) if not new] or real["steps"][1:]
    times = [(sum(seconds_each(step)), _tokens(step["micro_batches"])) for step in steps]
    price = sum(took for took, _ in times) / max(1, sum(tokens for _, tokens in times))
    least = min((took for took, _ in times), default=0.0) / 2
    return lambda shape: max(least, price * shape[0] * shape[1])


def _tokens(batches: list[list[int]]) -> int:
    return sum(rows * length for rows, length, *_ in batches)

"""What to try next: a leap to where the law expects most, then one axis at a time from the best.

A trial costs 10 to 40 s of a budget of 300, so that of some sixteen to a hundred candidates eight
or ten can be tried. Halving many at a time would spend most of it on starting processes. The axes
are nearly independent: each saves a share of the time whatever the others are. What ties two of
them is memory (without checkpointing a smaller batch fits), so those two are also moved together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ftbench.tuning.axes import Axis
    from ftbench.tuning.candidate import Candidate

HOPELESS = 1.5
"""What is expected to take so many times as long as the best is not tried."""
LATE_GAIN = 0.03
"""By how much faster what differs in a late axis must be: these save little, so that most of what
is seen of them is chance, and who forgets the allocator's variable may run out of memory."""
ALIKE = 0.01
"""Candidates whose times differ by less are as fast: the one that changes least is taken."""
NEAR, MOST = 1.1, 3
"""The finalists are what took at most so many times as long as the best, and so many of them: on a
host that is slow for a while a step took 15 % longer than the same one at another time."""


class Tried(NamedTuple):
    """A candidate with the seconds of its step; None where it may not be taken.

    `full`: there was no memory for it.
    """

    candidate: Candidate
    seconds: float | None
    full: bool = False


class Space(NamedTuple):
    """All candidates: `written` and what differs from it by the axes, where `allows` says yes."""

    written: Candidate
    axes: tuple[Axis, ...]
    allows: Callable[[Candidate], bool]

    def everything(self) -> Iterator[Candidate]:
        """Yield all combinations of the axes, what is written among them."""
        found = [self.written]
        for axis in self.axes:
            found = [_with(one, axis.name, value) for one in found for value in axis.values]
        yield from found

    def neighbours(self, one: Candidate) -> Iterator[Candidate]:
        """Yield what differs in one axis, or in checkpointing and a step of the batch.

        Each with and without expandable segments: memory decides which of them is allowed.
        """
        by_name = {axis.name: axis for axis in self.axes}
        found = [moved for axis in self.axes for moved in _moves(axis, one)]
        if {"batch", "checkpointing"} <= by_name.keys():
            other = one._replace(checkpointing=not one.checkpointing)
            found += _moves(by_name["batch"], other)
        if "segments" in by_name:
            found += [moved._replace(segments=not moved.segments) for moved in found]
        yield from (moved for moved in dict.fromkeys(found) if moved != one)

    def is_late(self, one: Candidate) -> bool:
        """Return whether a candidate differs from the config in a late axis."""
        return any(
            axis.late and getattr(one, axis.name) != getattr(self.written, axis.name)
            for axis in self.axes
        )


def following(
    space: Space, tried: Sequence[Tried], expected: Callable[[Candidate], float]
) -> Candidate | None:
    """Return what to try next, None where nothing is left that may be faster.

    `tried` has first what is written.
    """
    found = best(space, tried)
    known = {one.candidate for one in tried}
    full = [one.candidate for one in tried if one.full]

    def open_(candidate: Candidate) -> bool:
        needs_more = any(is_larger(candidate, one) for one in full)
        return candidate not in known and not needs_more and space.allows(candidate)

    if found is None or found.candidate == space.written:
        most = expected(space.written) if found is not None else float("inf")
        leaps = [one for one in space.everything() if open_(one) and expected(one) < most]
        if leaps:
            return min(leaps, key=lambda one: (expected(one), space.is_late(one)))
    start = space.written if found is None else found.candidate
    bound = HOPELESS * expected(start)
    near = [one for one in space.neighbours(start) if open_(one) and expected(one) <= bound]
    return min(near, key=lambda one: (space.is_late(one), expected(one)), default=None)


def best(space: Space, tried: Sequence[Tried]) -> Tried | None:
    """Return the fastest of what may be taken."""
    return min(_held(tried), key=lambda one: _counted(space, one), default=None)


def chosen(
    space: Space, tried: Sequence[Tried], changes: Callable[[Candidate], int]
) -> Tried | None:
    """Return what to take: of all that are as fast as the best the one that changes least."""
    found = best(space, tried)
    if found is None:
        return None
    most = _counted(space, found) * (1 + ALIKE)
    alike = [one for one in _held(tried) if _counted(space, one) <= most]
    return min(alike, key=lambda one: (changes(one.candidate), _counted(space, one)))


def _held(tried: Sequence[Tried]) -> list[Tried]:
    return [one for one in tried if one.seconds is not None]


def _counted(space: Space, one: Tried) -> float:
    """Return the seconds of a candidate, with what a late axis has to save."""
    assert one.seconds is not None
    return one.seconds * (1 + LATE_GAIN * space.is_late(one.candidate))


def finalists(tried: Sequence[Tried]) -> list[Candidate]:
    """Return what is worth a longer look, the fastest first."""
    held = sorted(_held(tried), key=lambda one: one.seconds or 0.0)
    most = NEAR * (held[0].seconds or 0.0) if held else 0.0
    return [one.candidate for one in held if (one.seconds or 0.0) <= most][:MOST]


def is_larger(one: Candidate, other: Candidate) -> bool:
    """Return whether a candidate needs at least the memory of another, whatever the model is."""
    return (
        one.batch >= other.batch
        and one.liger <= other.liger
        and one.checkpointing <= other.checkpointing
        and one.attention == other.attention
        and one.packing >= other.packing
        and one.segments <= other.segments
    )


def _moves(axis: Axis, one: Candidate) -> Iterator[Candidate]:
    """Yield the values of an axis beside that of a candidate; batches the next ones alone."""
    value = getattr(one, axis.name)
    at = axis.values.index(value) if value in axis.values else 0
    for place, other in enumerate(axis.values):
        if other != value and (axis.name != "batch" or abs(place - at) == 1):
            yield _with(one, axis.name, other)


def _with(one: Candidate, name: str, value: object) -> Candidate:
    if name == "batch":
        assert isinstance(value, int)
        return one.with_batch(value)
    return one._replace(**{name: value})  # type: ignore[arg-type]

"""Whole numbers that are known, or known to lie between two bounds."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Count(NamedTuple):
    """An integer in [low, high]; `high` None means that no upper bound is known."""

    low: int
    high: int | None

    @property
    def exact(self) -> int | None:
        """The value when there is only one it can be."""
        return self.low if self.low == self.high else None

    def rising(self, function: Callable[[int], int]) -> Count:
        """Apply a function that never falls as its argument grows."""
        return Count(function(self.low), None if self.high is None else function(self.high))

    def at_most(self, limit: int) -> Count:
        """The smaller of this number and `limit`."""
        return Count(min(self.low, limit), limit if self.high is None else min(self.high, limit))


UNKNOWN = Count(0, None)


class Amount(NamedTuple):
    """A real number in [low, high]; `high` None means that no upper bound is known."""

    low: float
    high: float | None

    @property
    def exact(self) -> float | None:
        """The value when there is only one it can be."""
        return self.low if self.low == self.high else None


class NoPlan(NamedTuple):
    """Why there is no plan, and the key to blame where one key is to blame.

    `code` names the rule that words it: of `reason`, or in words of its own where that is empty.
    Without one, a value is none that can be reckoned with.
    """

    reason: str
    key: str | None = None
    code: str | None = None


NO_RUN = "FT204"


def no_run(reason: str, key: str | None = None) -> NoPlan:
    """Return what only this arithmetic knows: that no run comes of data, batches and launch."""
    return NoPlan(reason, key, NO_RUN)


def exactly(value: int) -> Count:
    """Return a count that is known."""
    return Count(value, value)


def total(counts: Iterable[Count]) -> Count:
    """Add counts; one without an upper bound leaves the sum without one."""
    low = 0
    high: int | None = 0
    for count in counts:
        low += count.low
        high = None if high is None or count.high is None else high + count.high
    return Count(low, high)


def least(counts: Iterable[Count]) -> Count:
    """Return the smallest of several counts."""
    known = list(counts)
    highs = [count.high for count in known if count.high is not None]
    return Count(min(count.low for count in known), min(highs) if highs else None)


def largest(counts: Iterable[Count]) -> Count:
    """Return the largest of several counts."""
    known = list(counts)
    highs = [count.high for count in known]
    top = None if None in highs else max(high for high in highs if high is not None)
    return Count(max(count.low for count in known), top)


def passes(done: Count, whole: Count) -> tuple[Count, Amount]:
    """Return how many passes over `whole` are begun by so much of it, and how many those are.

    >>> passes(exactly(25), exactly(10))
    (Count(low=3, high=3), Amount(low=2.5, high=2.5))
    """
    least = max(whole.low, 1)
    begun = Count(
        max(0 if whole.high is None else -(-done.low // max(whole.high, 1)), min(done.low, 1)),
        None if done.high is None else -(-done.high // least),
    )
    progress = Amount(
        0.0 if whole.high is None else done.low / max(whole.high, 1),
        None if done.high is None else done.high / least,
    )
    return begun, progress

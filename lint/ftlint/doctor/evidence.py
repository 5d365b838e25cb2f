"""Whether evaluations rise again at their end, or whether it is only their noise.

A likelihood-ratio test of two accounts of the same evaluations, from the first near the lowest on:

- *levelled*: they fall towards a level (exponentially, with an unknown time), and stay there;
- *risen*: they do that, and from some evaluation on they rise by some share of the level.

In both the noise of an evaluation is correlated with that of the one before: AR(1), with an
unknown scale and an unknown correlation of 0 to 0.75. Nothing is fitted: the likelihood of each
account is averaged over all that is unknown in it, every value of the lists below counting the
same (the level and the size of the fall are integrated out). So an account that could explain
anything gains nothing by it. The quotient of both averages is the evidence. Its critical value is
one number for every count of evaluations and every noise, found by simulation
(tests/doctor/noise.py): of runs that levelled off fewer than 3 % are called risen, whether their
noise is 0.2 % or 2 %, white or correlated.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Basis = tuple[list[float], list[float]]

CRITICAL = 5.0
"""Evidence from which on a rise is taken for one."""
GOING_ON = 20.0
"""The same of a run that goes on, which is looked at again and again, and may fall yet."""
NEAR = 0.1
"""The fall at the beginning, to within this much of the lowest loss, tells nothing of noise."""
FAR = 10.0
"""Above that it does not matter how far."""
LEAST, MOST = 3, 60
"""Evaluations that can be judged; of more, neighbours are averaged."""
SCALES = tuple(0.001 * 2 ** (power / 2) for power in range(12))
"""Standard deviations of the noise, as shares of the level: 0.1 % to 4.5 %."""
CORRELATIONS = (0.0, 0.3, 0.55, 0.75)
TIMES = (0.05, 0.1, 0.2, 0.4, 1.0)
"""In which the fall goes on, as shares of what was evaluated; there may be no fall, too."""
SIZE = 0.1
"""Standard deviation of the size of that fall."""
STARTS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.85)
"""Where a rise begins, as shares of what was evaluated."""
BENDS = (0.5, 1.0)
"""Exponents of a rise over time: it slackens, or goes straight on."""
RISES = (0.015, 0.025, 0.04, 0.06, 0.09, 0.14, 0.25, 0.5)
"""How far it comes until the last evaluation."""
AFTER = 1.5
"""A rise is seen in more than one evaluation."""


class Evidence(NamedTuple):
    """What evaluations show."""

    ratio: float
    """How many times likelier they are where they rose than where they levelled off."""
    noise: float
    """Standard deviation of a single one, as a share of the level, by the likelier account."""
    judged: int
    """How many they are."""

    def risen(self, *, going_on: bool = False) -> bool:
        """Return whether they rose beyond what noise does."""
        return self.ratio >= (GOING_ON if going_on else CRITICAL)


def evidence(losses: Sequence[float]) -> Evidence | None:
    """Return what finite positive losses show; None where they are too few to tell anything."""
    lowest = min(losses, default=0.0)
    if lowest <= 0:
        return None
    first = next(at for at, loss in enumerate(losses) if loss <= lowest * (1 + NEAR))
    shares = _averaged([min(loss / lowest - 1, FAR) for loss in losses[first:]])
    if len(shares) < LEAST:
        return None
    levelled, risen = _Sum(), _Sum()
    for correlation in CORRELATIONS:
        _weigh(shares, correlation, levelled, risen)
    ahead = risen.logarithm() - levelled.logarithm()
    # a large rise is never quite of the form that is assumed: what it is off by is no noise
    noise = levelled.noise() if ahead <= 0 else min(risen.noise(), _roughness(losses[first:]))
    return Evidence(math.exp(min(700.0, ahead)), noise, len(losses) - first)


def _averaged(shares: list[float]) -> list[float]:
    """Return the averages of neighbours, the last ones among themselves: few enough."""
    size = math.ceil(len(shares) / MOST)
    parts = [shares[max(0, end - size) : end] for end in range(len(shares), 0, -size)]
    return [sum(part) / len(part) for part in parts[::-1]]


def _roughness(losses: Sequence[float]) -> float:
    """Return the noise that bends a curve from one evaluation to the next, as a share of it.

    Second differences of white noise have a variance six times its own; half of them lie within
    0.67 standard deviations.
    """
    bends = [
        abs(before - 2 * one + after) / one
        for before, one, after in zip(losses, losses[1:], losses[2:], strict=False)
    ]
    return median(bends) / (math.sqrt(6) * 0.6745) if bends else math.inf


class _Sum:
    """A mean of likelihoods, of which only the logarithms can be held; by the scale of noise."""

    def __init__(self) -> None:
        self._largest = -math.inf
        self._by_scale = dict.fromkeys(SCALES, 0.0)
        self._count = 0

    def add(self, logarithms: Sequence[float], scale: float) -> None:
        """Count further likelihoods at one scale."""
        largest = max(logarithms)
        if largest > self._largest:
            shrink = math.exp(self._largest - largest)
            for known in self._by_scale:
                self._by_scale[known] *= shrink
            self._largest = largest
        top = self._largest
        self._by_scale[scale] += sum(math.exp(one - top) for one in logarithms)
        self._count += len(logarithms)

    def logarithm(self) -> float:
        """Return the logarithm of the mean."""
        return self._largest + math.log(sum(self._by_scale.values()) / self._count)

    def noise(self) -> float:
        """Return the mean scale, each weighted by its likelihood."""
        whole = sum(self._by_scale.values())
        return sum(scale * part for scale, part in self._by_scale.items()) / whole


def _weigh(shares: list[float], correlation: float, levelled: _Sum, risen: _Sum) -> None:
    """Add the likelihoods at one correlation: those of the innovations, which are independent."""
    count, kept = len(shares), 1 - correlation**2
    seen, level = _innovations(shares, correlation), _innovations([1.0] * count, correlation)
    rises = [_innovations(rise, correlation) for rise in _rises(count)]
    for fall in _falls(count):
        basis = (level, _innovations(fall, correlation))
        plain = _Products(seen, seen, basis)
        pairs = [(_Products(seen, rise, basis), _Products(rise, rise, basis)) for rise in rises]
        for scale in SCALES:
            variance = scale**2 * kept
            ridge = variance / SIZE**2
            constant = (
                math.log(kept * ridge / plain.determinant(ridge)) - (count - 1) * math.log(variance)
            ) / 2
            left = plain.left(ridge)
            levelled.add([constant - left / (2 * variance)], scale)
            sizes = [(along.left(ridge), size.left(ridge)) for along, size in pairs]
            risen.add([
                constant - (left + far * (far * size - 2 * along)) / (2 * variance)
                for along, size in sizes for far in RISES
            ], scale)  # fmt: skip


class _Products:
    """The product of two courses, a level and a fall of a size near 0 taken out of both."""

    def __init__(self, one: list[float], other: list[float], basis: Basis) -> None:
        level, fall = basis
        self._a, self._b, self._c = _dot(level, level), _dot(fall, fall), _dot(level, fall)
        p, q, r, s = _dot(level, one), _dot(fall, one), _dot(level, other), _dot(fall, other)
        self._whole, self._levels, self._mixed = _dot(one, other), p * r, p * s + q * r
        self._falls = q * s

    def determinant(self, ridge: float) -> float:
        """Return how far apart level and fall are, with the fall held by a ridge."""
        return self._a * (self._b + ridge) - self._c**2

    def left(self, ridge: float) -> float:
        """Return the product of what is left."""
        taken = self._levels * (self._b + ridge) - self._mixed * self._c + self._falls * self._a
        return self._whole - taken / self.determinant(ridge)


def _dot(one: list[float], other: list[float]) -> float:
    return sum(map(float.__mul__, one, other))


def _innovations(course: list[float], correlation: float) -> list[float]:
    first = course[0] * math.sqrt(1 - correlation**2)
    return [first, *(after - correlation * before for before, after in pairwise(course))]


def _falls(count: int) -> Iterator[list[float]]:
    yield [0.0] * count
    for time in TIMES:
        yield [math.exp(-at / (time * (count - 1))) for at in range(count)]


def _rises(count: int) -> Iterator[list[float]]:
    for start in STARTS:
        begin = start * (count - 1)
        if count - 1 - begin >= AFTER:
            for bend in BENDS:
                yield [(max(0.0, at - begin) / (count - 1 - begin)) ** bend for at in range(count)]

"""The law of a micro-batch's time, fitted to a few shapes; no coefficient is negative.

    seconds = max(floor, start + per_token * T + per_square * Q)

T are the positions of the padded batch, Q the sum of its squared row lengths. The floor is what
the host needs to launch the work however small it is. With three coefficients every choice of the
positive ones can be tried, so the least squares under the constraint are exact.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOISE = 0.007
"""Least relative uncertainty of a point: shapes differ in kernels, not only in size."""
FLAT = 1.5
"""A floor is looked for only where this much more work takes hardly more time."""
SEED = 8_471


@dataclass(frozen=True)
class Point:
    """A shape with the seconds that its micro-batches took, warm-up left out."""

    rows: int
    length: int
    seconds: tuple[float, ...]

    @property
    def tokens(self) -> int:
        """Positions of the padded batch."""
        return self.rows * self.length

    @property
    def squares(self) -> int:
        """Sum of the squared row lengths."""
        return self.rows * self.length**2

    @property
    def typical(self) -> float:
        """Median seconds."""
        return median(self.seconds)


@dataclass(frozen=True)
class Law:
    """Seconds of a micro-batch by its shape."""

    start: float
    per_token: float
    per_square: float
    floor: float = 0.0

    def at(self, rows: int, length: int) -> float:
        """Return the seconds of forward and backward over rows of a padded length."""
        linear = self.start + self.per_token * rows * length + self.per_square * rows * length**2
        return max(self.floor, linear)

    def waits(self, rows: int, length: int) -> bool:
        """Say whether the device waits for the host over such a batch: it is at the floor."""
        return self.at(rows, length) <= self.floor

    def record(self) -> dict[str, float]:
        """Return the law as plain data."""
        return asdict(self)


def law_of(record: dict[str, Any]) -> Law:
    """Return a law that `Law.record` wrote."""
    return Law(**{name: float(record[name]) for name in Law.__dataclass_fields__})


def fit(points: Sequence[Point]) -> Law:
    """Return the law that fits best, in relative terms.

    Raises:
        ValueError: there are no points.
    """
    if not points:
        raise ValueError("no shapes were measured")
    weights = [1 / point.typical for point in points]
    return _fit(points, [point.typical for point in points], weights)


def resampled(points: Sequence[Point], count: int) -> Iterator[Law]:
    """Yield laws of a residual bootstrap: what the fit could as well have come to.

    Each point is moved by a residual of the fit drawn at random, scaled up for the coefficients
    that the residuals were already fitted with, or by its own noise where that is larger.
    """
    draw = random.Random(SEED)
    law = fit(points)
    fitted = [law.at(point.rows, point.length) for point in points]
    free = max(1, len(points) - 3)
    scale = (len(points) / free) ** 0.5
    residuals = [scale * (point.typical / one - 1) for point, one in zip(points, fitted)]
    for _ in range(count):
        moved = [
            one * (1 + _larger(draw.choice(residuals), draw.gauss(0, NOISE))) for one in fitted
        ]
        yield _fit(points, moved, [1 / value for value in moved])


def _larger(one: float, other: float) -> float:
    return one if abs(one) > abs(other) else other


def residuals(points: Sequence[Point], law: Law) -> list[float]:
    """Return measured over fitted minus one, of each point."""
    return [point.typical / law.at(point.rows, point.length) - 1 for point in points]


def _fit(points: Sequence[Point], seconds: Sequence[float], weights: Sequence[float]) -> Law:
    """Try the law without a floor and with one under the smallest shapes; take the likeliest."""
    order = sorted(range(len(points)), key=lambda at: points[at].tokens)
    best = _linear(points, seconds, weights, order)
    best_score = _score(best, points, seconds, 3)
    for count in range(2, len(points) - 1):
        low, high = order[:count], order[count:]
        flat = [seconds[at] for at in low]
        if points[low[-1]].tokens < FLAT * points[low[0]].tokens or max(flat) > 1.15 * min(flat):
            continue
        law = _linear(points, seconds, weights, high)
        law = Law(law.start, law.per_token, law.per_square, sum(flat) / count)
        score = _score(law, points, seconds, 4)
        if score < best_score:
            best, best_score = law, score
    return best


def _score(law: Law, points: Sequence[Point], seconds: Sequence[float], free: int) -> float:
    """Return Akaike's criterion with the least noise that a point has."""
    misses = (value / law.at(point.rows, point.length) - 1 for point, value in zip(points, seconds))
    return sum((miss / NOISE) ** 2 for miss in misses) + 2 * free


def _linear(
    points: Sequence[Point], seconds: Sequence[float], weights: Sequence[float], chosen: list[int]
) -> Law:
    """Return the weighted least squares over the chosen points, no coefficient negative."""
    columns: list[Callable[[Point], float]] = [
        lambda _: 1.0, lambda one: float(one.tokens), lambda one: float(one.squares)
    ]  # fmt: skip
    rows = [[column(points[at]) * weights[at] for column in columns] for at in chosen]
    targets = [seconds[at] * weights[at] for at in chosen]
    best, least = [0.0, 0.0, 0.0], sum(target**2 for target in targets)
    for size in range(1, min(3, len(chosen)) + 1):
        for kept in combinations(range(3), size):
            found = _least_squares([[row[at] for at in kept] for row in rows], targets)
            if found is None or min(found) < 0:
                continue
            whole = [0.0, 0.0, 0.0]
            for at, value in zip(kept, found):
                whole[at] = value
            misses = sum(
                (sum(a * b for a, b in zip(row, whole)) - target) ** 2
                for row, target in zip(rows, targets)
            )
            if misses < least - 1e-12:
                best, least = whole, misses
    return Law(*best)


def _least_squares(rows: list[list[float]], targets: list[float]) -> list[float] | None:
    """Solve the normal equations, columns brought to one size; None if they are singular."""
    width = len(rows[0])
    sizes = [max(abs(row[at]) for row in rows) or 1.0 for at in range(width)]
    rows = [[row[at] / sizes[at] for at in range(width)] for row in rows]
    system = [
        [sum(row[i] * row[j] for row in rows) for j in range(width)]
        + [sum(row[i] * target for row, target in zip(rows, targets))]
        for i in range(width)
    ]
    for at in range(width):
        pivot = max(range(at, width), key=lambda row: abs(system[row][at]))
        if abs(system[pivot][at]) < 1e-10:
            return None
        system[at], system[pivot] = system[pivot], system[at]
        for row in range(width):
            if row != at:
                factor = system[row][at] / system[at][at]
                system[row] = [a - factor * b for a, b in zip(system[row], system[at])]
    return [system[at][-1] / system[at][at] / sizes[at] for at in range(width)]

"""What a micro-batch of a shape costs in time, fitted to a few shapes; no coefficient is negative.

    work = start + per_token * T + per_square * Q + per_chunk * P
    seconds = (floor^6 + work^6)^(1/6)

T are the positions of the padded batch, Q the sum of its squared row lengths, P the chunks that
Liger takes the loss in: the device's work. What a square costs beside a position is expected from
the model's FLOPs, a chunk from the size of the head; shapes overrule that as far as they tell it.
The floor is what the host needs to launch the work however small it is. Far from each other the
slower of the two decides; where they are alike, some layers wait for one and some for the other.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING

from ftbench.calibration.expected import Expected
from ftbench.calibration.liger_chunks import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.calibration.attention import Attention
    from ftbench.calibration.liger_chunks import Chunk

SHARPNESS = 6
"""How sharply host and device hand over: with 5 to 6 the calibrations in docs/benchmarks/raw tell
the steps of the held-out runs best (bench/suites/hindsight.py)."""
NOISE = 0.007
"""Least relative uncertainty of a point: shapes differ in kernels, not only in size."""
FLOORS = (0.8, 0.85, 0.9, 0.95, 1.0)
"""Shares of the measured times that are tried as floors."""
CLEAR = 1.03
"""A point tells of the device's work where it is so far above the floor."""
LEAST_SHARE = 0.1
"""Of what a chunk is expected to take, in a resampled fit: it is never nothing."""
START, TOKENS, SQUARES, CHUNKS = COEFFICIENTS = range(4)
"""The places of the prices of a batch, a position, a square and a chunk in a row of the fit."""
NOTHING = Expected()
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

    @property
    def noise(self) -> float:
        """Relative uncertainty of that: a host is disturbed for many steps at a time.

        So it does not shrink with their number.
        """
        middle = self.typical
        return math.hypot(NOISE, 1.48 * median(abs(one / middle - 1) for one in self.seconds))

    def scaled(self, share: float) -> Point:
        """Return the shape with its seconds times a share."""
        return replace(self, seconds=tuple(share * one for one in self.seconds))


@dataclass(frozen=True)
class CostModel:
    """Seconds of a micro-batch by its shape. `split`: see `chunks`."""

    start: float
    per_token: float
    per_square: float
    floor: float = 0.0
    per_chunk: float = field(default=0.0, metadata={"json_name": "per_piece"})
    split: int = 0

    @property
    def terms(self) -> int:
        """How many coefficients were fitted."""
        fitted = self.start, self.per_token, self.per_square, self.per_chunk, self.floor
        return sum(value > 0 for value in fitted)

    def work(self, rows: int, length: int) -> float:
        """Return the seconds that the device needs for such a batch."""
        tokens = rows * length
        by_size = self.per_token * tokens + self.per_square * tokens * length
        return self.start + by_size + self.per_chunk * chunks(tokens, self.split)

    def seconds(self, rows: int, length: int) -> float:
        """Return the seconds of forward and backward over rows of a padded length."""
        work = self.work(rows, length)
        return _joined(self.floor, work) if self.floor else work

    def host_share(self, rows: int, length: int) -> float:
        """Return how far the host decides over such a batch: 1 at the floor, 0 far above it."""
        return float((self.floor / self.seconds(rows, length)) ** SHARPNESS) if self.floor else 0.0


def fit(points: Sequence[Point], known: Expected = NOTHING) -> CostModel:
    """Return the model that fits best, in relative terms, with what is `known` of it beforehand.

    Raises:
        ValueError: there are no points.
    """
    if not points:
        raise ValueError("no shapes were measured")
    seconds = [point.typical for point in points]
    floors = sorted(
        {share * one for one in seconds for share in FLOORS if share * one < max(seconds)}
    )
    models = [_above(points, seconds, floor, known) for floor in (0.0, *floors)]
    return min(models, key=lambda model: _score(model, points, seconds))


def _joined(floor: float, work: float) -> float:
    return float((floor**SHARPNESS + work**SHARPNESS) ** (1 / SHARPNESS))


def resampled(
    points: Sequence[Point], count: int, known: Expected = NOTHING
) -> Iterator[CostModel]:
    """Yield models of a residual bootstrap: what the fit could as well have come to.

    Each point is moved by a residual of the fit drawn at random, in units of its own uncertainty
    and scaled up for the coefficients that the residuals were already fitted with, or by a normal
    deviation where that is larger. The floor moves with the points at it, and what is expected of
    the model by its own uncertainty.
    """
    draw = random.Random(SEED)
    model = fit(points, known)
    fitted = [model.seconds(point.rows, point.length) for point in points]
    unsure = [point.noise for point in points]
    free = max(1, len(points) - model.terms)
    scale = (len(points) / free) ** 0.5
    misses = [
        scale * (point.typical / one - 1) / noise
        for point, one, noise in zip(points, fitted, unsure)
    ]
    shares = [model.host_share(point.rows, point.length) for point in points]
    for _ in range(count):
        moved = [
            one * (1 + noise * _larger(draw.choice(misses), draw.gauss(0, 1)))
            for one, noise in zip(fitted, unsure)
        ]
        changes = [share * (new / old) for share, new, old in zip(shares, moved, fitted)]
        floor = model.floor * sum(changes) / sum(shares) if model.floor else 0.0
        yield _above(points, moved, floor, _moved(known, draw))


def _moved(known: Expected, draw: random.Random) -> Expected:
    """Return what could as well be expected: prices moved at random, by how unsure each is."""
    attention, chunk = known.attention, known.chunk
    if attention is not None:
        share = max(0.0, 1 + attention.unsure * draw.gauss(0, 1))
        attention = attention._replace(ratio=attention.ratio * share)
    if chunk is not None:
        share = max(LEAST_SHARE, 1 + chunk.unsure * draw.gauss(0, 1))
        chunk = chunk._replace(seconds=chunk.seconds * share)
    return known._replace(attention=attention, chunk=chunk)


def _larger(one: float, other: float) -> float:
    return one if abs(one) > abs(other) else other


def _above(
    points: Sequence[Point], seconds: Sequence[float], floor: float, known: Expected
) -> CostModel:
    """Return the best model with this floor: the work that the points above it show."""
    chosen = [at for at, one in enumerate(seconds) if one > CLEAR * floor]
    work = [max(0.0, one**SHARPNESS - floor**SHARPNESS) ** (1 / SHARPNESS) for one in seconds]
    # A relative deviation of the time is this much of one of the work.
    weights = [
        part ** (SHARPNESS - 1) / one**SHARPNESS / point.noise
        for part, one, point in zip(work, seconds, points)
    ]
    rows = [_scaled(points[at], weights[at], known.split) for at in chosen]
    targets = [work[at] * weights[at] for at in chosen]
    if known.attention is None:
        found = _linear(rows, targets, known.chunk)
    else:
        found = _tied(rows, targets, known.attention, known.chunk)
    start, per_token, per_square, per_chunk = found
    return CostModel(start, per_token, per_square, floor, per_chunk, known.split)


def _score(model: CostModel, points: Sequence[Point], seconds: Sequence[float]) -> float:
    """Return Akaike's criterion, each point with its own uncertainty."""
    found: float = 2.0 * model.terms
    for point, value in zip(points, seconds):
        said = model.seconds(point.rows, point.length)
        found += float(((value / said - 1) / point.noise) ** 2) if said else math.inf
    return found


def _scaled(point: Point, weight: float, split: int) -> list[float]:
    """Return what each coefficient is multiplied by at a point, times its weight."""
    columns = 1.0, float(point.tokens), float(point.squares), float(chunks(point.tokens, split))
    return [weight * one for one in columns]


def _linear(rows: list[list[float]], targets: list[float], chunk: Chunk | None) -> list[float]:
    """Return the least squares over the points, no coefficient negative.

    A coefficient has to earn its place by Akaike's criterion; the weights are over the noise.
    """
    return _best(rows, targets, tuple(COEFFICIENTS), (), chunk)


def _tied(
    rows: list[list[float]], targets: list[float], attention: Attention, chunk: Chunk | None
) -> list[float]:
    """Return the same where squares cost what is expected for tokens, as far as it is known.

    That is one observation more, with its own uncertainty; squares and tokens stay in.
    """
    ratio = attention.ratio
    bound = [[one, tokens + ratio * squares, 0.0, pieces] for one, tokens, squares, pieces in rows]
    start, price, _, piece = _best(bound, targets, (START, CHUNKS), (TOKENS,), chunk)
    expected = ratio * price
    if not expected or len(rows) < 2:
        return [start, price, expected, piece]
    weight = 1 / (attention.unsure * expected)
    known = [0.0, -ratio * weight, weight, 0.0]
    found = _best(
        [*rows, known], [*targets, 0.0], (START, CHUNKS), (TOKENS, SQUARES), chunk
    )  # fmt: skip
    return found if found[TOKENS] else [start, price, expected, piece]


def _best(
    rows: list[list[float]], targets: list[float], free: tuple[int, ...], bound: tuple[int, ...],
    chunk: Chunk | None,
) -> list[float]:  # fmt: skip
    """Return the coefficients that fit best for their number, zeros if none do.

    The `free` ones have to earn their place, the `bound` ones are in. What a `chunk` is expected to
    take is one observation more, which binds its coefficient.
    """
    if chunk is not None and rows:
        weight = 1 / (chunk.unsure * chunk.seconds)
        rows, targets = [*rows, [0.0, 0.0, 0.0, weight]], [*targets, 1 / chunk.unsure]
        free, bound = tuple(at for at in free if at != CHUNKS), (*bound, CHUNKS)
    best, least = [0.0 for _ in COEFFICIENTS], sum(target**2 for target in targets)
    for kept in _choices(free, bound):
        if len(kept) > len(rows) or not all(any(row[at] for row in rows) for at in kept):
            continue
        found = _least_squares([[row[at] for at in kept] for row in rows], targets)
        if found is None or min(found) < 0:
            continue
        whole = [0.0 for _ in COEFFICIENTS]
        for at, value in zip(kept, found):
            whole[at] = value
        misses = 2.0 * len(kept) + sum(
            (sum(a * b for a, b in zip(row, whole)) - target) ** 2
            for row, target in zip(rows, targets)
        )
        if misses < least - 1e-12:
            best, least = whole, misses
    return best


def _choices(free: tuple[int, ...], bound: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield the coefficients that are fitted together, fewer before more."""
    for size in range(len(free) + 1):
        for more in combinations(free, size):
            if bound or more:
                yield tuple(sorted((*bound, *more)))


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

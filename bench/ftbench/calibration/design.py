"""Which shapes to measure: few, at the ends of what a config family feeds, one held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from ftbench.runners.protocol import StepShape

WARM, TIMED = 1, 4
"""Steps of a shape that are left out, and that are timed."""
ONCE = 10
"""Shapes that come once: so many tell what a new shape takes to a tenth. The few new ones among the
config's own batches told it to a quarter (34 runs in docs/benchmarks/raw)."""
PADDED_TO = 8


class Design(NamedTuple):
    """Shapes as (rows, length): those to fit, largest first, and the one to check the fit with.

    `timed`: steps of each that are timed. `once`: shapes of a single step, whose first micro-batch
    shows what a new shape takes over its repetition.
    """

    fitted: tuple[tuple[int, int], ...]
    held_out: tuple[int, int]
    timed: int = TIMED
    once: tuple[tuple[int, int], ...] = ()

    def schedule(self, *, masked: bool = False) -> list[StepShape]:
        """Return the steps of one run over all shapes; `masked` where real batches are padded.

        The largest comes first: memory that does not suffice is found at once. What is timed comes
        in rounds over all shapes: a host that is slow for a while is slow for each of them. Shapes
        that come once follow the first round, when the allocator has grown.
        """
        shapes = (*self.fitted, self.held_out)
        rounds = [(WARM, shapes), (1, self.once), *[(1, shapes)] * self.timed]
        return [
            {"rows": rows, "length": length, "steps": steps, "masked": masked}
            for steps, part in rounds
            for rows, length in part
        ]

    def cost(self, seconds: Callable[[tuple[int, int]], float]) -> float:
        """Return what the steps take, by what a shape takes."""
        return sum(
            entry["steps"] * seconds((entry["rows"], entry["length"])) for entry in self.schedule()
        )


def design(
    batch: int,
    length: int,
    shortest: int | None = None,
    *,
    each: int = 1,
    beyond: tuple[tuple[int, int], ...] = (),
    timed: int = TIMED,
    once: int = ONCE,
    sparse: bool = False,
) -> Design:
    """Return the shapes for batches up to `batch` rows of up to `length` tokens.

    Args:
        batch: rows of a micro-batch of the config.
        length: the longest padded length.
        shortest: about the least length that occurs; a sixteenth of the longest where unknown,
            and a quarter at most: shapes that are all alike show no slope.
        each: rows that belong together, two where they are pairs.
        beyond: larger shapes that are measured as well (`reach`).
        timed: steps of each shape that are timed.
        once: how many shapes of half the batch come once, at most; none of packed rows, whose
            batches are all of one shape.
        sparse: leave out the whole batch of middle length, the costliest shape that can be spared.

    Four large shapes tell a token's price from a square's: two numbers of rows by two lengths. The
    two small ones tell what the host needs. A batch of one row is measured beside another number of
    rows, so that other batches lie inside. Packed rows (`shortest` is None) have round lengths,
    which kernels do a few per cent faster than others, most so powers of two: there the second
    length is half the first.
    """
    low, middle, grid = lengths(length, shortest)
    half = fewer(batch, each)
    corners = [*beyond, *((rows, long) for rows in (batch, half) for long in (length, middle))]
    if sparse and half != batch:
        corners.remove((batch, middle))
    corners += [(batch, low), (each, low)]
    if batch == each:
        corners += [(2 * each, low), (2 * each, up(max(low, (low + length) // 3), grid))]
    fitted = sorted(dict.fromkeys(corners), key=lambda one: (-one[0] * one[1], one[0]))
    held_out = next(
        one
        for one in (
            (max(each, up((3 * batch + 2 * each) // 4 - each + 1, each)),
             up((middle + length) // 2, grid)),
            (half, up(length * 5 // 8, grid)),
            (batch, up(length // 2, grid)),
            (3 * each, middle),
            (5 * each, low),
        )
        if one not in fitted
    )  # fmt: skip
    met = {long for rows, long in (*fitted, held_out) if rows == half}
    between = () if shortest is None else spread(low, length, once, met)
    return Design(tuple(fitted), held_out, timed, tuple((half, long) for long in between))


def spread(low: int, high: int, most: int, met: Container[int]) -> list[int]:
    """Return padded lengths from high to low that were not `met`, as evenly as can be."""
    new = [one for one in range(low, high + 1, PADDED_TO) if one not in met]
    count = min(most, len(new))
    return [new[(2 * at + 1) * len(new) // (2 * count)] for at in reversed(range(count))]


def fewer(batch: int, each: int = 1) -> int:
    """Return half the rows of a batch, whole examples and one at least."""
    return max(each, batch // 2 // each * each)


def lengths(length: int, shortest: int | None) -> tuple[int, int, int]:
    """Return a short length and one between it and the longest, and what they are multiples of."""
    least = min(length // 4, length // 16 if shortest is None else shortest)
    grid = PADDED_TO if shortest is not None else max(PADDED_TO, 2 ** (length.bit_length() - 5))
    low = up(min(length, max(PADDED_TO, least)), grid)
    between = length // 2 if shortest is None else (low + length) // 2
    return low, min(length, up(max(low, between), grid)), grid


def up(length: int, multiple: int = PADDED_TO) -> int:
    """Return a length rounded up as the collator does."""
    return -(-length // multiple) * multiple

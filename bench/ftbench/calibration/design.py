"""Which shapes to measure: few, at the ends of what a config family feeds, one held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftbench.runners.protocol import Shape

WARM, TIMED = 1, 4
"""Steps of a shape that are left out, and that are timed."""
PADDED_TO = 8


class Design(NamedTuple):
    """Shapes as (rows, length): those to fit, largest first, and the one to check the fit with."""

    fitted: tuple[tuple[int, int], ...]
    held_out: tuple[int, int]

    def schedule(self, *, masked: bool = False) -> list[Shape]:
        """Return the steps of one run over all shapes; `masked` where real batches are padded.

        The largest comes first: memory that does not suffice is found at once. What is timed comes
        in rounds over all shapes: a host that is slow for a while is slow for each of them.
        """
        shapes = (*self.fitted, self.held_out)
        rounds = [WARM, *[1] * TIMED]
        return [
            {"rows": rows, "length": length, "steps": steps, "masked": masked}
            for steps in rounds
            for rows, length in shapes
        ]


def design(batch: int, length: int, shortest: int | None = None) -> Design:
    """Return the shapes for batches up to `batch` rows of up to `length` tokens.

    Args:
        batch: rows of a micro-batch of the config.
        length: the longest padded length.
        shortest: about the least length that occurs; a sixteenth of the longest where unknown,
            and a quarter at most: shapes that are all alike show no slope.

    Four large shapes tell a token's price from a square's: two numbers of rows by two lengths. The
    two small ones tell what the host needs. A batch of one row is measured beside another number of
    rows, so that other batches lie inside. Packed rows (`shortest` is None) have round lengths,
    which kernels do a few per cent faster than others, most so powers of two: there the second
    length is half the first.
    """
    least = min(length // 4, length // 16 if shortest is None else shortest)
    grid = PADDED_TO if shortest is not None else max(PADDED_TO, 2 ** (length.bit_length() - 5))
    low = up(min(length, max(PADDED_TO, least)), grid)
    between = length // 2 if shortest is None else (low + length) // 2
    middle = min(length, up(max(low, between), grid))
    half = max(1, batch // 2)
    corners = [(rows, long) for rows in (batch, half) for long in (length, middle)]
    corners += [(batch, low), (1, low)]
    if batch == 1:
        corners += [(2, low), (2, up(max(low, (low + length) // 3), grid))]
    fitted = sorted(dict.fromkeys(corners), key=lambda one: (-one[0] * one[1], one[0]))
    held_out = next(
        one
        for one in (
            (max(1, (3 * batch + 2) // 4), up((middle + length) // 2, grid)),
            (half, up(length * 5 // 8, grid)),
            (batch, up(length // 2, grid)),
            (3, middle),
        )
        if one not in fitted
    )
    return Design(tuple(fitted), held_out)


def up(length: int, multiple: int = PADDED_TO) -> int:
    """Return a length rounded up as the collator does."""
    return -(-length // multiple) * multiple

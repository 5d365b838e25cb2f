"""How often doctor says over-fitting of simulated runs that did, and of those that did not.

Behind a + stands how often it says that the evaluations do not tell.

`python -m tests.doctor.power --count N --seed N` draws N runs for each cell of its tables, of the
last column four times as many, and asks doctor itself; docs/cli.md has what it printed. Each row is
of one noise: its standard deviation, and its correlation from one evaluation to the next.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from .noise import Noise, Said, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CORRELATIONS = (0.0, 0.5, 0.7)
COUNTS = ((6, 6), (8, 8), (10, 10), (15, 15), (20, 20), (30, 30), (60, 60), (6, 60))
"""Numbers of evaluations; between two, any is as likely."""
TABLES = (
    (0.0, (0.002, 0.005, 0.01, 0.018, 0.02)),
    (0.0, (0.03, 0.05, 0.08)),
    (0.02, (0.002, 0.005)),
    (0.05, (0.002, 0.005, 0.01)),
    (0.12, (0.018,)),
)
"""Rises, and the scales of noise in which each is looked for; without one all found are false."""


class Cell(NamedTuple):
    """Runs that are drawn alike."""

    rise: float
    noise: Noise
    counts: tuple[int, int]
    runs: int
    seed: int

    def said(self) -> Said:
        """Return what is said of them."""
        return said(f"{self}", self.runs, self.counts, self.rise, (self.noise,))


def table(rise: float, scales: Sequence[float], shares: dict[Cell, Said]) -> Iterator[str]:
    """Yield the rows of one rise, in per cent, and what is left of several noises."""
    heads = [f"{low}" if low == high else f"{low} to {high}" for low, high in COUNTS]
    yield f"| rise of {rise:.0%}, noise | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(heads)}"
    rows = {
        noise: [share for cell, share in shares.items() if (cell.rise, cell.noise) == (rise, noise)]
        for noise in noises(scales)
    }
    for noise, row in rows.items():
        yield _row(f"{noise.scale:.1%}, {noise.correlation:g}", row)
    head, of = ("mean", fmean) if rise else ("most", max)
    columns = zip(*rows.values(), strict=True)
    yield _row(head, [_all(column, of) for column in columns])


def _all(shares: Sequence[Said], of: Callable[[list[float]], float]) -> Said:
    return Said(of([one.found for one in shares]), of([one.untold for one in shares]))


def noises(scales: Sequence[float]) -> list[Noise]:
    """Return noise of each scale, white and correlated."""
    return [Noise(scale, correlation) for scale in scales for correlation in CORRELATIONS]


def _row(head: str, shares: Sequence[Said]) -> str:
    told = (f"{100 * one.found:.1f} + {100 * one.untold:.1f}" for one in shares)
    return f"| {head} | {' | '.join(told)} |"


def _weight(counts: tuple[int, int]) -> int:
    return 1 if counts[0] == counts[1] else 4


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="runs a cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int)
    asked = parser.parse_args()
    cells = [
        Cell(rise, noise, counts, asked.count * _weight(counts), asked.seed)
        for rise, scales in TABLES for noise in noises(scales) for counts in COUNTS
    ]  # fmt: skip
    with ProcessPoolExecutor(asked.processes) as pool:
        shares = dict(zip(cells, pool.map(Cell.said, cells), strict=True))
    for rise, scales in TABLES:
        print(*table(rise, scales, shares), "", sep="\n")


if __name__ == "__main__":
    main()

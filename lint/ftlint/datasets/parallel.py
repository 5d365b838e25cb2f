"""Share a scan of a big file among processes.

Counting is bound by the interpreter, so a second core halves it. Forked children read the same
file at other places and hand back a few numbers (see `ftlint.pool`).
"""

from __future__ import annotations

from ftlint import pool
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORTH = 32 << 20  # bytes; less is done before a process has started


def shares(size: int) -> int:
    """Return how many processes should scan a file of `size` bytes."""
    return pool.processes(size, WORTH)


def spread(
    work: Callable[[int, int], list[int]], ranges: Sequence[tuple[int, int]]
) -> list[list[int]]:
    """Return `work(start, end)` for every range, all but the first in children of this process."""
    places = range(len(ranges))
    found = pool.spread(lambda place: work(*ranges[place]), places, len(ranges))
    return [found[place] for place in places]

"""Share a scan of a big file among processes.

Counting is bound by the interpreter, so a second core halves it, which nothing else would for one
file. Forked children read it at other places and hand back a few numbers (`ftlint.support.pool`).
"""

from __future__ import annotations

import os

from ftlint.support import pool
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WORTH = 32 << 20  # bytes; less is done before a process has started
BLOCK = 1 << 16  # bytes in which a line end is looked for at a time


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


def cut(start: int, end: int, parts: int, near: Callable[[int], int]) -> list[tuple[int, int]]:
    """Cut a range of a file in so many parts or fewer, each cut at `near(place)` if that is not -1.

    `near` returns the first place from `place` on that a scan may start from.
    """
    cuts = [start]
    for part in range(1, parts):
        place = near(start + (end - start) * part // parts)
        if cuts[-1] < place < end:
            cuts.append(place)
    return list(zip(cuts, [*cuts[1:], end]))


def _pread(number: int, size: int, place: int) -> bytes:
    os.lseek(number, place, os.SEEK_SET)
    return os.read(number, size)


read_at = getattr(os, "pread", _pread)
"""Read `size` bytes of an open file from a place; processes that share a file share its own."""


def blocks(number: int, start: int, end: int, size: int) -> Iterator[bytes]:
    """Yield a range of an open file in blocks of `size` bytes; it may end before."""
    while start < end:
        block = read_at(number, min(size, end - start), start)
        if not block:
            return
        yield block
        start += len(block)


def line_end(number: int, place: int, end: int) -> int:
    """Return the place behind the first line end from `place` on, -1 if there is none to `end`."""
    for block in blocks(number, place, end, BLOCK):
        found = block.find(b"\n")
        if found >= 0:
            return place + found + 1
        place += len(block)
    return -1

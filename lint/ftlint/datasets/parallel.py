"""Share a scan of a big file among processes.

Counting is bound by the interpreter, so a second core halves it. Forked children read the same
file at other places and hand back a few numbers; where forking is not possible or not safe, the
caller does everything itself.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORTH = 32 << 20  # bytes; less is done before a process has started
MOST = 8


def shares(size: int) -> int:
    """Return how many processes should scan a file of `size` bytes."""
    if size < WORTH or not hasattr(os, "fork") or len(sys._current_frames()) > 1:
        return 1  # forking a process with threads may copy a lock that nobody will release
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        cores = os.cpu_count() or 1
    return max(min(cores, MOST, size // (WORTH // 2)), 1)


def spread(
    work: Callable[[int, int], list[int]], ranges: Sequence[tuple[int, int]]
) -> list[list[int]]:
    """Return `work(start, end)` for every range, all but the first in children of this process."""
    children = [_start(work, start, end) for start, end in ranges[1:]]
    found = [work(*ranges[0])]
    for (reader, child), (start, end) in zip(children, ranges[1:]):
        answer = _answer(reader, child)
        found.append(work(start, end) if answer is None else answer)
    return found


def _start(work: Callable[[int, int], list[int]], start: int, end: int) -> tuple[int, int]:
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return reader, child
    status = 1
    try:
        os.close(reader)
        with open(writer, "wb") as pipe:
            pipe.write(" ".join(map(str, work(start, end))).encode() + b"\n")
        status = 0
    finally:
        os._exit(status)  # no cleanup of the parent's: it is still at work


def _answer(reader: int, child: int) -> list[int] | None:
    with open(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return [int(word) for word in text.split()] if status == 0 and text else None

"""Share the files of a long run among forked processes.

Linting is bound by the interpreter, so a second core nearly halves it. A child works through every
n-th file and hands its outcomes back; one that dies costs time, never a verdict.
"""

from __future__ import annotations

import os
import sys

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, BinaryIO

WORTH = 64
"""Files; below that a second process ends when the first would have been done."""

MOST = 8


def processes(amount: int, worth: int = WORTH) -> int:
    """Return how many processes should share so much, this one counted; below `worth` only one."""
    if amount < worth or not hasattr(os, "fork") or len(sys._current_frames()) > 1:
        return 1  # forking a process with threads may copy a lock that nobody will release
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        cores = os.cpu_count() or 1
    return max(min(cores, MOST, amount // (worth // 2)), 1)


def spread(work: Callable[[int], Any], places: Sequence[int], count: int) -> dict[int, Any]:
    """Return `work(place)` for every place, made by `count` processes."""
    children = [_start(work, places[number::count]) for number in range(1, count)]
    waiting = dict(enumerate(children, 1))
    try:
        found = {place: work(place) for place in places[::count]}
        for number, child in enumerate(children, 1):
            answers = _answers(child)
            del waiting[number]
            found.update(zip(places[number::count], answers))
    except BaseException:
        for child in waiting.values():
            _end(child)
        raise
    for place in places:  # the share of a child that died
        if place not in found:
            found[place] = work(place)
    return found


class _Child(NamedTuple):
    process: int
    pipe: BinaryIO


def _start(work: Callable[[int], Any], places: Sequence[int]) -> _Child:
    import pickle

    from ftlint.support import deadline

    reader, writer = os.pipe()
    seconds = deadline.left()
    child = os.fork()
    if child:
        os.close(writer)
        return _Child(child, open(reader, "rb"))
    try:
        deadline.go_on(seconds)
        os.close(reader)
        with open(writer, "wb") as pipe:
            pipe.write(pickle.dumps([work(place) for place in places], pickle.HIGHEST_PROTOCOL))
    except BaseException:
        os._exit(1)
    os._exit(0)  # no cleanup of the parent's: it is still at work


def _answers(child: _Child) -> list[Any]:
    import pickle

    with child.pipe:
        data = child.pipe.read()
    _, status = os.waitpid(child.process, 0)
    return pickle.loads(data) if status == 0 else []


def _end(child: _Child) -> None:
    import signal
    from contextlib import suppress

    child.pipe.close()
    with suppress(OSError):
        os.kill(child.process, signal.SIGKILL)
        os.waitpid(child.process, 0)

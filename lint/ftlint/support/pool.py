"""Share the files of a long run among forked processes.

Linting is bound by the interpreter, so a second core nearly halves it. A child works through every
n-th file and hands its outcomes back; one that dies costs time, never a verdict.
"""

from __future__ import annotations

import os
import sys

from ftlint.support import deadline
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from typing import Any

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
    """Return `work(place)` for every place, made by `count` processes.

    Not by `concurrent.futures`: its threads forbid a second fork, and it waits for its children
    where the one who asked is interrupted.
    """
    from multiprocessing import get_context

    fork = get_context("fork")
    seconds = deadline.left()
    children = []
    try:
        for number in range(1, count):
            answers, there = fork.Pipe(duplex=False)
            share = work, places[number::count], answers, there, seconds
            child = fork.Process(target=_share, args=share)
            children.append((child, answers))  # before it runs: an interrupt may come at once
            child.start()
            there.close()
        found = {place: work(place) for place in places[::count]}
        for number, (child, answers) in enumerate(children, 1):
            found.update(zip(places[number::count], _received(answers)))
            child.join()
    finally:
        for child, answers in children:
            answers.close()
            if child.pid is not None:
                child.kill()
                child.join()
    for place in places:  # the share of a child that died
        if place not in found:
            found[place] = work(place)
    return found


def _share(
    work: Callable[[int], Any],
    places: Sequence[int],
    parents: Connection,
    answers: Connection,
    seconds: float,
) -> None:
    """Work through the places of a child; whatever goes wrong there, its parent meets it again.

    The `parents` end of the pipe is closed here: else what is sent to a parent that has gone is
    waited for without end.
    """
    try:
        parents.close()
        deadline.go_on(seconds)
        answers.send([work(place) for place in places])
    except BaseException:
        os._exit(1)


def _received(answers: Connection) -> list[Any]:
    try:
        return answers.recv()  # type: ignore[no-any-return]
    except (EOFError, OSError):
        return []

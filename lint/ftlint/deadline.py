"""An end to work on one file that takes too long, whatever it is that takes it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


class TooSlow(BaseException):
    """The time for one file is over. Not an Exception: no rule may take it for its own failure."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in the block when it takes longer.

    A timer of the system does it, since it stops even a regular expression or a blocked read. Where
    there is none (Windows, other threads than the first) the block takes the time it takes.
    """

    def stop(*_: object) -> NoReturn:
        raise TooSlow

    try:
        before = signal.signal(signal.SIGALRM, stop)
    except (AttributeError, ValueError):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

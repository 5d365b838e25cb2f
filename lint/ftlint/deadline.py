"""An end to work on one file that takes too long, whatever it is that takes it."""

from __future__ import annotations

import signal

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn


class TooSlow(BaseException):
    """The time for one file is over. Not an Exception: no rule may take it for its own failure."""


class within:  # noqa: N801 - reads as `with within(10):`
    """Raise `TooSlow` in the block when it takes longer.

    A timer of the system does it, since it stops even a regular expression or a blocked read. Where
    there is none (Windows, other threads than the first) the block takes the time it takes.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.timed = False
        self.before: Any = None

    def __enter__(self) -> None:
        try:
            self.before = signal.signal(signal.SIGALRM, _stop)
        except (AttributeError, ValueError):
            return
        self.timed = True
        signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        if self.timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.before)


def _stop(*_: object) -> NoReturn:
    raise TooSlow

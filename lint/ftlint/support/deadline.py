"""An end to work on one file that takes too long, whatever it is that takes it.

What counts is the time of the processor, not of the clock: a machine that is stopped, or busy with
other work, changes no verdict.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from typing import Any, NoReturn
else:
    import _signal as signal  # `signal` makes enumerations of it, which takes half a millisecond


class TooSlow(BaseException):
    """The time for one file is over. Not an Exception: no rule may take it for its own failure."""


class within:  # noqa: N801 - reads as `with within(10):`
    """Raise `TooSlow` in the block when the process computes for longer in it.

    A timer of the system does it, since it stops even a regular expression. It counts the threads
    of this process; a forked one has none (see `left`). Where there is no such timer (Windows,
    other threads than the first) the block takes the time it takes. One within another has no more
    time than that has left.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.timed = False
        self.before: Any = None
        self.outer = 0.0

    def __enter__(self) -> None:
        try:
            self.before = signal.signal(signal.SIGPROF, _stop)
        except (AttributeError, ValueError):
            return
        self.timed = True
        self.outer = left()
        self.seconds = min(self.seconds, self.outer or self.seconds)
        signal.setitimer(signal.ITIMER_PROF, self.seconds)

    def __exit__(self, *_: object) -> None:
        if self.timed:
            rest = max(self.outer - self.seconds + left(), _SOON) if self.outer else 0
            signal.setitimer(signal.ITIMER_PROF, rest)
            signal.signal(signal.SIGPROF, self.before)


_SOON = 1e-6
"""Seconds: what is over already ends at once, where 0 would mean never."""


def left() -> float:
    """Return the seconds until the end, 0 where none is set; `go_on` gives them to a child."""
    return signal.getitimer(signal.ITIMER_PROF)[0]


def go_on(seconds: float) -> None:
    """Set an end that a forked process has lost; 0 sets none."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _stop(*_: object) -> NoReturn:
    raise TooSlow


def hurry(seconds: float) -> None:
    """Let the block that runs in another thread end within so many seconds more."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def ignore_late_ends() -> None:
    """Let nothing come of an end that is set when its block is over already (see `hurry`)."""
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, lambda *_: None)

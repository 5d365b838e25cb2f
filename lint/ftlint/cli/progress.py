"""A bar on standard error that shows how far a count has come: at a terminal, and only there."""

from __future__ import annotations

import sys

from ftlint.support.messages import visible

WIDTH = 30


def bar(name: str, done: int, total: int) -> None:
    """Draw the bar of a dataset; it is wiped out when all is done."""
    if not sys.stderr.isatty():
        return
    filled = WIDTH * done // max(total, 1)
    drawn = "#" * filled + "." * (WIDTH - filled)
    line = f"tokens of {visible(name)}: [{drawn}] {done:,} of {total:,} rows"
    sys.stderr.write("\r\x1b[K" + ("" if done >= total else line))
    sys.stderr.flush()

"""Time as tests may take it: what a busy or stopped machine does to the clock proves nothing."""

from __future__ import annotations

import os

PATIENCE = 600
"""Seconds of the clock after which a process counts as one that hangs."""


def worked() -> float:
    """Return the seconds of processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])

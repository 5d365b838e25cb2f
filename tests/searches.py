"""Tests that search: with every change they try a share, and the rest in `make slow`.

The share is enough to fail for the mistakes that a test was written for. A test that has more to
try takes its counts from here and is marked `search`; `make slow` runs those, with FTLINT_TRIES.
"""

from __future__ import annotations

import os

TIMES = int(os.environ.get("FTLINT_TRIES", "1"))


def tries(share: int) -> int:
    """Return how many inputs to try, of which `share` with every change."""
    return share * TIMES


def stride(step: int) -> int:
    """Return the step from one input of a list to the next that is tried."""
    return max(1, step // TIMES)

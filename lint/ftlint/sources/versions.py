"""The order of versions as projects name them, development builds before their release."""

from __future__ import annotations

import re

from ftschemas.compiled import MAIN

EARLY = ("dev", "a", "b", "rc")
"""What follows the numbers of a version that comes before the release of these numbers."""
_LATEST = 1 << 20


def order(version: str) -> tuple[int, ...]:
    """Return a sort key of a version or a minor; `main` is later than any."""
    if version == MAIN:
        return (_LATEST,)
    numbers = re.match(r"(?:\d+\.)*\d+", version)[0]  # type: ignore[index]
    return (*map(int, numbers.split(".")), -1 if is_early(version) else 0)


def is_early(version: str) -> bool:
    """Return whether a version comes before the release that it is numbered after.

    >>> is_early("0.9.6.dev0"), is_early("0.9.5rc1"), is_early("0.9.5.post1")
    (True, True, False)
    """
    return version.lstrip("0123456789").lstrip("0123456789.-_").startswith(EARLY)

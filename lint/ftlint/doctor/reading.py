"""JSON that a run left, read without trust in it."""

from __future__ import annotations

import json
import math

from ftlint.support import disk as outside
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from ftlint.support.disk import Disk

MAX_BYTES = 1 << 28
LARGEST = 1e30
"""No loss and no norm of a gradient that means anything is larger."""


class NoRun(NamedTuple):
    """Why a folder tells of no run."""

    reason: str
    below: tuple[str, ...] = ()
    """Runs that lie in it."""


def number(value: object, *, finite: bool = True) -> float | None:
    """Return a value that is a number a float can hold, as one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) or not finite else None


def measure(value: object) -> float | None:
    """Return a value that was measured; NaN is one, and what is beyond any loss is infinite."""
    found = number(value, finite=False)
    if found is None or math.isnan(found) or abs(found) <= LARGEST:
        return found
    return math.copysign(math.inf, found)


def count(value: object) -> int | None:
    """Return a value that is an integer of 0 or more."""
    found = number(value)
    return None if found is None or found < 0 or found != int(found) else int(found)


def _bytes(path: str, disk: Disk) -> bytes | NoRun | None:
    if not disk.is_there(path):
        return None
    data = disk.read(path, MAX_BYTES + 1)
    if isinstance(data, outside.ReadFailure):
        return NoRun(data.reason)
    return data if len(data) <= MAX_BYTES else NoRun("too large for a log")


def object_of(path: str, disk: Disk) -> dict[str, Any] | NoRun | None:
    """Return the object that a file holds; None where there is no file."""
    data = _bytes(path, disk)
    if data is None or isinstance(data, NoRun):
        return data
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        return NoRun(f"not JSON: {error}")
    return found if isinstance(found, dict) else NoRun("not a JSON object")


def lines_of(path: str, disk: Disk) -> list[dict[str, Any]] | NoRun | None:
    """Return the lines that are objects; the last one of a killed run may be cut off."""
    data = _bytes(path, disk)
    if data is None or isinstance(data, NoRun):
        return data
    found = []
    for line in data.splitlines():
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(one, dict):
            found.append(one)
    return found

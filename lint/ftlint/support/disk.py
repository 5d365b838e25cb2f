"""What a verdict rests on besides the file: the paths that were looked at while it was made.

Every look of the linter at the disk below a config (dataset definitions, data files, a DeepSpeed
config, folders that turned out not to be there) is noted here, so that a kept result can be held
against the disk as it is now.
"""

from __future__ import annotations

import os
import stat
import time

State = tuple[int, int, int]
"""Size in bytes, time of the last change in ns, inode."""

SETTLED = 2_000_000_000
"""In ns: what changed more recently may change again within the same tick of a clock."""

_seen: list[dict[str, None]] = []
"""Who is watching; each keeps the paths noted while it does."""


def note(path: str) -> None:
    """Say that the verdict depends on what lies at `path`, or on nothing being there."""
    for watcher in _seen:
        watcher[path] = None


def watch() -> dict[str, None]:
    """Begin to keep the paths that are noted; `unwatch` ends it."""
    paths: dict[str, None] = {}
    _seen.append(paths)
    return paths


def unwatch(paths: dict[str, None]) -> None:
    """Stop keeping paths."""
    _seen[:] = [watcher for watcher in _seen if watcher is not paths]


def state(path: str) -> State | None:
    """Return what tells a file or folder from a changed one; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    size = 0 if stat.S_ISDIR(found.st_mode) else found.st_size
    return size, found.st_mtime_ns, found.st_ino


def settled(states: list[State | None]) -> bool:
    """Return whether none of them changed just now, so that a further change would be seen."""
    now = time.time_ns()
    return all(one is None or now - one[1] > SETTLED for one in states)

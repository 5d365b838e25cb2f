"""Rows that `datasets` wrote to disk when they were tokenized."""

from __future__ import annotations

import os

from ftlint.steps.counts import UNKNOWN, Count, exactly, total
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.support.disk import Disk


def tokenized(path: str, cwd: str, disk: Disk) -> Count | None:
    """Return the train rows that a `tokenized_path` holds, None when it is not there yet.

    Source: LLaMA Factory `has_tokenized_data`, datasets `save_to_disk` (4.0).
    """
    from ftlint.datasets.arrowipc import count_arrow

    folder, disk = os.path.join(cwd, path), disk.anywhere()
    try:
        if not disk.names(folder):
            return None
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None if not os.path.isabs(path) and "$" not in path else UNKNOWN
    train = os.path.join(folder, "train")
    train = train if disk.is_folder(train) else folder
    try:
        names = [name for name in disk.names(train) if name.startswith("data-")]
        found = [count_arrow(os.path.join(train, name), disk).rows for name in names]
    except OSError:
        return UNKNOWN
    known = [rows for rows in found if rows is not None]
    return total(map(exactly, known)) if known and len(known) == len(found) else UNKNOWN

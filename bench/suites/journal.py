"""What a suite has found so far, an entry a line: it is there whatever comes next."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def entries(path: Path) -> list[dict[str, Any]]:
    """Return what a file holds so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add an entry, and have it on the disk."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())

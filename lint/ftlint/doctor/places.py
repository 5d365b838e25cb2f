"""What lies in a folder of runs, told by names alone: checkpoints, and runs of their own."""

from __future__ import annotations

import os
import re

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.support.disk import Disk

STATE, LOG = "trainer_state.json", "trainer_log.jsonl"
RESULTS, TRAINED = "all_results.json", "train_results.json"
CHECKPOINT = re.compile(r"checkpoint-([0-9]{1,15})")
DEEP = 4
"""LLaMA Factory's own names of runs are three folders deep: saves/MODEL/METHOD/RUN."""
MANY = 2_000
"""Folders that are looked into for runs."""


def checkpoints(folder: str, disk: Disk) -> tuple[int, ...]:
    """Return the steps of the checkpoints in a folder, each once, links to them included."""
    try:
        names = disk.names(folder)
    except OSError:
        return ()
    found = (
        CHECKPOINT.fullmatch(name) for name in names
        if disk.is_folder(os.path.join(folder, name))
    )  # fmt: skip
    return tuple(sorted({int(match[1]) for match in found if match}))


def unfinished(folder: str, steps: tuple[int, ...], disk: Disk) -> tuple[int, ...]:
    """Return which checkpoints have no state, which is written last, where others have one."""
    bare = tuple(
        step for step in steps
        if not disk.is_file(os.path.join(folder, f"checkpoint-{step}", STATE))
    )  # fmt: skip
    return bare if len(bare) < len(steps) else ()


def runs_below(folder: str, disk: Disk) -> tuple[str, ...]:
    """Return the runs that lie below a folder which is none itself."""
    found: list[str] = []
    waiting, seen = [(folder, 0)], 0
    while waiting and seen < MANY:
        at, depth = waiting.pop()
        seen += 1
        try:
            folders, files = disk.listing(at)
        except OSError:
            continue
        saved = any(CHECKPOINT.fullmatch(name) for name in folders)
        if depth and (saved or STATE in files or LOG in files):
            found.append(at)
        elif depth < DEEP:
            waiting += (
                (os.path.join(at, name), depth + 1) for name in folders
                if not CHECKPOINT.fullmatch(name)
            )  # fmt: skip
    return tuple(sorted(found))

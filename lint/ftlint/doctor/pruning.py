"""Deletes checkpoints of a run: only real folders of its own listing, no link ever followed.

Each is opened by name within the open folder of the run, and what it holds by name within that, so
that no part of a path can be swapped for a link on the way. Its state goes first: what a kill
leaves of a checkpoint is none any more, and nothing else was touched.
"""

from __future__ import annotations

import os
import re
import stat

from ftlint.doctor.places import CHECKPOINT, RESULTS, STATE, TRAINED
from ftlint.support.files import INSTALLED
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.doctor.history import History
    from ftlint.support.disk import Disk

CONFIGS = (".yaml", ".yml", ".json", ".sh")
LARGE = 1 << 20
"""Bytes above which a file is no config."""
MANY = 20_000
"""Files above which a project is not searched to its end, and nothing is deleted."""


class Named(NamedTuple):
    """A file of the project that names a checkpoint."""

    path: str
    line: int


def objection(history: History) -> str | None:
    """Return why nothing of this run may be deleted; None if it may."""
    if history.is_checkpoint:
        return "this is a checkpoint: name the `output_dir` of the run"
    if history.ended:
        return None
    if history.planned and (history.done or 0) >= history.planned:
        return (
            f"the run has not ended: all its steps are done, but neither its own {STATE} nor its"
            " results are written"
        )
    return "the run has not ended: it may still run, or resume from a checkpoint"


def named_by(root: str, steps: tuple[int, ...], disk: Disk) -> dict[int, Named] | None:
    """Return which checkpoints a config or script below names; None if it has too many files."""
    wanted = re.compile(rb"checkpoint-([0-9]{1,15})(?![0-9])")
    found: dict[int, Named] = {}
    for number, path in enumerate(_configs(root, disk)):
        if number >= MANY:
            return None
        data = disk.read(path, LARGE + 1)
        for line, text in enumerate(data.splitlines(), 1) if isinstance(data, bytes) else ():
            for match in wanted.finditer(text):
                if int(match[1]) in steps:
                    found.setdefault(int(match[1]), Named(path, line))
    return found


def _configs(root: str, disk: Disk) -> Iterator[str]:
    """Yield what may be a config or a script, but nothing that a run wrote into a checkpoint."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            below, files = disk.listing(folder)
        except OSError:
            continue
        waiting += (
            os.path.join(folder, name) for name in below
            if name not in _FOREIGN and not CHECKPOINT.fullmatch(name)
        )  # fmt: skip
        yield from (
            os.path.join(folder, name) for name in files
            if name.endswith(CONFIGS) and name not in _OF_RUNS
        )  # fmt: skip


_FOREIGN = {".git", ".venv", *INSTALLED}
_OF_RUNS = {STATE, RESULTS, TRAINED, "eval_results.json"}
"""What a trainer wrote itself names its own checkpoints."""


def folders(run: str) -> Iterator[tuple[str, int]]:
    """Yield name and bytes of each real checkpoint folder that lies directly in the run's."""
    for name in real(run):
        yield name, _size(os.path.join(run, name))


def real(run: str) -> list[str]:
    """Return the names of those folders, sorted."""
    with os.scandir(run) as entries:
        found = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    return sorted(name for name in found if CHECKPOINT.fullmatch(name))


def delete(run: str, name: str) -> None:
    """Delete one such folder. OSError says what stopped it."""
    if not CHECKPOINT.fullmatch(name):
        raise ValueError(name)
    at = os.open(run, _FOLDER)
    try:
        _delete(at, name, os.fstat(at).st_dev)
    finally:
        os.close(at)


_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


def _delete(parent: int, name: str, device: int) -> None:
    """Delete a folder in an open one, with all that is in it on the same file system."""
    here = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    try:
        if os.fstat(here).st_dev != device:
            raise OSError(18, "another file system is mounted there", name)
        held = os.listdir(here)
        for one in sorted(held, key=lambda inner: (inner != STATE, inner)):
            found = os.stat(one, dir_fd=here, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                _delete(here, one, device)
            else:
                os.unlink(one, dir_fd=here)
    finally:
        os.close(here)
    os.rmdir(name, dir_fd=parent)


def _size(folder: str) -> int:
    whole = 0
    for at, _, names in os.walk(folder):
        for name in names:
            whole += os.lstat(os.path.join(at, name)).st_size
    return whole

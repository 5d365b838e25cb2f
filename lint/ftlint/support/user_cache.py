"""Where what was found is kept for the next run: the user's cache folder.

A file there begins with its checksum and is moved into place whole; whatever goes wrong is as if
nothing had been kept.
"""

from __future__ import annotations

import os
import time
from functools import cache
from zlib import crc32

import ftlint
import ftschemas
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 8


def folder(name: str) -> str | None:
    """Return ftlint's folder of this name below XDG_CACHE_HOME, or its default on this system.

    None for a user without a home: nothing is kept in whatever folder is the current one.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or ""
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "ftlint", name) if os.path.isabs(home) else None


def load(path: str) -> bytes | None:
    """Return what was saved there, None where it is not whole."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        return data[_HEAD:] if int(data[:_HEAD], 16) == crc32(data[_HEAD:]) else None
    except (OSError, ValueError):
        return None


def save(path: str, data: bytes, suffix: str, most: int) -> None:
    """Write a file of a store that keeps so many; a disk that takes nothing is no error."""
    aside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(aside, "wb") as file:
            file.write(f"{crc32(data):0{_HEAD}x}".encode() + data)
        os.replace(aside, path)
        _prune(os.path.dirname(path), suffix, most)
    except (OSError, ValueError):
        try:  # noqa: SIM105 - `contextlib` takes longer to load than all else here
            os.unlink(aside)
        except OSError:
            pass


def _prune(where: str, suffix: str, most: int) -> None:
    """Drop the files that were written longest ago when there are too many."""
    files = [entry for entry in os.scandir(where) if entry.name.endswith(suffix)]
    for entry in sorted(files, key=lambda one: one.stat().st_mtime_ns)[:-most]:
        os.unlink(entry.path)


@cache
def state_of_code() -> int:
    """Return a sum of names, sizes and times of ftlint's modules: a copy keeps its version.

    Every store asks, and what runs stays what it was when it was loaded. Where they cannot be
    listed it is a number that no other run has: nothing kept is used then.
    """
    try:
        return crc32(repr(sorted(_modules())).encode())
    except OSError:
        return time.time_ns()


def _modules() -> Iterator[tuple[str, int, int]]:
    for package in (ftlint, ftschemas):
        waiting = [os.path.dirname(str(package.__file__))]
        while waiting:
            for entry in os.scandir(waiting.pop()):
                name = entry.name
                if name.endswith((".py", ".bin")):
                    one = entry.stat()
                    yield name, one.st_size, one.st_mtime_ns
                elif "." not in name and name != "__pycache__" and entry.is_dir():
                    waiting.append(entry.path)

"""Putting a fixed text in the place of the old one: all of it or nothing."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

    from ftlint.support.containment import Reach


def replace(path: str, old: bytes, new: bytes, reach: Reach | None = None) -> str | None:
    """Write `new` to `path` if it still holds `old`; return why not, or None when it is done.

    The new file is written beside the old one, flushed to the disk and renamed over it: a reader,
    a crash or a full disk finds the old bytes or the new ones. Mode is kept, and owner and group
    where the system lets us. What a symbolic link leads out of `reach` is refused.
    """
    try:
        real = os.path.realpath(path)
        reason = (reach and reach.objection(path, real)) or _reason(real)
        return reason if reason is not None else _replace(real, old, new)
    except (OSError, ValueError) as error:  # ValueError: another drive, a NUL in the name
        return getattr(error, "strerror", None) or str(error)


def _reason(real: str) -> str | None:
    """Return why a file is not ours to write."""
    found = os.stat(real)
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"
    if found.st_nlink > 1:
        return "it has hard links, and only one of the names would change"
    if not os.access(real, os.W_OK):
        return "it is read-only"
    return None


SUFFIX = ".ftlint-tmp"


def _replace(real: str, old: bytes, new: bytes) -> str | None:
    folder, name = os.path.split(real)
    _clear(folder, name)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}{SUFFIX}")
    try:
        with _whole(temporary, real, new):
            with open(real, "rb") as now:
                if now.read() != old:
                    os.unlink(temporary)
                    return "it has changed since it was read"
            os.replace(temporary, real)
    except BaseException:
        _remove(temporary)
        raise
    _sync(folder)
    return None


def _whole(temporary: str, real: str, new: bytes) -> IO[bytes]:
    """Return the new file, open and locked, that `temporary` names now that it is whole.

    Where the system has files without a name, it has none before: killed, it leaves nothing behind.
    """
    if hasattr(os, "O_TMPFILE"):
        with suppress(OSError):  # not every file system has them; a full disk is met again below
            flags = os.O_TMPFILE | os.O_WRONLY
            file = _filled(os.fdopen(os.open(os.path.dirname(temporary), flags, 0o600), "wb"),
                           real, new)  # fmt: skip
            # A descriptor of a folder makes it linkat, which alone follows the link in /proc.
            os.link(f"/proc/self/fd/{file.fileno()}", temporary, src_dir_fd=file.fileno())
            return file
    return _filled(open(temporary, "xb"), real, new)


def _filled(file: IO[bytes], real: str, new: bytes) -> IO[bytes]:
    try:
        _lock(file)
        file.write(new)
        file.flush()
        _like(real, file.fileno())
        os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            file.close()
        raise
    return file


def _lock(file: IO[bytes]) -> None:
    """Lock a file for as long as this process has it open, so that others see that it is in use."""
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _clear(folder: str, name: str) -> None:
    """Remove what a killed run left beside a file: whoever writes one holds a lock on it."""
    with suppress(ImportError, OSError):
        import fcntl

        for other in os.listdir(folder):
            if other.startswith(f".{name}.") and other.endswith(SUFFIX):
                left = os.path.join(folder, other)
                with suppress(OSError), open(left, "rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(left)


def _like(real: str, descriptor: int) -> None:
    """Give the new file the owner and the mode of the old one."""
    found = os.stat(real)
    if hasattr(os, "fchown"):
        for user, group in ((found.st_uid, -1), (-1, found.st_gid)):
            with suppress(PermissionError):
                os.fchown(descriptor, user, group)
        os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _sync(folder: str) -> None:
    """Make the rename itself survive a crash, where folders can be opened."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    with suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)

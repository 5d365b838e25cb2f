"""What stands in the place of data: Git LFS pointers, and archives under another name.

Neither is broken. A pointer says that the data are elsewhere; an archive is unpacked by `datasets`
whatever its name says. Source: the Git LFS pointer specification, version 1; datasets
`utils/extract.py` (2.16 to 4.0).
"""

from __future__ import annotations

import os.path
import re

from ftlint.datasets.files import PACKED, POINTER, Trouble
from ftlint.support import lfs
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.support.disk import Disk

HEAD = 1024
_OBJECT = pattern(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE = pattern(rb"^size (\d{1,18})$", re.MULTILINE)
_MAGIC = (
    (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstandard"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"),
    (b"\x04\x22\x4d\x18", "lz4"), (b"Rar!\x1a\x07", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"),
)  # fmt: skip


def instead_of_data(paths: Sequence[str], disk: Disk) -> Trouble | None:
    """Return what keeps the rows from being counted here although nothing is wrong."""
    for path in paths:
        file = os.path.basename(path)
        if is_pointer(path, disk):
            return Trouble(POINTER, f"{file} is a Git LFS pointer")
        packing = packing_of(path, disk)
        if packing:
            return Trouble(PACKED, f"{file} is {packing} data, which the loader unpacks")
    return None


def is_pointer(path: str, disk: Disk) -> bool:
    """Return whether a file is a Git LFS pointer. Raises OSError."""
    return lfs.is_pointer(_head(path, disk))


class Pointer(NamedTuple):
    """What a Git LFS pointer says of the file that it stands for."""

    bytes: int
    sha256: str


def pointer_of(path: str, disk: Disk) -> Pointer | None:
    """Return what a Git LFS pointer says; None for data, and for half a pointer. Raises OSError."""
    head = _head(path, disk)
    content, size = _OBJECT.search(head), _SIZE.search(head)
    if not lfs.is_pointer(head) or content is None or size is None:
        return None
    return Pointer(int(size[1]), content[1].decode())


def packing_of(path: str, disk: Disk) -> str:
    """Return how a file is packed, "" when it is not. Raises OSError."""
    head = _head(path, disk)
    if head[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


def _head(path: str, disk: Disk) -> bytes:
    with disk.open(path) as file:
        return file.read(HEAD)

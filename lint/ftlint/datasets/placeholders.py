"""What stands in the place of data: Git LFS pointers, and archives under another name.

Neither is broken. A pointer says that the data are elsewhere; an archive is unpacked by `datasets`
whatever its name says. Source: the Git LFS pointer specification, version 1; datasets
`utils/extract.py` (2.16 to 4.0).
"""

from __future__ import annotations

import os.path
import re

from ftlint.datasets.files import PACKED, POINTER, Trouble
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = 1024
_POINTER = b"version https://git-lfs.github.com/spec/"
_OID = re.compile(rb"^oid ([a-z0-9]{1,16}:[0-9a-f]{6,128})$", re.M)
_SIZE = re.compile(rb"^size (\d{1,19})$", re.M)
_MAGIC = (
    (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstandard"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"),
    (b"\x04\x22\x4d\x18", "lz4"), (b"Rar!\x1a\x07", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"),
)  # fmt: skip


class Pointer(NamedTuple):
    """A Git LFS pointer: what names the data, and how many bytes they have."""

    oid: str
    size: int | None


def instead_of_data(paths: Sequence[str]) -> Trouble | None:
    """Return what keeps the rows from being counted here although nothing is wrong."""
    for path in paths:
        file = os.path.basename(path)
        pointer = pointer_of(path)
        if pointer is not None:
            size = "" if pointer.size is None else f", {pointer.size:,} bytes"
            return Trouble(POINTER, f"{file} is a Git LFS pointer ({pointer.oid[:19]}…{size})")
        packing = packing_of(path)
        if packing:
            return Trouble(PACKED, f"{file} is {packing} data, which the loader unpacks")
    return None


def pointer_of(path: str) -> Pointer | None:
    """Return the Git LFS pointer that a file is, None for any other file. Raises OSError."""
    head = _head(path)
    if not head.startswith(_POINTER):
        return None
    oid, size = _OID.search(head), _SIZE.search(head)
    return Pointer(oid[1].decode() if oid else "", int(size[1]) if size else None)


def packing_of(path: str) -> str:
    """Return how a file is packed, "" when it is not. Raises OSError."""
    head = _head(path)
    if head[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD)

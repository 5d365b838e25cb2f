"""Git LFS pointers: small texts in the place of files that were not fetched.

Source: the Git LFS pointer specification, version 1.
"""

from __future__ import annotations

_POINTER = b"version https://git-lfs.github.com/spec/"


def is_pointer(data: bytes) -> bool:
    """Return whether the bytes that a file begins with are those of a pointer."""
    return data.startswith(_POINTER)

"""Counts of tokens that were made before, one file each in the user's cache folder.

Its name is the digest of all that the count rests on, so what is there is never stale.
"""

from __future__ import annotations

import os
from array import array

from ftlint.support import user_cache
from ftlint.tokens.encoding import Encoded


class Store:
    """Keeps tokens of rows. Whatever goes wrong is as if nothing had been kept."""

    def __init__(self, used: bool = True) -> None:
        self.where = user_cache.folder("tokens") if used else None

    def get(self, key: str) -> Encoded | None:
        """Return what was kept."""
        if self.where is None:
            return None
        try:
            with open(os.path.join(self.where, key), "rb") as file:
                data = file.read()
        except OSError:
            return None
        if len(data) < _HEAD or data[:_DIGEST] != _digest(data[_DIGEST:]):
            return None
        rows = int.from_bytes(data[_DIGEST:_HEAD], "little")
        ends, parts = array("q"), array("i")
        try:
            ends.frombytes(data[_HEAD : _HEAD + rows * ends.itemsize])
            parts.frombytes(data[_HEAD + rows * ends.itemsize :])
        except ValueError:
            return None
        return Encoded(parts, ends)

    def put(self, key: str, encoded: Encoded) -> None:
        """Keep a count."""
        if self.where is None:
            return
        data = len(encoded.ends).to_bytes(8, "little")
        data += encoded.ends.tobytes() + encoded.parts.tobytes()
        try:
            os.makedirs(self.where, exist_ok=True)
            aside = os.path.join(self.where, f"{key}.{os.getpid()}")
            with open(aside, "wb") as file:
                file.write(_digest(data) + data)
            os.replace(aside, os.path.join(self.where, key))
        except OSError:
            return


_DIGEST = 16
_HEAD = _DIGEST + 8


def _digest(data: bytes) -> bytes:
    """Return what tells an entry from one that a failing disk, or a hand, has changed."""
    from hashlib import blake2b

    return blake2b(data, digest_size=_DIGEST).digest()

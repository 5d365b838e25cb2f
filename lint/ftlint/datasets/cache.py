"""Counts that were made before, one small file each in the user's cache folder.

A count stands for a path, its size and the time of its last change. Files are written aside and
moved into place, so processes cannot see half of one; whatever goes wrong is as if nothing had been
kept.
"""

from __future__ import annotations

import os

from ftlint.support import user_cache
from ftlint.support.disk import is_stable, now


def folder() -> str | None:
    """Return where counts are kept, None where there is no place for them."""
    return user_cache.folder("counts")


class Cache:
    """Remembers lists of numbers and texts for files. `where` None switches it off."""

    def __init__(self, where: str | None) -> None:
        self.where = where

    def get(self, path: str, question: str) -> list[object] | None:
        """Return what was kept for this file as it is now, and for the same question."""
        if self.where is None:
            return None
        try:
            key, state = self._key(path, question)
            with open(os.path.join(self.where, key), encoding="utf-8") as file:
                import json

                kept = json.load(file)
        except (OSError, ValueError, RecursionError):
            return None
        sound = isinstance(kept, list) and len(kept) == 3 and isinstance(kept[1], list)
        sound = sound and kept[2] == _digest(kept[0], kept[1])
        return kept[1] if sound and kept[0] == state else None

    def put(self, path: str, question: str, answer: list[object]) -> None:
        """Keep an answer, unless the file is still being written or the disk is not writable."""
        if self.where is None:
            return
        try:
            key, state = self._key(path, question)
            if not is_stable([now(path)]):
                return
            import json

            os.makedirs(self.where, exist_ok=True)
            aside = os.path.join(self.where, f"{key}.{os.getpid()}")
            with open(aside, "w", encoding="utf-8") as file:
                json.dump([state, answer, _digest(state, answer)], file)
            os.replace(aside, os.path.join(self.where, key))
        except OSError:
            return

    def _key(self, path: str, question: str) -> tuple[str, list[object]]:
        import hashlib

        path = os.path.abspath(path)
        state = now(path)
        if state is None:
            raise FileNotFoundError(path)
        name = hashlib.blake2b(f"{path}\n{question}".encode("utf-8", "surrogateescape"),
                               digest_size=16).hexdigest()  # fmt: skip
        return name, [path, question, *state[:2]]


def _digest(state: object, answer: object) -> str:
    """Return what tells an entry from one that a failing disk, or a hand, has changed."""
    import hashlib
    import json

    return hashlib.blake2b(json.dumps([state, answer]).encode(), digest_size=16).hexdigest()

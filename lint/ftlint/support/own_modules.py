"""Modules of ftlint found where they lie: to search for them takes a tenth of a short run.

Python asks every finder, looks into every folder and reads each file in five calls of the system.
Here one look at the source and two calls for its byte code do. Whatever is unusual, byte code that
is missing or stale above all, is left to Python itself.
"""

from __future__ import annotations

import _frozen_importlib_external as python  # what `importlib` is made of, without importing it
import os
import sys
from marshal import loads

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

_OWN = ("ftlint.", "ftschemas.")
_HEAD = python.MAGIC_NUMBER + bytes(4)
"""What byte code begins with that goes by the time and the size of its source."""
_WORD = 0xFFFFFFFF
_MOST = 1 << 16
"""Bytes of byte code that are read at once; there is no larger module."""
_BINARY = getattr(os, "O_BINARY", 0)


class _Loader(python.SourceFileLoader):
    """Loads as Python does, but for byte code that is there and current."""

    def __init__(self, name: str, path: str, source: os.stat_result, compiled: str) -> None:
        self.name, self.path = name, path
        self.source, self.compiled = source, compiled

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code of a module."""
        changed, size = int(self.source.st_mtime), self.source.st_size
        current = _HEAD + (((size & _WORD) << 32) | (changed & _WORD)).to_bytes(8, "little")
        try:
            file = os.open(self.compiled, os.O_RDONLY | _BINARY)
            data = os.read(file, _MOST)
            os.close(file)
        except OSError:
            data = b""
        if data[:16] != current or len(data) == _MOST:
            return super().get_code(fullname)
        code: CodeType = loads(memoryview(data)[16:])
        return code


_SEP = os.sep
_TAIL = f".{sys.implementation.cache_tag}.pyc"


class _Finder:
    """Finds a module in the folder of its package."""

    @staticmethod
    def find_spec(
        name: str, folders: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of ftlint lies; None for all others."""
        if not folders or not name.startswith(_OWN):
            return None
        folder, leaf, inside = folders[0], name.rpartition(".")[2], None
        try:
            path = f"{folder}{_SEP}{leaf}.py"
            source = os.stat(path)
        except OSError:
            folder, leaf = f"{folder}{_SEP}{leaf}", "__init__"
            path, inside = f"{folder}{_SEP}{leaf}.py", [folder]
            try:
                source = os.stat(path)
            except OSError:
                return None
        compiled = f"{folder}{_SEP}__pycache__{_SEP}{leaf}{_TAIL}"
        loader = _Loader(name, path, source, compiled)
        spec: ModuleSpec | None = python.spec_from_file_location(
            name, path, loader=loader, submodule_search_locations=inside
        )
        if spec is not None:
            spec.cached = compiled
        return spec


def find_directly() -> None:
    """Find modules of ftlint so from here on, where Python was not told to do it otherwise."""
    usual = sys.pycache_prefix is None and not sys.flags.optimize
    if usual and _Finder not in sys.meta_path:
        finders = sys.meta_path
        before = finders.index(python.PathFinder) if python.PathFinder in finders else 0
        finders.insert(before, _Finder)  # whoever stands before Python's own search goes on first

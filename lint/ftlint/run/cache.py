"""Results that were made before: by content, options, ftlint itself, and the facts they rest on.

One JSON file for a working directory and a set of options lies in the user's cache folder. It is
read and written whole, by runs over many files only: a hook's few are linted sooner than looked up.
It is written aside and moved into place; whatever goes wrong is as if nothing had been kept.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from hashlib import blake2b

import ftlint
import ftschemas
from ftlint.datasets.cache import folder
from ftlint.run import serialize
from ftlint.run.serialize import Entry
from ftlint.support.disk import is_as_it_was, is_stable, now
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.project.options import Options
    from ftlint.results import Result
    from ftlint.support.disk import Disk, State

MOST = 50_000
"""Files that one store remembers; those of the run at hand are kept when there are more."""

STORES = 64


class ResultCache:
    """The results kept for one set of options. `where` None switches it off."""

    def __init__(self, where: str | None, options: Options) -> None:
        self.path = where and os.path.join(where, f"{_name(options)}.json")
        self.entries: dict[str, Any] = _load(self.path)
        self.codes = {code for code, _ in options.rules.named()}
        self.used: dict[str, None] = {}
        self.states: dict[str, State | None] = {}
        self.changed = False

    def get(self, path: str, data: bytes) -> Entry | None:
        """Return what was kept for this content, if every path it rests on is as it was."""
        try:
            entry = serialize.read(path, self.entries[path])
        except (KeyError, ValueError):
            return None
        if entry.digest != digest(data):
            return None
        if any(one.code not in self.codes or one.end > len(data) for one in entry.diagnostics):
            return None
        if not all(is_as_it_was(self._now(one), was) for one, was in entry.touched.items()):
            return None
        self.used[path] = None
        return entry

    def _now(self, path: str) -> State | None:
        if path not in self.states:
            self.states[path] = now(path)
        return self.states[path]

    def put(self, path: str, entry: Entry) -> None:
        """Keep an entry for this path."""
        self.entries[path] = serialize.plain(entry)
        self.used[path] = None
        self.changed = True

    def save(self) -> None:
        """Write what has changed; a disk that takes nothing is no error."""
        if self.path is None or not self.changed:
            return
        entries = self.entries
        if len(entries) > MOST:
            entries = {path: entries[path] for path in self.used}
        aside = f"{self.path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with open(aside, "w", encoding="ascii") as file:
                file.write(json.dumps(entries, separators=(",", ":")))
            os.replace(aside, self.path)
            _prune(os.path.dirname(self.path))
        except (OSError, ValueError):
            with suppress(OSError):
                os.unlink(aside)


def store() -> str | None:
    """Return where results are kept, None where there is no place for them."""
    counts = folder()
    return counts and os.path.join(os.path.dirname(counts), "results")


def digest(data: bytes) -> str:
    """Return what tells one content from another."""
    return blake2b(data, digest_size=16).hexdigest()


def entry_of(data: bytes, disk: Disk, result: Result) -> Entry | None:
    """Return what to keep; None while a path that it rests on may still be changing."""
    touched = disk.touched()
    if not is_stable(touched.values()):
        return None
    return Entry(digest(data), touched, result.command, result.diagnostics, result.unjudged)


def _load(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        with open(path, encoding="ascii") as file:
            found = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(options: Options) -> str:
    """Return the name of the store: whatever the verdict on a content may depend on."""
    parts = (
        ftlint.__version__, _state_of_code(), sys.hexversion, os.getcwd(),
        os.environ.get("FTBENCH_CALIBRATION"), options.target,
        options.given, options.select, options.ignore, options.command, options.named,
        options.rules.policies,
    )  # fmt: skip
    return blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _state_of_code() -> list[tuple[str, int, int]]:
    """Return names, sizes and times of ftlint's own modules: a working copy keeps its version."""
    found = []
    for package in (ftlint, ftschemas):
        for folder_, folders, names in os.walk(os.path.dirname(str(package.__file__))):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                if name.endswith(".py"):
                    one = os.stat(os.path.join(folder_, name))
                    found.append((name, one.st_size, one.st_mtime_ns))
    return sorted(found)


def _prune(where: str) -> None:
    """Drop the stores that were written longest ago when there are too many."""
    stores = [entry for entry in os.scandir(where) if entry.name.endswith(".json")]
    for entry in sorted(stores, key=lambda one: one.stat().st_mtime_ns)[:-STORES]:
        os.unlink(entry.path)

"""Results that were made before: by content, options, ftlint itself, and the facts they rest on.

One file for a working directory and a set of options lies in the user's cache folder. It is read
and written whole, by runs over many files only: a hook's few are linted sooner than looked up.

A file that has not been touched is not opened: what the report shows of it is kept as well.
"""

from __future__ import annotations

import json
import os
import sys
from zlib import crc32

import ftlint
from ftlint.run import serialize
from ftlint.run.serialize import KeptResult
from ftlint.support import user_cache
from ftlint.support.disk import Disk, ReadFailure, is_as_it_was, is_stable, now, stamp
from ftlint.support.kept import NONE, Unfit, form, of_form
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.project.options import Options
    from ftlint.results import Result
    from ftlint.support.disk import Stamp, State

MOST = 50_000
"""Files that one store remembers; those of the run at hand are kept when there are more."""

STORES = 64


class ResultCache:
    """The results kept for one set of options. `where` None switches it off."""

    def __init__(self, where: str | None, options: Options) -> None:
        self.key = _key(options)
        self.path = where and os.path.join(where, f"{crc32(self.key.encode()):08x}.json")
        self.limit = options.limits.bytes
        self.states, self.entries = _load(self.path, self.key)
        self.fresh: dict[int, bool] = {}
        self.used: dict[str, None] = {}
        self.changed = False

    def get(self, path: str) -> KeptResult | None:
        """Return what was kept for a file, if it and every path it rests on are as they were."""
        row = self.entries.get(path)
        if row is None or not self._is_same(path, row) or not all(map(self._is_fresh, row[2])):
            return None
        try:
            entry = serialize.read(path, row, self.limit)
        except Unfit:
            return None
        self.used[path] = None
        return entry

    def text(self, path: str) -> str:
        """Return the text of a file of which a result is kept."""
        data = Disk().read(path, self.limit + 1)
        return "" if isinstance(data, ReadFailure) else data.decode(errors="replace")

    def touched(self, path: str) -> dict[str, State | None]:
        """Return the state of each path that a kept result rests on. Raises KeyError."""
        return {self.states[place][0]: self.states[place][1] for place in self.entries[path][2]}

    def _is_same(self, path: str, row: list[Any]) -> bool:
        """Return whether a file holds what it did; it is read only when it was touched since."""
        seen = stamp(path)
        if seen is None:
            return False
        if row[0] == [*seen]:
            return True
        data = Disk().read(path, self.limit + 1)
        if isinstance(data, ReadFailure) or digest(data) != row[1]:
            return False
        if seen.is_settled():
            row[0], self.changed = [*seen], True
        return True

    def _is_fresh(self, place: int) -> bool:
        known = self.fresh.get(place)
        if known is None:
            path, was = self.states[place]
            known = self.fresh[place] = is_as_it_was(now(path), was)
        return known

    def put(self, path: str, entry: KeptResult) -> None:
        """Keep an entry for this path."""
        start = len(self.states)
        self.states.extend(entry.touched.items())
        self.entries[path] = serialize.plain(entry, range(start, len(self.states)))
        self.used[path] = None
        self.changed = True

    def save(self) -> None:
        """Write what has changed; a disk that takes nothing is no error."""
        if self.path is None or not self.changed:
            return
        entries = self.entries
        if len(entries) > MOST:
            entries = {path: entries[path] for path in self.used}
        text = json.dumps([self.key, *self._joined(entries)], separators=(",", ":"))
        user_cache.save(self.path, text.encode("ascii"), ".json", STORES)

    def _joined(self, entries: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return states and entries in which each state that is rested on stands once."""
        places: dict[tuple[Any, ...], int] = {}
        rows = {}
        for path, row in entries.items():
            states = (self.states[place] for place in row[2])
            keys = [(name, None if state is None else tuple(state)) for name, state in states]
            numbers = [places.setdefault(key, len(places)) for key in keys]
            rows[path] = [*row[:2], numbers, *row[3:]]
        return [*places], rows


def store() -> str | None:
    """Return where results are kept, None where there is no place for them."""
    return user_cache.folder("results")


def digest(data: bytes) -> str:
    """Return what tells one content from another."""
    from hashlib import blake2b  # half of the import of this module

    return blake2b(data, digest_size=16).hexdigest()


def entry_of(seen: Stamp | None, data: bytes, disk: Disk, result: Result) -> KeptResult | None:
    """Return what to keep; None while a path that it rests on may still be changing.

    `seen`: the stamp of the file from before it was read.
    """
    touched = disk.touched()
    if not is_stable(touched.values()):
        return None
    known = seen if seen is not None and seen.is_settled() else None
    return KeptResult(
        known, digest(data), touched, result.command, result.diagnostics, result.unjudged,
        result.shown or (), result.doubted,
    )  # fmt: skip


def _load(path: str | None, key: str) -> tuple[list[Any], dict[str, Any]]:
    text = None if path is None else user_cache.load(path)
    if text is None:
        return [], {}
    try:
        named, states, entries = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return [], {}
    return (states, entries) if named == key and _fit(states, entries) else ([], {})


STATE = form(str, (list, NONE))
SEEN = form(int, int, int, int)
ROW = form((list, NONE), str, list, (str, NONE), list, (list, NONE), list, list)


def _fit(states: object, entries: object) -> bool:
    """Return whether all that is looked up is of the form in which it is kept."""
    if type(states) is not list or type(entries) is not dict:
        return False
    try:
        for _, was in (of_form(STATE, one) for one in states):
            was is None or of_form(SEEN, was)
        places = [place for one in entries.values() for place in of_form(ROW, one)[2]]
    except Unfit:
        return False
    if not {*map(type, places)} <= {int}:
        return False
    return not places or (min(places) >= 0 and max(places) < len(states))


def _key(options: Options) -> str:
    """Return the name of the store: whatever the verdict on a content may depend on."""
    parts = (
        ftlint.__version__, user_cache.state_of_code(), sys.hexversion, os.getcwd(),
        os.environ.get("FTBENCH_CALIBRATION"), options.target, options.extra,
        options.given, options.select, options.ignore, options.command, options.named,
        options.limits, options.rules.policies, options.overrides, options.per_file,
        options.severity,
    )  # fmt: skip
    return ascii(parts)

"""What scripts hand over, kept between runs: a file a folder in the user's cache folder.

A script is followed again when it, or a file that it takes in, has changed.
"""

from __future__ import annotations

import json
import os
from zlib import crc32

from ftlint.facts.handed import HandedOver, Start, read
from ftlint.facts.launch import Launch
from ftlint.support import user_cache
from ftlint.support.disk import is_as_it_was, is_stable
from ftlint.support.kept import NONE, Unfit, form, of_form, texts
from ftlint.target.classify import SUBCOMMANDS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.support.disk import Disk
    from ftlint.target.classify import Command

SUFFIX = ".starts"
STORES = 256
FILE = form(list, dict)
SCRIPT = form(dict, list, int)
STATE = form(int, int, int, int)
ROW = form(
    int, str, str, str, list, bool, (int, NONE), (int, NONE), (list, NONE),
)  # fmt: skip


class Kept:
    """What was kept for the scripts in a folder, and what is to be."""

    def __init__(self, folder: str) -> None:
        store = user_cache.folder("starts")
        name = f"{crc32(folder.encode('utf-8', 'replace')):08x}{SUFFIX}"
        self.path = store and os.path.join(store, name)
        self.key: list[Any] = [folder, user_cache.state_of_code()]
        self.known = self._load()
        self.found: dict[str, list[Any]] = {}

    def _load(self) -> dict[str, Any]:
        data = None if self.path is None else user_cache.load(self.path)
        if data is None:
            return {}
        try:
            key, known = of_form(FILE, json.loads(data))
        except (Unfit, ValueError, RecursionError):
            return {}
        return known if key == self.key else {}

    def of(self, path: str, data: bytes, disk: Disk) -> HandedOver:
        """Return what the script at a path, which holds these bytes, hands over."""
        row = self.known.get(path)
        if row is not None:
            try:
                kept = _of_plain(path, row, disk)
            except Unfit:
                kept = None
            if kept is not None:
                self.found[path] = row
                return kept
        found, taken = read(path, data, disk)
        states = {one: disk.state(one) for one in (path, *taken)}
        if is_stable(states.values()):
            self.found[path] = [states, [_plain(one) for one in found.files], found.steps]
        return found

    def save(self) -> None:
        """Keep what is not kept yet."""
        if self.path is not None and self.found != self.known:
            text = json.dumps([self.key, self.found], separators=(",", ":"))
            user_cache.save(self.path, text.encode("ascii"), SUFFIX, STORES)


def _plain(one: Start) -> list[Any]:
    launch = one.launch
    return [*one[1:-1], launch.gpus, launch.nodes, launch.environment]


def _of_plain(path: str, row: object, disk: Disk) -> HandedOver | None:
    """Return what was kept of a script; None where it, or what it takes in, is not as it was.

    Raises Unfit.
    """
    states, rows, steps = of_form(SCRIPT, row)
    for one, was in states.items():
        if not is_as_it_was(disk.state(one), None if was is None else of_form(STATE, was)):
            return None
    return HandedOver([_start(path, *of_form(ROW, one)) for one in rows], steps)


def _start(
    path: str, line: int, command: Command, config: str, folder: str, arguments: list[str],
    whole: bool, gpus: int | None, nodes: int | None, environment: list[str] | None,
) -> Start:  # fmt: skip
    if command not in SUBCOMMANDS.values():
        raise Unfit
    on = None if environment is None else texts(environment)
    launch = Launch(gpus, nodes, environment=on)
    return Start(path, line, command, config, folder, texts(arguments), whole, launch)

"""Sources that were read before, a file each in the user's cache folder, until one changes."""

from __future__ import annotations

import json
import os
from zlib import crc32

from ftlint.support import disk, user_cache
from ftlint.support.disk import is_stable, now
from ftlint.support.kept import NONE, Unfit, form, of_form, texts
from ftlint.target.handling import Handling
from ftlint.target.tree import Facts, Tree
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.support.disk import State

    Touched = dict[str, State | None]
    Read = tuple[Tree, Touched]
    """A source, and the state of each path that it rests on."""

SUFFIX = ".tree"
STORES = 32


def is_as_it_was(touched: Touched) -> bool:
    """Return whether every path is as it was when a source was read."""
    return all(disk.is_as_it_was(now(path), state) for path, state in touched.items())


SCALARS = (str, int, float, bool, NONE)
KEPT = form(list, dict, list)
STATE = form(int, int, int, int)
FACTS = form(
    str, dict, dict, (list, NONE), (list, NONE), dict, dict, dict, list, list,
)  # fmt: skip
KEY = form(str, list, (list, NONE), (str, NONE), (str, NONE), (*SCALARS, list, dict))
READING, BOUNDS = form(str, bool, list), form(str, str)
TEMPLATE, MODEL = form(str, list), form(list, bool, bool)
HANDLING = form(str, *([list] * (len(Handling._fields) - 1)))


def _store(package: str) -> str | None:
    folder = user_cache.folder("sources")
    name = f"{crc32(os.path.abspath(package).encode('utf-8', 'replace')):08x}{SUFFIX}"
    return folder and os.path.join(folder, name)


def _key(package: str) -> list[Any]:
    return [package, user_cache.state_of_code()]


def load(package: str) -> Read | None:
    """Return what was read before, if every path that it rests on is as it was."""
    path = _store(package)
    data = None if path is None else user_cache.load(path)
    if data is None:
        return None
    try:
        key, states, facts = of_form(KEPT, json.loads(data))
        if key != _key(package):
            return None
        touched: Touched = {
            one: None if state is None else tuple(of_form(STATE, state))
            for one, state in states.items()
        }
        if not is_as_it_was(touched):
            return None
        return Tree(_of_plain(*of_form(FACTS, facts))), touched
    except (Unfit, TypeError, ValueError, RecursionError):
        return None


def save(package: str, facts: Facts, touched: Touched) -> None:
    """Keep what was read, unless a file of it may still be changing."""
    path = _store(package)
    if path is None or not is_stable(touched.values()):
        return
    text = json.dumps([_key(package), touched, facts], separators=(",", ":"))
    user_cache.save(path, text.encode("ascii"), SUFFIX, STORES)


def _of_plain(
    version: str, keys: dict[str, Any], commands: dict[str, Any], reading: list[Any] | None,
    bounds: list[Any] | None, pins: dict[str, Any], templates: dict[str, Any],
    models: dict[str, Any], handling: list[Any], unread: list[Any],
) -> Facts:  # fmt: skip
    """Return facts of lists of constants. Raises Unfit for what is not kept so."""
    found = {}
    for name, one in keys.items():
        group, kinds, choices, checked, separator, default = of_form(KEY, one)
        listed = None if choices is None else tuple(choices)
        if listed is not None and not {*map(type, listed)} <= {*SCALARS}:
            raise Unfit
        found[name] = group, texts(kinds), listed, checked, separator, default
    nearest, *differing = of_form(HANDLING, handling)
    if nearest not in compiled.LLAMAFACTORY or {"train", "infer", "eval"} - commands.keys():
        raise Unfit
    loader, json_configs, suffixes = (
        (None, False, []) if reading is None else of_form(READING, reading)
    )
    return Facts(
        version,
        found,
        {command: texts(groups) for command, groups in commands.items()},
        None if reading is None else (loader, json_configs, texts(suffixes)),
        None if bounds is None else tuple(of_form(BOUNDS, bounds)),
        pins,
        {
            name: (one[0], texts(one[1]))
            for name, one in ((name, of_form(TEMPLATE, one)) for name, one in templates.items())
        },
        {
            name: (texts(one[0]), one[1], one[2])
            for name, one in ((name, of_form(MODEL, one)) for name, one in models.items())
        },
        (nearest, *map(texts, differing)),
        texts(unread),
    )

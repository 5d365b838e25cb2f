"""`extend`: a settings file over another one of its project."""

from __future__ import annotations

import os

from ftlint.support.containment import OUTSIDE, project_of
from ftlint.support.disk import Disk
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

MOST = 10
"""Files over one another."""
_PATHS = ("dataset-dir", "bands", "baseline")
_PATTERNS = ("exclude", "per-file-ignores")


def whole(path: str, table: Table, stated: Callable[[str, Disk], Table]) -> Table | str:
    """Return a settings table over those that it extends, or why that cannot be.

    `stated` returns the table in a file.

    Tables in it are merged key by key, all else replaces what it extends. Paths of each file are
    relative to that file, and are handed on as they are called from the first.
    """
    root = os.path.dirname(os.path.abspath(path))
    disk = Disk(project_of(root, root))
    seen = [os.path.realpath(path)]
    while "extend" in table:
        below = os.path.join(root, table.pop("extend"))
        real = disk.real(below)
        if not disk.holds(below):
            return f"{path}: extend: {below}: {OUTSIDE}"
        if real in seen or len(seen) == MOST:
            why = "it extends itself" if real in seen else f"more than {MOST} files extend others"
            return f"{path}: extend: {below}: {why}"
        seen.append(str(real))
        table = _over(_moved(stated(below, disk), os.path.dirname(below), root), table)
    return table


def _over(below: Table, above: Table) -> Table:
    merged = {**below, **above}
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(name), dict):
            merged[name] = {**below[name], **value}
    return merged


def _moved(table: Table, folder: str, root: str) -> Table:
    """Return a table of settings in `folder` as it reads from another folder."""
    from ftlint.target.elsewhere import is_path

    def moved(path: str) -> str:
        return os.path.relpath(os.path.join(folder, path), root)

    def pattern(one: str) -> str:
        return f"./{moved(one)}".replace(os.sep, "/") if "/" in one.rstrip("/") else one

    found = dict(table)
    for name in table.keys() & {*_PATHS, "extend"}:
        found[name] = moved(table[name])
    for name in table.keys() & set(_PATTERNS):
        value = table[name]
        found[name] = (
            {pattern(one): codes for one, codes in value.items()}
            if isinstance(value, dict)
            else [pattern(one) for one in value]
        )
    if "policies" in table:
        found["policies"] = [moved(one) for one in table["policies"]]
    if "target" in table and is_path(table["target"]):
        target = moved(table["target"])
        found["target"] = target if is_path(target) else os.path.join(".", target)
    return found

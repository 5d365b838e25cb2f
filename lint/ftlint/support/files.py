"""From the paths a person names to the files to read."""

from __future__ import annotations

import os

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
_SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages", "venv"])


class Unreadable(NamedTuple):
    """A named path that gives no text, and why."""

    path: str
    reason: str


class Found(NamedTuple):
    """A file to look at; `named` when a person named it rather than its folder.

    `used`: the named file, no config itself, for which this config is judged: it uses that.
    """

    path: str
    named: bool
    used: str | None = None


class Users(NamedTuple):
    """The configs that use files which were named, and what to say where not all were looked at."""

    found: tuple[Found, ...] = ()
    notes: tuple[str, ...] = ()


def expand(
    paths: Iterable[str], excludes: Callable[[str], bool] = lambda path: False
) -> Iterator[Found | Unreadable]:
    """Yield files in a stable order, each once; folders give their YAML and JSON files.

    Hidden folders, installed packages and links to folders are not entered, nor is what `excludes`
    leaves out. `-` stands for itself.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _of(path, excludes):
            key = os.path.normpath(found.path)
            if key not in seen:
                seen.add(key)
                yield found


def read(path: str, limit: int) -> bytes | Unreadable:
    """Return the bytes of a regular file, `limit` of them at most."""
    try:
        if not os.path.isfile(path):
            gone = not os.path.lexists(path)
            return Unreadable(path, "no such file" if gone else "not a regular file")
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
    except ValueError as error:  # a NUL in the name
        return Unreadable(path, str(error))


def _of(path: str, excludes: Callable[[str], bool]) -> Iterator[Found | Unreadable]:
    if not os.path.isdir(path):
        if path == STDIN or os.path.lexists(path):
            yield Found(path, named=True)
        else:
            yield Unreadable(path, "no such file or folder")
        return
    failures: list[Unreadable] = []

    def note(error: OSError) -> None:
        failures.append(Unreadable(str(error.filename), error.strerror or str(error)))

    for folder, folders, names in os.walk(path, onerror=note):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not excludes(os.path.join(folder, name))
        )
        for name in sorted(names):
            full = os.path.join(folder, name)
            if (
                name.lower().endswith(SUFFIXES)
                and not excludes(full)
                and os.path.isfile(full)  # editors lock files by links to nowhere
            ):
                yield Found(full if path != "." else full[2:], named=False)
    yield from failures


def matches_any(path: str, patterns: Iterable[str], root: str) -> bool:
    """Return whether a path matches a pattern relative to `root`, or its own name does."""
    from fnmatch import fnmatch

    relative = os.path.relpath(path, root).replace(os.sep, "/")
    name = relative.rpartition("/")[2]
    wanted = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
    return any(fnmatch(relative, pattern) or fnmatch(name, pattern) for pattern in wanted)

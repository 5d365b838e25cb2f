"""From the paths a person names to the files to read."""

from __future__ import annotations

import os

from ftlint.support.disk import Disk, ReadFailure
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
SCRIPTS = (".sh", ".bash", ".slurm", ".sbatch")
"""Suffixes of scripts, which may start a config or hold one."""
HOSTS = (".ps1", ".bat", ".cmd", ".ipynb", ".mk", ".dockerfile")
"""Suffixes of other files that hold commands."""
_NAMED = ("dockerfile", "makefile", "gnumakefile")
LINTED = (*SUFFIXES, *SCRIPTS, *HOSTS)
WORKFLOWS = ".github/workflows/"


def base(path: str) -> str:
    """Return the name of a file without its folder."""
    return path.replace("\\", "/").rpartition("/")[2]


def is_script(path: str) -> bool:
    """Return whether a file may hold commands: by its name, which is all that is looked at."""
    lower = path.lower()
    if lower.endswith(SUFFIXES):
        return WORKFLOWS in path
    return lower.endswith((*SCRIPTS, *HOSTS, ".py")) or is_named_script(lower)


def is_named_script(path: str) -> bool:
    """Return whether a file without a suffix of its own holds commands."""
    return base(path).lower().partition(".")[0] in _NAMED


INSTALLED = frozenset(["node_modules", "__pycache__", "site-packages", "venv"])
"""Folders of what others wrote, beside hidden ones, which no search enters."""


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
    paths: Sequence[str], excludes: Callable[[str], object] = lambda path: False
) -> Iterator[Found | ReadFailure]:
    """Yield files in a stable order, each once; folders give their YAML and JSON files.

    Hidden folders, installed packages and links to folders are not entered, nor is what `excludes`
    leaves out. `-` stands for itself.
    """
    seen: set[str] = set()
    disk = Disk()
    for path in paths:
        if len(paths) == 1:  # nothing is met twice: no list of a million names is kept
            yield from _of(path, excludes, disk)
            return
        for found in _of(path, excludes, disk):
            key = os.path.normpath(found.path)
            if key not in seen:
                seen.add(key)
                yield found


def _of(path: str, excludes: Callable[[str], object], disk: Disk) -> Iterator[Found | ReadFailure]:
    if not disk.is_folder(path):
        if path == STDIN or disk.is_there(path):
            yield Found(path, named=True)
        else:
            yield ReadFailure(path, "no such file or folder")
        return
    failures: list[ReadFailure] = []
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        try:
            folders, names = disk.listing(folder)
        except OSError as error:
            failures.append(ReadFailure(folder, error.strerror or str(error)))
            continue
        below = [
            os.path.join(folder, name)
            for name in folders
            if not name.startswith(".") and name not in INSTALLED
        ]
        waiting += (one for one in reversed(below) if not excludes(one))
        for name in names:
            full = os.path.join(folder, name)
            if (name.lower().endswith(LINTED) or is_named_script(name)) and not excludes(full):
                yield Found(full if path != "." else full[2:], named=False)
    yield from failures


def matching(path: str, patterns: Iterable[str], root: str) -> str | None:
    """Return the first pattern that a path relative to `root`, or its own name, matches.

    One that begins with `./` is of paths alone.
    """
    from fnmatch import fnmatch

    relative = os.path.relpath(path, root).replace(os.sep, "/")
    name = relative.rpartition("/")[2]
    for pattern in patterns:
        wanted = pattern.removeprefix("./").rstrip("/")
        named = wanted == pattern.rstrip("/") and fnmatch(name, wanted)
        if named or fnmatch(relative, wanted):
            return pattern
    return None

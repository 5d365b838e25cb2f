"""From the paths a person names to the files to read."""

from __future__ import annotations

import os

from ftlint.support.containment import is_below
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


LIST_BYTES = 1 << 30
"""Of a list of files."""


class Excluded(NamedTuple):
    """Patterns of what is left out, what they are relative to, and where they stand.

    `forced`: named files are left out as well.
    """

    patterns: tuple[str, ...]
    root: str
    where: str
    forced: bool = False


class Exclusion:
    """Which files and folders are left out, and why.

    `nearest` tells what the settings of a folder exclude. `asked`: patterns of the command line,
    relative to the working directory. `forced`: named files are left out as well.
    """

    def __init__(
        self,
        asked: tuple[str, ...],
        forced: bool,
        nearest: Callable[[str], Excluded],
    ) -> None:
        self.asked = asked
        self.forced = forced
        self.nearest = nearest
        self.known: dict[str, tuple[Excluded, ...]] = {}

    def reason(self, path: str) -> str | None:
        """Return why a file or folder that nobody named is left out, if it is.

        The settings that say so are those nearest to the folder that it lies in.
        """
        folder = os.path.dirname(path)
        if folder not in self.known:
            self.known[folder] = tuple(self._patterns(os.path.abspath(folder)))
        for one in self.known[folder]:
            pattern = matching(path, one.patterns, one.root)
            if pattern is not None:
                return f"excluded by {pattern!r} of {one.where}"
        return None

    def of_named(self, path: str) -> str | None:
        """Return why a file or folder that was named is left out: it, or a folder above it."""
        path = os.path.abspath(path)
        near = self.nearest(os.path.dirname(path))
        if not (self.forced or near.forced):
            return None
        within = [os.getcwd(), near.root]
        while any(is_below(path, root) and path != root for root in within):
            why = self.reason(path)
            if why is not None:
                return why
            path = os.path.dirname(path)
        return None

    def _patterns(self, folder: str) -> Iterable[Excluded]:
        near = self.nearest(folder)
        if self.asked:
            yield Excluded(self.asked, os.getcwd(), "--exclude")
        if near.patterns:
            yield near


class FileRequest(NamedTuple):
    """What files a run is asked for: paths, a file that lists others, which part of how many."""

    paths: tuple[str, ...]
    files_from: str | None = None
    shard: tuple[int, int] = (1, 1)


def found_files(
    asked: FileRequest,
    exclusion: Exclusion,
    stdin: Callable[[int], bytes],
    left_out: Callable[[str, str], object] = lambda path, why: None,
) -> Iterator[Found | ReadFailure]:
    """Yield the files to look at, those of the command line once each.

    `left_out(path, why)` is called for what is excluded.
    """

    def excludes(path: str) -> bool:
        why = exclusion.reason(path)
        if why is not None:
            left_out(path, why)
        return why is not None

    def is_wanted(path: str) -> bool:
        why = None if path == STDIN else exclusion.of_named(path)
        if why is not None:
            left_out(path, why)
        return why is None

    for one in expand([*filter(is_wanted, asked.paths)], excludes):
        if in_shard(one.path, asked.shard):
            yield one
    for path in () if asked.files_from is None else _listed(asked.files_from, stdin):
        if is_wanted(path):
            for one in expand((path,), excludes):
                if in_shard(one.path, asked.shard):
                    yield one


def in_shard(path: str, shard: tuple[int, int]) -> bool:
    """Return whether a file belongs to a part: by its name, whatever other files there are."""
    part, parts = shard
    if parts == 1:
        return True
    from zlib import crc32

    name = os.path.normpath(path).replace(os.sep, "/")
    return crc32(os.fsencode(name)) % parts == part - 1


def _listed(name: str, stdin: Callable[[int], bytes]) -> Iterator[str]:
    """Yield the names in a list: a line each, or with NUL between them, as `git ls-files -z`."""
    if name == STDIN:
        data = stdin(LIST_BYTES)
    else:
        with open(name, "rb") as file:
            data = file.read(LIST_BYTES)
    mark = b"\0" if b"\0" in data else b"\n"
    start = 0
    while start < len(data):
        end = data.find(mark, start)
        end = len(data) if end < 0 else end
        line = data[start:end].removesuffix(b"\r") if mark == b"\n" else data[start:end]
        if line.strip():
            yield os.fsdecode(line)
        start = end + 1

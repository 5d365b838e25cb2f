"""The files of a run: named, found, listed; what of them is left out, and which part is judged."""

from __future__ import annotations

import os

from ftlint.support.containment import is_below
from ftlint.support.files import STDIN, expand, matching
from ftlint.support.messages import shown_path
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ftlint.project.options import CliOptions, OptionsResolver
    from ftlint.project.settings import Settings
    from ftlint.support.disk import ReadFailure
    from ftlint.support.files import Found

    Patterns = tuple[tuple[str, ...], str, str]
    """Patterns, what they are relative to, and where they stand."""


LIST_BYTES = 1 << 30
"""Of a list of files."""


class Exclusion:
    """Which files and folders are left out, and why.

    `nearest` tells the settings of a folder and their file. `asked`: patterns of the command line,
    relative to the working directory. `forced`: named files are left out as well.
    """

    def __init__(
        self,
        asked: tuple[str, ...],
        forced: bool,
        nearest: Callable[[str], tuple[str | None, Settings]],
    ) -> None:
        self.asked = asked
        self.forced = forced
        self.nearest = nearest
        self.known: dict[str, tuple[Patterns, ...]] = {}

    def reason(self, path: str) -> str | None:
        """Return why a file or folder that nobody named is left out, if it is.

        The settings that say so are those nearest to the folder that it lies in.
        """
        folder = os.path.dirname(path)
        if folder not in self.known:
            self.known[folder] = tuple(self._patterns(os.path.abspath(folder)))
        for patterns, root, where in self.known[folder]:
            pattern = matching(path, patterns, root)
            if pattern is not None:
                return f"excluded by {pattern!r} of {where}"
        return None

    def of_named(self, path: str) -> str | None:
        """Return why a file or folder that was named is left out: it, or a folder above it."""
        path = os.path.abspath(path)
        _, settings = self.nearest(os.path.dirname(path))
        if not (self.forced or settings.force_exclude):
            return None
        within = [os.getcwd(), *([settings.root] if settings.root else [])]
        while any(is_below(path, root) and path != root for root in within):
            why = self.reason(path)
            if why is not None:
                return why
            path = os.path.dirname(path)
        return None

    def _patterns(self, folder: str) -> Iterable[Patterns]:
        file, settings = self.nearest(folder)
        if self.asked:
            yield self.asked, os.getcwd(), "--exclude"
        if settings.exclude:
            yield settings.exclude, settings.root or os.getcwd(), shown_path(file or "")


def found_files(
    request: CliOptions,
    resolver: OptionsResolver,
    stdin: Callable[[int], bytes],
    left_out: Callable[[str, str], None] = lambda path, why: None,
) -> Iterator[Found | ReadFailure]:
    """Yield the files to look at, those of the command line once each.

    `left_out(path, why)` is called for what is excluded.
    """
    exclusion = resolver.exclusion

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

    for one in expand([*filter(is_wanted, request.paths)], excludes):
        if in_shard(one.path, request.shard):
            yield one
    for path in () if request.files_from is None else _listed(request, stdin):
        if is_wanted(path):
            for one in expand((path,), excludes):
                if in_shard(one.path, request.shard):
                    yield one


def in_shard(path: str, shard: tuple[int, int]) -> bool:
    """Return whether a file belongs to a part: by its name, whatever other files there are."""
    part, parts = shard
    if parts == 1:
        return True
    from zlib import crc32

    name = os.path.normpath(path).replace(os.sep, "/")
    return crc32(os.fsencode(name)) % parts == part - 1


def _listed(request: CliOptions, stdin: Callable[[int], bytes]) -> Iterator[str]:
    """Yield the names in a list: a line each, or with NUL between them, as `git ls-files -z`."""
    name = request.files_from
    if name == STDIN:
        data = stdin(LIST_BYTES)
    else:
        assert name is not None
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

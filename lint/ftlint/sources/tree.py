"""The source of a LLaMA Factory on the disk: where its package lies, and its files within limits.

What is read lies in the folder of the package: links lead nowhere else.
"""

from __future__ import annotations

import os
import re

from ftlint.sources import PACKAGE, PARSER
from ftlint.sources.modules import Release, SourceError, constant
from ftlint.support.disk import Disk, ReadFailure
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = (os.path.join("src", PACKAGE), PACKAGE, "")
"""Where a package lies below the path that a person names, the first that has it."""
BYTES = 4 << 20
FILES = 2_000
TOTAL = 32 << 20
"""Bytes of a file, files, bytes of all files: four times what the largest fork has."""


def find_package(path: str, disk: Disk) -> str | None:
    """Return the folder of the package in a checkout, a fork, or where it is installed."""
    for place in PLACES:
        folder = os.path.join(path, place) if place else path
        if disk.is_file(os.path.join(folder, PARSER)):
            return folder
    return None


def find_above(
    folder: str, disk: Disk, top: str | None = None, place: str = PLACES[0]
) -> str | None:
    """Return the nearest `src/llamafactory` above what lies in a folder, no higher than `top`."""
    while True:
        package = os.path.join(folder, place)
        if disk.is_file(os.path.join(package, PARSER)):
            return package
        parent = os.path.dirname(folder)
        if folder in (top, parent):
            return None
        folder = parent


class SourceFiles:
    """The Python files of one package. Raises SourceError where they are too many or too large."""

    def __init__(self, folder: str, disk: Disk) -> None:
        self.folder = folder
        self.disk = disk.below(folder)
        self._texts: dict[str, str | None] = {}
        self._total = 0

    def names(self) -> list[str]:
        """Return every file by its path below the folder that the package lies in."""
        found = sorted(self._below("", 0))
        if len(found) > FILES:
            raise SourceError(f"it has more than {FILES:,} files")
        return found

    def _below(self, place: str, count: int) -> Iterator[str]:
        folders, files = self.disk.listing(os.path.join(self.folder, place))
        for name in files:
            if name.endswith(".py"):
                count += 1
                yield f"{PACKAGE}/{place}{name}"
        for name in folders:
            if name.isidentifier() and place.count("/") < 8 and count <= FILES:
                yield from self._below(f"{place}{name}/", count)

    def read(self, name: str) -> str | None:
        """Return the text of a file; None where there is none."""
        if name not in self._texts:
            self._texts[name] = self._text(name)
        return self._texts[name]

    def _text(self, name: str) -> str | None:
        path = os.path.join(self.folder, *name.split("/")[1:])
        if not self.disk.is_file(path):
            return None
        data = self.disk.read(path, BYTES + 1)
        if isinstance(data, ReadFailure):
            raise SourceError(f"{name}: {data.reason}")
        self._total += len(data)
        if len(data) > BYTES or self._total > TOTAL:
            raise SourceError(f"{name}: too large for source")
        return data.decode("utf-8-sig", errors="replace")


def version_of(release: Release) -> str | None:
    """Return the version that a source states of itself."""
    module = release.find(f"{PACKAGE}.extras.env")
    for value in module.assigned.get("VERSION", ()) if module is not None else ():
        try:
            found = constant(value)
        except SourceError:
            continue
        if isinstance(found, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})+[\w.+-]{0,40}", found):
            return found
    return None

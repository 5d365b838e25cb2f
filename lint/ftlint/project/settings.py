"""The settings nearest to a file, and what of them counts there."""

from __future__ import annotations

import os
import re

from ftlint.project.request import MAX_BYTES, BadSettings, Settings
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk, ReadFailure
from ftlint.support.files import Excluded
from ftlint.support.limits import lowered
from ftlint.support.messages import shown_path
from ftlint.target.releases import KNOWN, TREE
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.project.request import CliOptions
    from ftlint.support.containment import Reach
    from ftlint.support.disk import Shared, State


class NearestSettings:
    """The settings of folders, each read once.

    They come with pull requests: what they name lies in their project, and what would reach beyond
    it counts only from the command line. `ignored` says what of them did not count.
    """

    def __init__(
        self, request: CliOptions, within: str | None, *, trusted: bool, shared: Shared | None
    ) -> None:
        self.request = request
        self.within = within
        self.trusted = trusted
        self.shared = shared
        self.ignored: dict[str, None] = {}
        self.disk = Disk(None, shared)
        self.loaded: dict[str, Settings] = {}
        self._disks: list[Disk] = []
        self.nearest: dict[str, str | None] = {}

    def file(self, folder: str) -> str | None:
        """Return the named settings file, or that of the nearest ancestor of a folder."""
        if self.request.config is not None or self.request.isolated:
            return self.request.config
        passed: list[str] = []
        found = None
        while folder not in self.nearest:
            passed.append(folder)
            found = own(folder, self.disk)
            parent = os.path.dirname(folder)
            if found is not None or parent == folder or self.disk.real(folder) == self.within:
                break
            folder = parent
        found = self.nearest.get(folder, found)
        self.nearest.update(dict.fromkeys(passed, found))
        return found

    def counting(self, path: str) -> Settings:
        """Return the settings of a file as far as they count where they were found."""
        found = self.written(path)
        if path == self.request.config:
            return found
        if found.here and not self.request.here:
            self.ignored[
                f"{path}: `here` counts from the command line only: pass `--here`, or"
                f" `--config {path}`"
            ] = None
        for name, number, most in lowered(found.limits)[1]:
            self.ignored[
                f"{path}: `limits.{name}` of {number} is above {most}: settings lower a limit,"
                f" `--limit {name}={number}` lifts it"
            ] = None
        found = found._replace(here=False)
        return found if self.trusted else self._untrusted(path, found)

    def _untrusted(self, path: str, settings: Settings) -> Settings:
        """Return the settings of a folder that nobody trusts as far as they count there."""
        left = settings._replace(policies=(), target=released(settings.target))
        for name in ("policies", "target"):
            if getattr(left, name) != getattr(settings, name):
                self.ignored[f"{path}: `{name}` counts in trusted folders only"] = None
        return left

    def written(self, path: str) -> Settings:
        """Return the settings of a file as they stand there. Raises `BadSettings`."""
        if path not in self.loaded:
            named = path == self.request.config
            folder = os.path.dirname(os.path.abspath(path))
            disk = None if named else Disk(self.project(folder), self.shared)
            if disk is not None:
                self._disks.append(disk)
            from ftlint.project import reading

            self.loaded[path] = reading.load(path, disk)
        return self.loaded[path]

    def touched(self) -> dict[str, State | None]:
        """Return in which state each path was that they rest on, those that they extend too."""
        states = self.disk.touched()
        for disk in self._disks:
            states.update(disk.touched())
        return states

    def excluded(self, folder: str) -> Excluded:
        """Return what the settings of a folder leave out."""
        file = self.file(folder)
        try:
            settings = Settings() if file is None else self.written(file)
        except BadSettings:  # told where they are to judge a file
            settings = Settings()
        root = settings.root or os.getcwd()
        return Excluded(settings.exclude, root, shown_path(file or ""), settings.force_exclude)

    def asks_for_tree(self, path: str | None) -> bool:
        """Return whether each folder has a target of its own: the source above it."""
        if self.request.target is not None or path is None:
            return self.request.target == TREE
        try:
            return self.written(path).target == TREE
        except BadSettings:  # told where they are to judge a file
            return False

    def project(self, folder: str, otherwise: str | None = None) -> Reach:
        """Return the project of what lies in a folder, as far as it is looked at."""
        found = project_of(folder, otherwise)
        return found if self.within is None else found.within(self.within)


def released(target: str | None) -> str | None:
    """Return a target that is a release; None for one that has code or packages looked at."""
    return target if target in (None, *KNOWN) else None


def own(folder: str, disk: Disk) -> str | None:
    """Return the settings file that lies in a folder, if one does."""
    alone = os.path.join(folder, "ftlint.toml")
    if disk.is_file(alone):
        return alone
    shared = os.path.join(folder, "pyproject.toml")
    return shared if _has_table(shared, disk) else None


_SPEAKS_OF_TABLE = rb"""(?mx) ^[ \t]* \[?[ \t]* ["']?tool["']? [ \t]*
    (?: \.[ \t]*["']?ftlint\b | \][ \t\r]*(?:\#.*)?$ | = )"""
"""A line that may begin [tool.ftlint]: `[tool.ftlint]`, `tool.ftlint.x =`, `[tool]`, `tool = {`."""


def _has_table(path: str, disk: Disk) -> bool:
    """Return whether a pyproject.toml has settings; most that speak of ftlint only depend on it.

    TOML is read only where a line may begin the table: its reader takes longer to load than ftlint.
    One that cannot be read as TOML is taken to have settings, so that the fault is told.
    """
    data = disk.read(path, MAX_BYTES)
    if isinstance(data, ReadFailure) or b"ftlint" not in data:
        return False
    if not re.search(_SPEAKS_OF_TABLE, data):
        return False
    from ftlint.project import reading

    try:
        tool = reading.toml(data).get("tool")
    except (ValueError, RecursionError):
        return True
    return isinstance(tool, dict) and "ftlint" in tool

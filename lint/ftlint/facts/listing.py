"""What is in a folder, as far as it may have to do with a config: folders, configs, scripts."""

from __future__ import annotations

import os
from itertools import islice

from ftlint.support.files import INSTALLED, SCRIPTS, SUFFIXES
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.support.disk import Disk, State

MOST = 400
"""Entries of a folder that is looked into."""
MOST_SCRIPTS = 200
"""Scripts that are looked at for one config."""
MOST_FOLDERS = 60
"""Folders that are looked into for them."""


class FolderListing(NamedTuple):
    """The paths in a folder, sorted; of one with too many none."""

    folders: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()


_listings: dict[str, tuple[State, FolderListing]] = {}
_SKIPPED = INSTALLED | {"wandb"}


def listed(folder: str, disk: Disk) -> FolderListing:
    """Return what is in a folder; read again only when it has changed."""
    try:
        return (
            disk.while_same(folder, _listings, 1000, lambda: _read(folder, disk)) or FolderListing()
        )
    except OSError:
        return FolderListing()


def _read(folder: str, disk: Disk) -> FolderListing:
    folders, names = disk.parted(folder)  # with links to nothing, which are unread
    if len(folders) + len(names) > MOST:
        return FolderListing()
    return FolderListing(
        tuple(_in(folder, (one for one in folders if one[0] != "." and one not in _SKIPPED))),
        tuple(_in(folder, (one for one in names if one.lower().endswith(SUFFIXES)))),
        tuple(_in(folder, (one for one in names if one.endswith(SCRIPTS)))),
    )


def upwards(folder: str, disk: Disk) -> Iterator[str]:
    """Yield a folder and those above it that are in reach."""
    while disk.holds(folder):
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def scripts_near(start: str, disk: Disk) -> list[str]:
    """Return the scripts in a folder, in those above it and in those beside them, nearest first."""
    return disk.view(start, _scripts)


def _scripts(start: str, disk: Disk) -> list[str]:
    above = list(upwards(start, disk))
    beside = (one for folder in above for one in listed(folder, disk).folders)
    folders = dict.fromkeys([*above, *islice(beside, MOST_FOLDERS)])
    found = (path for folder in folders for path in listed(folder, disk).scripts)
    return list(islice(found, MOST_SCRIPTS))


def _in(folder: str, names: Iterable[str]) -> Iterator[str]:
    return (os.path.join(folder, name) for name in names)

"""The scripts of a project that start a config: in its folder, those above it and those beside.

A script says where it is started by `cd` alone, or names its own folder: `$(dirname "$0")`. Without
that it may be its own folder or any above it, and the config that it names is the nearest of that
name, as seen from there.
"""

from __future__ import annotations

import os

from ftlint.facts.handed import MAX_BYTES, HandedOver, Start, of_launched, read
from ftlint.facts.listing import MOST_SCRIPTS, listed, scripts_near, upwards
from ftlint.launch.values import HERE
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ftlint.launch.record import Launched
    from ftlint.support.disk import Disk

MOST_STEPS = 60_000
"""Commands of scripts that are followed for one config: most have some hundreds."""
MOST_STARTS = 12
"""Starts of one config that are told apart: a loop over values is one start a value."""


def starts_of(path: str, disk: Disk, *, keep: bool = True) -> tuple[Start, ...]:
    """Return how the scripts of a project start the config at `path`, within reach.

    Left out is one whose keys are not known before the script runs, or that is the same as another.
    With `keep` what the scripts say is kept for the next run.
    """
    own = os.path.abspath(path)
    found: dict[tuple[object, ...], Start] = {}
    for one in disk.view(os.path.dirname(own), _kept_near if keep else _anew_near):
        if os.path.basename(one.config) != os.path.basename(own) or _meant(one, disk) != own:
            continue
        if one.whole and one.says and len(found) < MOST_STARTS:
            found.setdefault(one.way, _as_seen(one))
    return tuple(found.values())


def start_of(one: Launched, disk: Disk) -> tuple[Start, str] | None:
    """Return how a launch starts a file, and where that is; None where it is not known or here."""
    start = of_launched(one)
    path = start and start.whole and _meant(start, disk)
    return (_as_seen(start), _seen(path)) if start and path else None


def meant(one: Launched, disk: Disk) -> str | None:
    """Return the file that a launch starts; None where it is not known or not here."""
    start = of_launched(one)
    return start and _meant(start, disk)


def _kept_near(start: str, disk: Disk) -> list[Start]:
    """Return what the scripts in a folder and in those above it hand over."""
    return list(_near(start, disk, _kept_in))


def _anew_near(start: str, disk: Disk) -> list[Start]:
    """Return the same, every script read anew."""
    return list(_near(start, disk, _anew_in))


def _near(start: str, disk: Disk, of_folder: Callable[[str, Disk], HandedOver]) -> Iterator[Start]:
    """Yield what scripts hand over, until as many commands were followed as are for one config."""
    steps = 0
    for folder in dict.fromkeys(map(os.path.dirname, scripts_near(start, disk))):
        if steps > MOST_STEPS:
            return
        found = disk.view(folder, of_folder)
        steps += found.steps
        yield from found.files


def _kept_in(folder: str, disk: Disk) -> HandedOver:
    """Return what the scripts in a folder hand over; read again only where one has changed."""
    scripts = list(_scripts_in(folder, disk))
    if not scripts:
        return HandedOver([], 0)
    from ftlint.facts.kept_starts import Kept

    kept = Kept(folder)
    found = _together(kept.of(path, data, disk) for path, data in scripts)
    kept.save()
    return found


def _anew_in(folder: str, disk: Disk) -> HandedOver:
    return _together(read(path, data, disk)[0] for path, data in _scripts_in(folder, disk))


def _together(scripts: Iterable[HandedOver]) -> HandedOver:
    files: list[Start] = []
    steps = 0
    for one in scripts:
        files += one.files
        steps += one.steps
        if steps > MOST_STEPS:
            break
    return HandedOver(files, steps)


def _scripts_in(folder: str, disk: Disk) -> Iterator[tuple[str, bytes]]:
    """Yield the scripts in a folder that may start LLaMA Factory, with what they hold."""
    from ftlint.launch.signs import may_launch

    for path in listed(folder, disk).scripts[:MOST_SCRIPTS]:
        data = disk.read(path, MAX_BYTES + 1)
        if isinstance(data, bytes) and len(data) <= MAX_BYTES and may_launch(data):
            yield path, data


def _meant(one: Start, disk: Disk) -> str | None:
    """Return the nearest file of the name, as seen from the script's folder and those above it."""
    own = os.path.dirname(os.path.abspath(one.path))
    named = os.path.join(one.folder, one.config)
    if HERE in named:
        folders, named = iter([own]), os.path.join(".", named.rpartition(HERE)[2].lstrip("/"))
    else:
        folders = upwards(own, disk)
    for folder in folders:
        path = os.path.normpath(os.path.join(folder, named))
        if disk.is_file(path):
            return path
    return None


def _as_seen(one: Start) -> Start:
    return one._replace(path=_seen(one.path))


def _seen(path: str) -> str:
    """Return a path as it is seen from the working directory, where it lies below that."""
    here = os.path.relpath(path)
    return path if here.startswith(os.pardir) else here

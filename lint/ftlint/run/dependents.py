"""The configs that use a file which is none: dataset_info.json, a data file, DeepSpeed settings.

A hook names what a commit changes. That a dataset was renamed shows in no config that was changed,
so the project's configs are asked what they look at: a `Disk` knows it when a config was read.
"""

from __future__ import annotations

import os

from ftlint.loading import load_bytes
from ftlint.support.containment import repository
from ftlint.support.deadline import TooSlow, within
from ftlint.support.disk import Disk, ReadFailure
from ftlint.support.files import Found, Users, expand
from ftlint.target.classify import command_of, names_in
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from ftlint.project.options import Options, OptionsResolver

INFO = "dataset_info.json"
MOST, MAX_BYTES, ALL_BYTES = 2_000, 1 << 18, 32 << 20
"""Files of a project that are looked into, bytes of each, and bytes in all."""
MOST_EXAMINED = 500
"""Configs that are read far enough to see what they look at: a few milliseconds each."""


def users_of(
    changed: Sequence[str],
    judged: Collection[str],
    resolver: OptionsResolver,
) -> Users:
    """Return the configs of each changed file's project that use it, but those `judged` anyway.

    The project is the nearest folder upwards with .git, else that of the settings; a file without
    one has no users.
    """
    disk = Disk()
    passed = set(filter(None, map(disk.real, judged)))
    found: list[Found] = []
    notes: list[str] = []
    projects: dict[str, list[str]] = {}
    for path in changed:
        project = _project(path, resolver, disk)
        if project is not None:
            projects.setdefault(project, []).append(path)
    for project, paths in projects.items():
        candidates = _Candidates(project, resolver.exclusion.reason, disk)
        found += _users(candidates, paths, passed, resolver, disk)
        if candidates.cut:
            notes.append(
                f"{', '.join(paths[:3])}{' …' if len(paths) > 3 else ''}: only "
                f"{candidates.cut} of the project were searched for configs that use it"
            )
    return Users(tuple(found), tuple(notes))


class _Candidates:
    """The YAML and JSON files of a project, by their text; `cut` says where that was too much."""

    def __init__(self, project: str, excludes: Callable[[str], object], disk: Disk) -> None:
        disk = disk.below(project)
        self.cut = ""
        self.texts: dict[str, bytes] = {}
        size = 0
        start = os.path.relpath(project)
        for number, file in enumerate(expand((start,), excludes)):
            if number == MOST or size > ALL_BYTES:
                self.cut = f"the first {number} YAML and JSON files"
                break
            if isinstance(file, ReadFailure):
                continue
            data = disk.read(file.path, MAX_BYTES + 1)
            if isinstance(data, bytes):
                size += len(data)
                if len(data) <= MAX_BYTES:  # no config is larger
                    self.texts[file.path] = data


def _users(
    candidates: _Candidates,
    changed: Sequence[str],
    passed: Collection[str],
    resolver: OptionsResolver,
    disk: Disk,
) -> Iterator[Found]:
    """Yield the configs that look at a changed file, each once, with the first that it uses."""
    wanted = {disk.real(path): path for path in changed}
    words = {word.encode() for path in changed for word in _words(path, candidates.texts, disk)}
    examined = 0
    for path, data in candidates.texts.items():
        real = disk.real(path)
        if real in wanted or real in passed or not any(word in data for word in words):
            continue
        if command_of(names_in(data.decode("utf-8", "replace"))) is None:
            continue
        if examined == MOST_EXAMINED:
            candidates.cut = f"the first {MOST_EXAMINED} configs"
            return
        examined += 1
        used = _looked_at(path, data, resolver.of(os.path.dirname(os.path.abspath(path)))[0])
        first = next((name for goal, name in wanted.items() if goal in used), None)
        if first is not None:
            yield Found(path, named=False, used=first)


def _looked_at(path: str, data: bytes, options: Options) -> set[str | None]:
    """Return the files that a config looks at besides itself, as they are called in full."""
    disk = Disk(options.given.reach)
    try:
        with within(options.limits.seconds):
            load_bytes(path, data, options, disk)
    except ImportError:
        raise
    except (TooSlow, Exception):
        pass  # told where it is judged; what it had looked at until then is what it uses
    return set(map(disk.real, disk.touched()))


def _words(path: str, texts: dict[str, bytes], disk: Disk) -> Iterator[str]:
    """Yield what a config must write to use a file: the file's name, or that of a dataset in it."""
    name = os.path.basename(path)
    if name == INFO:
        yield "dataset"
        return
    yield name
    for info, data in texts.items():
        if os.path.basename(info) == INFO:
            yield from _datasets(_table(data), os.path.dirname(info), path, disk)


def _datasets(table: dict[str, Any], folder: str, path: str, disk: Disk) -> Iterator[str]:
    real = disk.real(path) or path
    for dataset, definition in table.items():
        named = definition.get("file_name") if isinstance(definition, dict) else None
        if not isinstance(named, str) or "\0" in named:
            continue
        full = disk.real(os.path.join(folder, named))
        if real == full or os.path.dirname(real) == full:
            yield dataset


def _table(data: bytes) -> dict[str, Any]:
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _project(path: str, resolver: OptionsResolver, disk: Disk) -> str | None:
    """Return the folder of the project that a file belongs to, if it is in one."""
    folder = os.path.dirname(os.path.abspath(path))
    found, root = repository(folder), resolver.of(folder)[1].root
    if found is None and root is not None and disk.below(root).holds(folder):
        return root
    return found

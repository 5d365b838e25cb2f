"""One look at each path: what is there, what may be read, what was asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ftlint.support.containment import LINK, OUTSIDE, Reach
from ftlint.support.disk import Disk, ReadFailure, Shared, is_as_it_was, is_stable, now
from tests.cli.calls import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder of every kind of thing, beside one that is out of reach."""
    write(tmp_path / "outside" / "secret", "s")
    folder = tmp_path / "place"
    write(folder / "file", "text")
    (folder / "folder").mkdir()
    (folder / "to_file").symlink_to("file")
    (folder / "to_folder").symlink_to("folder")
    (folder / "to_nothing").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    (folder / "out").symlink_to("../outside/secret")
    os.mkfifo(folder / "pipe")
    return folder


def test_what_is_there(place: Path) -> None:
    disk = Disk()
    told = {
        name: (disk.exists(path), disk.is_there(path), disk.is_file(path), disk.is_folder(path))
        for name in (*(path.name for path in place.iterdir()), "nothing", "\0")
        for path in (str(place / name),)
    }
    assert told == {
        "file": (True, True, True, False),
        "folder": (True, True, False, True),
        "to_file": (True, True, True, False),
        "to_folder": (True, True, False, True),
        "to_nothing": (False, True, False, False),
        "circle": (False, True, False, False),
        "out": (True, True, True, False),
        "pipe": (True, True, False, False),
        "nothing": (False, False, False, False),
        "\0": (False, False, False, False),
    }
    assert disk.size(str(place / "file")) == 4
    with pytest.raises(FileNotFoundError):
        disk.size(str(place / "nothing"))
    assert disk.listing(str(place)) == (["folder"], ["file", "out", "to_file"])
    every = sorted(path.name for path in place.iterdir())
    assert sorted(disk.names(str(place))) == every
    assert disk.parted(str(place)) == (["folder"], [name for name in every if name != "folder"])


def test_what_may_be_read(place: Path) -> None:
    disk = Disk(Reach((os.path.realpath(place),)))
    assert disk.read(str(place / "file"), 2) == b"te"
    reasons = {
        "out": LINK, "../outside/secret": OUTSIDE, "pipe": "not a regular file", "\0": LINK,
        "folder": "not a regular file", "nothing": "no such file", "circle": "not a regular file",
    }  # fmt: skip
    for name, reason in reasons.items():
        path = f"{place}/{name}"
        assert disk.read(path, 9) == ReadFailure(path, reason), name
    for name in ("out", "../outside/secret", "pipe", "folder", "nothing"):
        with pytest.raises(OSError, match=r"regular file|project|No such"):
            disk.open(f"{place}/{name}")
    with disk.anywhere().open(str(place / "out")) as file:
        assert file.read() == b"s"
    below = disk.below(str(place.parent / "outside"))
    assert below.read(f"{place}/out", 9) == b"s"
    assert isinstance(below.read(f"{place}/file", 9), ReadFailure)


def test_other_reaches_are_the_same_disk(place: Path) -> None:
    disk = Disk(Reach(()))
    disk.anywhere().exists(str(place / "file"))
    disk.below(str(place)).names(str(place / "folder"))
    assert {str(place), str(place / "file"), str(place / "folder")} <= disk.touched().keys()


def test_each_path_is_looked_at_once(place: Path) -> None:
    disk = Disk()
    assert not disk.exists(str(place / "new"))
    write(place / "new")
    assert not disk.exists(str(place / "new"))
    assert disk.touched()[str(place / "new")] is None


def test_a_state_is_told_from_before_the_reading(place: Path) -> None:
    path = str(place / "file")
    os.utime(path, (1, 1))
    disk = Disk()
    assert disk.read(path, 9) == b"text"
    write(place / "file", "more")  # of the same size, while the verdict is made
    assert not is_as_it_was(now(path), disk.touched()[path])


def test_what_is_put_into_a_folder_counts_where_it_was_listed(place: Path) -> None:
    folder = str(place / "folder")
    asked, listed = Disk(), Disk()
    assert asked.is_folder(folder)
    assert listed.names(folder) == []
    os.utime(folder, (1, 1))
    write(place / "folder" / "new")
    assert is_as_it_was(now(folder), asked.touched()[folder])
    assert not is_as_it_was(now(folder), listed.touched()[folder])


def test_a_recent_change_is_not_stable(place: Path) -> None:
    path = str(place / "file")
    assert not is_stable([now(path)])
    os.utime(path, (1, 1))
    assert is_stable([now(path), None])


def test_what_is_viewed_once_is_rested_on_by_all_who_ask(place: Path) -> None:
    asked: list[str] = []

    def read(folder: str, disk: Disk) -> bytes | ReadFailure:
        asked.append(folder)
        return disk.read(f"{folder}/file", 9)

    shared, path = Shared(), str(place / "file")
    first, second = Disk(shared=shared), Disk(shared=shared)
    was = now(path)
    assert first.view(str(place), read) == b"text"
    write(place / "file", "changed")
    assert second.view(str(place), read) == b"text"
    assert asked == [str(place)]
    assert first.touched() == second.touched() == {path: was}
    assert second.size(path) == 4, "one state of the surroundings"
    assert Disk().view(str(place), read) == b"changed"
    within = Disk(Reach((str(place),)), shared)
    assert within.view(str(place), read) == b"changed", "another reach sees other files"


def test_a_folder_is_rested_on_with_its_names_if_anyone_asked_for_them(place: Path) -> None:
    disk = Disk()
    disk.view(str(place), lambda folder, other: other.names(folder))
    assert disk.is_folder(str(place))
    assert disk.touched() == {str(place): now(str(place))}

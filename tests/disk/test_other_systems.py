"""What differs where nothing forks, drives have letters and names differ in case alone."""

from __future__ import annotations

import ntpath
import os
import posixpath
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ftlint.project.request import CliOptions
from ftlint.run.session import run
from ftlint.support import containment, pool
from tests.cli.calls import HEAD, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        (r"C:\proj\configs\a.yaml", r"C:\proj", True),
        (r"C:\proj", r"C:\proj", True),
        (r"c:\PROJ\a.yaml", r"C:\proj", True),  # the same place: Windows ignores case
        (r"C:\a.yaml", "C:\\", True),
        (r"C:\project\a.yaml", r"C:\proj", False),
        (r"D:\proj\a.yaml", r"C:\proj", False),
        (r"\\server\share\a.yaml", r"C:\proj", False),
        (r"\\server\share\proj\a.yaml", r"\\server\share\proj", True),
        (r"C:\proj\..\other\a.yaml", r"C:\other", False),  # not real: never taken for inside
    ],
)
def test_what_lies_in_a_folder_on_windows(
    path: str, folder: str, inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containment, "os", SimpleNamespace(path=ntpath))
    assert containment.is_below(path, folder) is inside


def test_case_tells_folders_apart_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that ignores case, as on a Mac, what is spelt otherwise is refused, not let in."""
    monkeypatch.setattr(containment, "os", SimpleNamespace(path=posixpath))
    assert containment.is_below("/proj/a.yaml", "/proj")
    assert not containment.is_below("/Proj/a.yaml", "/proj")


def test_without_fork_one_process_does_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2 * pool.WORTH):
        write(tmp_path / f"{number}.yaml", HEAD + f"foo: {number}\n")

    def report() -> object:
        request = CliOptions((str(tmp_path),), isolated=True, cache=False)
        return run(request, lambda most: b"", lambda done, total: None)

    forked = report()
    monkeypatch.delattr(os, "fork", raising=False)
    assert pool.processes(10_000) == 1
    assert report() == forked

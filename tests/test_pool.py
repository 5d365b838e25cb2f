"""Shared work gives what working alone gives, and no child outlives it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ftlint.project.request import CliOptions
from ftlint.run.session import run
from ftlint.support import pool
from tests.cli.calls import HEAD, write

if TYPE_CHECKING:
    from pathlib import Path


def test_every_place_is_worked_once_in_its_place() -> None:
    found = pool.spread(lambda place: ("at", place), range(100), 3)
    assert found == {place: ("at", place) for place in range(100)}


def test_the_share_of_a_child_that_dies_is_done_here() -> None:
    parent = os.getpid()

    def work(place: int) -> int:
        if os.getpid() != parent and place > 50:
            os._exit(7)
        return place

    assert pool.spread(work, range(100), 2) == {place: place for place in range(100)}


def test_a_failure_here_ends_the_children(monkeypatch: pytest.MonkeyPatch) -> None:
    forked, fork = [], os.fork

    def noted() -> int:
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", noted)

    def work(place: int) -> int:
        if place == 0:
            raise KeyboardInterrupt
        return place

    with pytest.raises(KeyboardInterrupt):
        pool.spread(work, range(100), 4)
    assert len(forked) == 3
    for child in forked:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_a_long_run_says_what_a_short_one_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(90):
        write(tmp_path / f"{number}.yaml", HEAD + f"foo: {number}\nlearning_rate: '1e-4'\n")

    def report(count: int) -> object:
        monkeypatch.setattr(pool, "processes", lambda files: count)
        request = CliOptions((str(tmp_path),), isolated=True, cache=False)
        return run(request, lambda most: b"", lambda done, total: None)

    assert report(2) == report(1)

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.made import result

from ftbench.results.files import UnusableResult, read, write
from ftbench.results.record import KIND, VERSION, Result

if TYPE_CHECKING:
    from pathlib import Path


def whole(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(Result.__annotations__)
    return {**found, "version": VERSION, "kind": KIND, **more}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    value = {**result([]), "steps": [{"seconds": 0.5, "micro_batches": [[2, 8, 10, 4, 52]]}]}
    write(tmp_path / "run.json", value)
    assert read(tmp_path / "run.json") == value


def test_what_is_not_finite_becomes_null(tmp_path: Path) -> None:
    write(tmp_path / "x.json", {"a": math.nan, "b": [math.inf, 1.5], "c": {"d": -math.inf}})
    found = json.loads((tmp_path / "x.json").read_text())
    assert found == {"a": None, "b": [None, 1.5], "c": {"d": None}}


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    write(target, {"a": 1})
    with pytest.raises(TypeError):
        write(target, {"a": object()})
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
    assert json.loads(target.read_text()) == {"a": 1}


@pytest.mark.parametrize("steps", [None, [None], [{"seconds": 1.0}], [{"micro_batches": []}]])
def test_steps_without_their_numbers_are_none(tmp_path: Path, steps: object) -> None:
    path = tmp_path / "x.json"
    write(path, {**result([]), "steps": steps})
    with pytest.raises(UnusableResult, match=r"its steps(\[0\])? is not that of a result"):
        read(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not the result of a run"),
        ('{"kind": "validation", "version": 1}', "not the result of a run"),
        ('{"kind": "run", "version": 2}', "version 2 is not read"),
        ('{"kind": "run", "version": 1}', "lacks tool, when"),
    ],
)
def test_what_is_no_result_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UnusableResult, match=why):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableResult, match=r"absent\.json: No such file"):
        read(tmp_path / "absent.json")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.json")
    with pytest.raises(UnusableResult, match="not a regular file"):
        read(tmp_path / "r.json")

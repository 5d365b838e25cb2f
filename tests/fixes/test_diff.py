"""The diff is one that `patch` and `git apply` take."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ftlint.edits.diff import as_patch, unified

if TYPE_CHECKING:
    from pathlib import Path

MANY = "".join(f"k{number}: 1\n" for number in range(40))
PAIRS = {
    "a line": ("a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n"),
    "no final newline": ("a: 1\nb: 2", "a: 1\nb: 3"),
    "a final newline goes": ("a: 1\nb: 2\n", "a: 1"),
    "windows line ends": ("a: 1\r\nb: 2\r\n", "a: 1\r\nb: 3\r\n"),
    "byte order mark": ("\ufeffa: 1\nb: 2\n", "\ufeffb: 2\n"),
    "breaks that only Python counts": ("a: '\x0b'\nb: '\x1d\x85'\nc: 3\n", "a: '\x0b'\nc: 3\n"),
    "far apart": (MANY, MANY.replace("k1: 1\n", "").replace("k38: 1\n", "k38: 2\n")),
}


@pytest.mark.parametrize("name", PAIRS)
def test_applied_to_the_old_text_it_gives_the_new_one(name: str, tmp_path: Path) -> None:
    before, after = PAIRS[name]
    path = tmp_path / "c.yaml"
    path.write_bytes(before.encode())
    text = "".join(as_patch([list(unified("c.yaml", before, after))]))
    command = ["git", "apply", "-"]
    subprocess.run(command, input=text.encode(), cwd=tmp_path, check=True)
    assert path.read_bytes() == after.encode()


def test_it_looks_like_diff() -> None:
    assert "".join(unified("d/c.yaml", "a: 1\nb: 2", "a: 1\nb: 3\n")) == (
        "--- d/c.yaml\n+++ d/c.yaml\n@@ -1,2 +1,2 @@\n a: 1\n"
        "-b: 2\n\\ No newline at end of file\n+b: 3\n"
    )


NAMES = ["c.yaml", "a b.yaml", "ü/é 数.yaml", 'd/"q".yaml', "d/back\\slash.yaml", "tab\t/n\nl.yaml",
         "a/b.yaml", "-x.yaml", "d/c.yaml 2020-01-01 00:00:00"]  # fmt: skip


@pytest.mark.parametrize("names", [*([name] for name in NAMES), NAMES])
def test_git_finds_the_files_whatever_they_are_called(tmp_path: Path, names: list[str]) -> None:
    patch = []
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"a: 1\nb: 2\n")
        patch.append(list(unified(name, "a: 1\nb: 2\n", "a: 1\nc: 2\n")))
    command = ["git", "apply", "-"]
    subprocess.run(command, input="".join(as_patch(patch)).encode(), cwd=tmp_path, check=True)
    for name in names:
        assert (tmp_path / name).read_bytes() == b"a: 1\nc: 2\n", name


def test_equal_texts_differ_in_nothing() -> None:
    assert list(unified("c.yaml", "a: 1\n", "a: 1\n")) == []

"""What `--diff` prints through a pipe is a patch: git makes of it what `--fix` writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.calls import HEAD, environment, process, write
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = "val_size: 0.1\nevaluation_strategy: steps\nfinetuning_tpye: lora\nvisual_inputs: true\n"


def as_windows(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def with_tabs(data: bytes) -> bytes:
    """Put a tab before each comment that follows a value, and one into each comment."""
    return data.replace(b" # ", b"\t#\t")


def with_mark(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf")


def unended(data: bytes) -> bytes:
    return data.rstrip(b"\r\n")


def with_signs(data: bytes) -> bytes:
    """Add characters that no terminal should be sent: they reorder, hide or colour."""
    return "# \u202e\u200b\u00ad é 数 ::error::x\n".encode() + data + "# \u2066\n".encode()


OPTIONS = ["--isolated", "--no-cache", "--unsafe-fixes"]
VARIANTS: list[Callable[[bytes], bytes]] = [
    bytes, as_windows, with_tabs, with_mark, unended, with_signs
]  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("change", VARIANTS)
def test_git_makes_of_the_patch_what_fix_writes(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    folder, patched = tmp_path / "fixed", tmp_path / "patched"
    folder.mkdir()
    write(folder / "sub" / "own é.yaml", change((HEAD + OLD + "x: 'é\t' # why\n").encode()))
    for path in sorted((CORPUS / "files").glob("*.yaml"))[:: 2 if change is bytes else 8]:
        write(folder / path.name, change(path.read_bytes()))
    shutil.copytree(folder, patched)
    before = {path: path.read_bytes() for path in patched.rglob("*.yaml")}
    done = subprocess.run(
        [sys.executable, "-m", "ftlint", *OPTIONS, "--diff", "."],
        cwd=patched, env=environment(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    told = done.stderr.decode().splitlines()  # of files whose patch would show a secret
    secret = {line.split(": ")[1] for line in told if "would contain the value of" in line}
    assert len(secret) == len(told) < len(before) // 8
    subprocess.run(["git", "apply", "-"], input=done.stdout, cwd=patched, check=True)
    process(*OPTIONS, ".", folder=folder)
    changed = 0
    for path, old in before.items():
        new = path.read_bytes()
        name = path.relative_to(patched)
        assert str(name) in secret or new == (folder / name).read_bytes(), path
        changed += new != old
    assert changed >= len(before) // 8

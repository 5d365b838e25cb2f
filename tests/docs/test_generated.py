"""The generated pages are what the generator makes now, and it notices when they are not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def check(root: Path, *pages: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "docs/generate.py", "--check", *pages]
    return subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)


def test_nothing_is_stale() -> None:
    done = check(ROOT)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_what_is_stale_is_named(tmp_path: Path) -> None:
    for folder in ("docs", "lint", "schemas", "bench", "tests", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in ("README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / file, tmp_path / file)
    edited = tmp_path / "docs/rules/FT101.md"
    edited.write_text(edited.read_text("utf-8").replace("Why", "Wherefore"), "utf-8")
    example = tmp_path / "examples/bad/slips.yaml"
    example.write_text(example.read_text("utf-8").replace("learnig_rate", "learnin_rate"), "utf-8")
    (tmp_path / "docs/rules/FT000.md").write_text("# A rule that is gone\n", "utf-8")
    rules = {"docs/rules/FT000.md", "docs/rules/FT101.md"}
    expected = {"docs/assets/ftlint.svg", "docs/quickstart.md", *rules}
    fresh = {"docs/rules/FT102.md", "docs/policies.md", "docs/keys.md"}
    done = check(tmp_path, *expected, *fresh)
    stale = {line.removesuffix(" is stale") for line in done.stdout.splitlines()[:-1]}
    assert (stale, done.returncode) == (expected, 1)
    assert check(tmp_path, "docs/keys.md").returncode == 0

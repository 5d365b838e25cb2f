"""Modules that the command finds itself: those that Python finds, and never stale ones."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TELLS = """
import sys
from ftlint.support.own_modules import find_directly
{how}
import ftlint.thing, ftlint.room.inner
for one in (ftlint.thing, ftlint.room, ftlint.room.inner):
    spec = one.__spec__
    print(one.__name__, one.__file__, one.__cached__, one.__package__, spec.origin)
    print(getattr(one, "__path__", None), spec.submodule_search_locations, spec.has_location)
    print(repr(spec.loader.get_source(one.__name__)))
print(ftlint.thing.X, ftlint.room.inner.X)
print(type(ftlint.thing.__spec__.loader).__name__)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what finds modules, and with two modules besides."""
    for name in ("ftlint", "ftschemas", "ftlint/support", "ftlint/room"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    own = "ftlint/support/own_modules.py"
    shutil.copy(ROOT / "lint" / own, tmp_path / own)
    shutil.copy(ROOT / "schemas" / "ftschemas" / "named.py", tmp_path / "ftschemas" / "named.py")
    (tmp_path / "ftlint" / "thing.py").write_text("X = 1\n", "utf-8")
    (tmp_path / "ftlint" / "room" / "inner.py").write_text("X = 'inner'\n", "utf-8")
    return tmp_path


def told(folder: Path, how: str, *options: str, **env: str) -> tuple[str, str, str]:
    """Return what the modules say of themselves, what is in them, and what loaded them."""
    around = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, *options, "-c", TELLS.format(how=how)], text=True, check=True,
        env={**around, "PYTHONPATH": str(folder), **env}, capture_output=True,
    )  # fmt: skip
    *specs, values, loader = done.stdout.splitlines()
    return "\n".join(specs), values, loader


OURS, THEIRS = "_Loader", "SourceFileLoader"


def test_the_same_modules_are_found(folder: Path) -> None:
    theirs = told(folder, "")
    assert theirs[1:] == ("1 inner", THEIRS)
    assert told(folder, "find_directly()") == (*theirs[:2], OURS)
    assert told(folder, "find_directly(); find_directly()") == (*theirs[:2], OURS)


def test_byte_code_is_read_where_it_is_current(folder: Path) -> None:
    told(folder, "")
    compiled = next((folder / "ftlint" / "__pycache__").glob("thing.*.pyc"))
    head = compiled.read_bytes()[:16]
    source = folder / "ftlint" / "thing.py"
    other = folder / "other.py"
    other.write_text("X = 2\n", "utf-8")
    py_compile.compile(str(other), str(compiled))
    compiled.write_bytes(head + compiled.read_bytes()[16:])  # as if it were that of the source
    assert told(folder, "find_directly()")[1] == "2 inner"
    source.write_text("X = 333\n", "utf-8")
    assert told(folder, "find_directly()")[1] == "333 inner"
    assert told(folder, "find_directly()")[1] == "333 inner"


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, None])
def test_byte_code_that_is_none_is_made_anew(folder: Path, damage: bytes | None) -> None:
    told(folder, "")
    for compiled in (folder / "ftlint").rglob("*.pyc"):
        if damage is None:
            compiled.unlink()
        else:
            compiled.write_bytes(damage)
    assert told(folder, "find_directly()")[1:] == ("1 inner", OURS)


def test_byte_code_by_the_content_of_its_source_is_pythons_to_judge(folder: Path) -> None:
    source = folder / "ftlint" / "thing.py"
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    py_compile.compile(str(source), invalidation_mode=mode)
    assert told(folder, "find_directly()")[1] == "1 inner"
    source.write_text("X = 4\n", "utf-8")
    assert told(folder, "find_directly()")[1] == "4 inner"


def test_python_finds_them_where_it_was_told_how(folder: Path, tmp_path: Path) -> None:
    assert told(folder, "find_directly()", "-O")[2] == THEIRS
    elsewhere = str(tmp_path / "elsewhere")
    assert told(folder, "find_directly()", PYTHONPYCACHEPREFIX=elsewhere)[2] == THEIRS

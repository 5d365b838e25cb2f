"""The linter looks at the disk through `Disk` alone; each other place is argued, call by call."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

LINTER = Path(__file__).resolve().parents[2] / "lint" / "ftlint"

OF_OS = frozenset(
    """access chdir chmod fdopen fwalk getxattr link listdir lstat makedirs mkdir open readlink
    remove rename replace rmdir scandir stat statvfs symlink truncate unlink utime walk""".split()
)
OF_PATH = frozenset(
    """exists getatime getctime getmtime getsize isdir isfile isjunction islink ismount lexists
    realpath samefile sameopenfile samestat""".split()
)
READERS = frozenset("fileinput glob io linecache pathlib shutil tempfile zipfile".split())
"""Modules that open files by name. Of io the wrappers are fine: they take what is open already."""
LOOKS = {"os": OF_OS, "os.path": OF_PATH, "codecs": frozenset(["open"])}
WRAPPERS = frozenset("BufferedReader FileIO TextIOWrapper StringIO BytesIO".split())

ARGUED = {
    "support/disk.py": {
        "open": 3, "os.open": 1, "os.stat": 2, "os.lstat": 1, "os.listdir": 1, "os.scandir": 2,
        "os.path.realpath": 2, "os.path.islink": 1, "glob": 1, "tempfile": 1,
    },  # it is the one
    "agents/commands.py": {"os.path.realpath": 2},  # what may be asked for at all
    "agents/server.py": {"os.path.realpath": 1},  # the folder that nothing is read outside of
    "project/extending.py": {"os.path.realpath": 1},  # settings that extend themselves
    "support/files.py": {"open": 1},  # a list of files that the command line names
    "support/containment.py": {"os.path.realpath": 9, "os.path.lexists": 1},
    # where a project ends, before there is a Disk that is held to it
    "edits/write.py": {
        "open": 3, "os.open": 2, "os.fdopen": 1, "os.stat": 2, "os.access": 1, "os.unlink": 3,
        "os.replace": 1, "os.link": 1, "os.listdir": 1, "os.path.realpath": 1,
    },  # writing, and what a lock lies on
    "cli/check.py": {"open": 1, "os.open": 1},  # writing a report, closing the output
    "cli/commands/init.py": {"open": 1},  # writing a new config
    "cli/record.py": {"open": 1},  # writing a new facts file
    "cli/commands/rule.py": {"open": 1},  # writing a new rule file
    "report/page/html.py": {"open": 1},  # ftlint's own script and style
    "run/baseline.py": {"open": 1},  # writing a new baseline
    "server/workspace.py": {"os.chdir": 1},  # a document is judged in its folder of the workspace
    "support/own_modules.py": {"os.open": 1, "os.stat": 2},  # ftlint's own code
    "support/user_cache.py": {
        "open": 2, "os.makedirs": 1, "os.replace": 1, "os.unlink": 2, "os.scandir": 2,
    },  # its own stores, and ftlint's own code
    "datasets/cache.py": {"open": 2, "os.makedirs": 1, "os.replace": 1},  # its own store
    "doctor/pruning.py": {
        "os.scandir": 1, "os.walk": 1, "os.lstat": 1, "os.open": 2, "os.listdir": 1, "os.stat": 1,
        "os.unlink": 1, "os.rmdir": 1,
    },  # deleting, within folders that are open
    "tokens/kept.py": {"open": 2, "os.makedirs": 1, "os.replace": 1},  # its own store
}  # fmt: skip


def raw(tree: ast.AST) -> Iterator[str]:
    """Yield what a module asks of the disk by itself, called or handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in READERS)
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")[0]
            names = {one.name for one in node.names}
            if module in READERS and not (module == "io" and names <= WRAPPERS):
                yield module
            elif module in ("os", "posix", "posixpath", "ntpath"):
                yield from sorted(names & (OF_OS | OF_PATH))
        elif isinstance(node, ast.Name) and node.id == "open":
            yield "open"
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if node.attr in LOOKS.get(owner, ()):
                yield f"{owner}.{node.attr}"


def test_the_disk_is_looked_at_in_one_place() -> None:
    found = {
        path.relative_to(LINTER).as_posix(): dict(counted)
        for path in LINTER.rglob("*.py")
        if (counted := Counter(raw(ast.parse(path.read_text("utf-8")))))
    }
    assert found == ARGUED


@pytest.mark.parametrize(
    "code",
    [
        "open(path)", "list(map(open, paths))", "import pathlib", "from pathlib import Path",
        "from os import stat", "from os.path import exists", "os.path.exists(path)",
        "any(map(os.path.isfile, paths))", "os.scandir(path)", "import io", "import glob",
        "from io import open", "codecs.open(path)", "from glob import iglob",
        "os.path.getsize(path)",
    ],
)  # fmt: skip
def test_every_way_to_look_is_seen(code: str) -> None:
    assert list(raw(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    ["disk.open(path)", "from io import BufferedReader", "os.path.join(a, b)", "os.getcwd()"],
)
def test_what_does_not_look_is_free(code: str) -> None:
    assert not list(raw(ast.parse(code)))

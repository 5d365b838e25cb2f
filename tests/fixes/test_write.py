"""A file is the old one or the new one, whatever happens in between."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ftlint.edits.write import replace
from ftlint.support.containment import project_of
from tests.cli.calls import environment
from tests.fixes.documents import TRAINING_TEXT
from tests.fixes.sweep import ROOT
from tests.searches import tries

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 1 << 20
"""Large enough that a kill lands within a write."""

WRITER = """
import os, sys
sys.path.insert(0, sys.argv[2])
if {named}:  # as on a system that has no files without a name
    vars(os).pop("O_TMPFILE", None)
from ftlint.edits.write import replace
path, old, new = sys.argv[1], b"a" * {size}, b"b" * {size}
print("ready", flush=True)
while True:
    for one, other in ((old, new), (new, old)):
        reason = replace(path, one, other)
        if reason is not None and "changed" not in reason:
            sys.exit(reason)
"""

CONFIG = f"{TRAINING_TEXT}evaluation_strategy: steps   # as it was called\nval_size: 0.1\n"


def left_over(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.endswith("tmp")]


def test_new_bytes_are_written_and_nothing_is_left_over(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert replace(str(path), b"\xef\xbb\xbfa: 1\r\n", b"\xef\xbb\xbfb: 1\r\n") is None
    assert path.read_bytes() == b"\xef\xbb\xbfb: 1\r\n"
    assert left_over(tmp_path) == []


def test_a_file_that_changed_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"somebody's work\n")
    assert replace(str(path), b"a: 1\n", b"b: 1\n") == "it has changed since it was read"
    assert path.read_bytes() == b"somebody's work\n"
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\n")
    path.chmod(mode)
    assert replace(str(path), b"a: 1\n", b"b: 1\n") is None
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes root")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\n")
    os.chown(path, 12345, 23456)
    assert replace(str(path), b"a: 1\n", b"b: 1\n") is None
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_a_link_within_the_project_leads_to_the_file(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_bytes(b"a: 1\n")
    link.symlink_to(real)
    assert replace(str(link), b"a: 1\n", b"b: 1\n", project_of(str(tmp_path))) is None
    assert link.is_symlink()
    assert real.read_bytes() == b"b: 1\n"


@pytest.mark.parametrize("through", ["file", "folder"])
def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path, through: str) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / ".git").mkdir()
    (outside / "c.yaml").write_bytes(b"a: 1\n")
    if through == "file":
        path = root / "c.yaml"
        path.symlink_to(outside / "c.yaml")
    else:
        (root / "sub").symlink_to(outside)
        path = root / "sub" / "c.yaml"
    reach = project_of(str(path.parent))
    assert replace(str(path), b"a: 1\n", b"b: 1\n", reach) == "it is a link to outside the project"
    assert (outside / "c.yaml").read_bytes() == b"a: 1\n"


def test_what_is_no_file_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\n")
    (tmp_path / "other.yaml").hardlink_to(path)
    assert "hard links" in str(replace(str(path), b"a: 1\n", b"b: 1\n"))
    assert path.read_bytes() == b"a: 1\n"
    assert replace(str(tmp_path), b"", b"b: 1\n") == "not a regular file"
    assert "No such file" in str(replace(str(tmp_path / "none.yaml"), b"", b"b: 1\n"))
    assert "null" in str(replace("a\0b", b"", b"b: 1\n"))


@pytest.fixture
def anybodys_folder() -> Iterator[Path]:
    """Give a folder that every user may write to; pytest's own belong to one user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_a_read_only_file_is_left_alone(anybodys_folder: Path) -> None:
    path = anybodys_folder / "c.yaml"
    path.write_bytes(b"a: 1\n")
    path.chmod(0o444)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from ftlint.edits.write import replace\n"
        "import tempfile\n"
        "os.geteuid() or os.setuid(65534)\n"
        "print(replace(sys.argv[1], b'a: 1\\n', b'b: 1\\n'))"
    )
    command = [sys.executable, "-c", code, str(path), str(ROOT / "lint")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "it is read-only\n"
    assert path.read_bytes() == b"a: 1\n"


@pytest.mark.search
@pytest.mark.parametrize("named", [True, False])
def test_killed_at_any_moment_it_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, named: bool
) -> None:
    path = tmp_path / "c.yaml"
    old, new = b"a" * SIZE, b"b" * SIZE
    path.write_bytes(old)
    moments = random.Random(5)
    wanted, kills, interrupted = tries(8), 0, 0
    while kills < wanted or (named and not interrupted and kills < 50 * wanted):  # a late start
        kills += 1
        code = WRITER.format(size=SIZE, named=named)
        command = [sys.executable, "-c", code, str(path), str(ROOT / "lint")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(moments.uniform(0, 0.03))
            writer.send_signal(signal.SIGKILL)
        assert writer.returncode == -signal.SIGKILL
        assert path.read_bytes() in (old, new)
        interrupted += len(left_over(tmp_path))
        found = path.read_bytes()
        assert replace(str(path), found, old) is None
        assert left_over(tmp_path) == [], "the next run clears up"
    assert not named or interrupted, "no kill fell into a write: the test shows nothing"
    assert named or interrupted < wanted // 2 or not hasattr(os, "O_TMPFILE")


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\n")
    theirs, dead = (tmp_path / f".c.yaml.{number}.ftlint-tmp" for number in (1, 2))
    dead.write_bytes(b"half")
    other = tmp_path / ".other.yaml.2.ftlint-tmp"
    other.write_bytes(b"half")
    with theirs.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert replace(str(path), b"a: 1\n", b"b: 1\n") is None
    assert sorted(tmp_path.iterdir()) == sorted([path, theirs, other])


@pytest.mark.search
def test_ftlint_itself_killed_at_any_moment_leaves_the_old_file_or_the_new_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.yaml"
    old = CONFIG.encode() + b"# " + b"x" * 500_000 + b"\n"
    new = old.replace(b"evaluation_strategy: steps  ", b"eval_strategy: steps  ")
    command = [sys.executable, "-m", "ftlint", "--isolated", "--fix", str(path)]
    path.write_bytes(old)
    path.chmod(0o640)
    started = time.monotonic()
    subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, check=True)
    took = time.monotonic() - started
    assert path.read_bytes() == new
    moments = random.Random(6)
    for _ in range(tries(4)):
        path.write_bytes(old)
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as process:
            time.sleep(moments.uniform(0.5, 1.1) * took)
            process.send_signal(signal.SIGKILL)
        assert path.read_bytes() in (old, new)
        assert path.stat().st_mode & 0o777 == 0o640
    path.write_bytes(old)
    subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, check=True)
    assert left_over(tmp_path) == []


def test_a_limit_on_file_size_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a" * 1000)
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[2])\n"
        "from ftlint.edits.write import replace\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "print(replace(sys.argv[1], b'a' * 1000, b'b' * 100000))"
    )
    command = [sys.executable, "-c", code, str(path), str(ROOT / "lint")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert path.read_bytes() == b"a" * 1000
    assert left_over(tmp_path) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here; the limit on file size stands for it")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_with_any_room_left_holds_the_old_file_or_the_new_one(disk: Path) -> None:
    old, new = b"a" * 60_000, b"b" * 100_000
    path, filler = disk / "c.yaml", disk / "filler"
    outcomes = set()
    for pages in range(49):  # of 4 KiB: from none to all that the disk has
        path.write_bytes(old)
        filler.write_bytes(b"f" * ((48 - pages) * 4096))
        reason = replace(str(path), old, new)
        assert path.read_bytes() == (new if reason is None else old)
        assert reason in (None, "No space left on device")
        assert left_over(disk) == []
        outcomes.add(reason)
        filler.unlink()
    assert len(outcomes) == 2


def test_ftlint_says_that_the_disk_is_full(disk: Path) -> None:
    path = disk / "c.yaml"
    old = CONFIG.encode() + b"# " + b"x" * 150_000 + b"\n"
    path.write_bytes(old)
    done = subprocess.run(
        [sys.executable, "-m", "ftlint", "--isolated", "--fix", str(path)],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "not written: No space left on device" in done.stdout
    assert done.returncode == 2
    assert path.read_bytes() == old
    assert left_over(disk) == []

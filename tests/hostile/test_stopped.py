"""A machine that is stopped, or busy with other work, changes neither a verdict nor a repair."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ftlint.support import deadline, pool
from tests.cli.calls import HEAD, environment, write
from tests.hostile.inputs import CATASTROPHE
from tests.moments import PATIENCE

LIMIT, STOPPED = 1, 1.5
SLOW = "cutoff_len: 1024\n" + "".join(f"# line {number}\n" for number in range(40))


def folder_of_files(folder: Path, files: int) -> Path:
    for number in range(files):
        write(folder / f"{number}.yaml", f"{HEAD}{SLOW}learnig_rate: '1e-{number % 9 + 1}'\n")
    return folder


def run(folder: Path, *arguments: str, stops: int) -> tuple[int, str]:
    """Run ftlint, stopped so often for longer than its limit; return its status and output."""
    with tempfile.TemporaryFile("w+") as out:  # a pipe that is full would stop it
        running = subprocess.Popen(
            [sys.executable, "-m", "ftlint", "--isolated", "--no-cache",
             "--limit", f"seconds={LIMIT}", "--output-format", "concise", *arguments, "."],
            cwd=folder, env={**environment(), "FTLINT_TRACEBACK": "1"},  # one process alone
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(stops):
            begun = worked_by(running.pid)
            while running.poll() is None and worked_by(running.pid) < begun + 0.15:
                time.sleep(0.005)
            assert running.poll() is None, "it has ended: the test shows nothing"
            running.send_signal(signal.SIGSTOP)
            time.sleep(STOPPED)
            running.send_signal(signal.SIGCONT)
        status = running.wait(PATIENCE)
        out.seek(0)
        return status, out.read()


def worked_by(pid: int) -> float:
    """Return the processor time of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


stoppable = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@stoppable
@pytest.mark.parametrize(("arguments", "files"), [((), 1500), (("--diff",), 400)])
def test_a_stopped_run_says_and_does_what_another_does(
    tmp_path: Path, arguments: tuple[str, ...], files: int
) -> None:
    folder = folder_of_files(tmp_path, files)
    expected = run(folder, *arguments, stops=0)
    assert "FT907" not in expected[1]
    assert expected[1].count("learning_rate") >= files  # named, or put right
    assert run(folder, *arguments, stops=2) == expected


def test_time_that_passes_without_work_is_not_counted() -> None:
    with deadline.within(0.05):
        time.sleep(0.3)


def test_work_is() -> None:
    with pytest.raises(deadline.TooSlow), deadline.within(0.05):  # noqa: PT012
        while True:
            pass


def test_a_forked_process_has_the_same_end() -> None:
    """What takes too long there is begun again here, and takes too long."""
    here = os.getpid()

    def work(place: int) -> int:
        while os.getpid() != here:
            pass
        return place

    with deadline.within(0.3):
        assert pool.spread(work, range(4), 2) == {place: place for place in range(4)}


def test_what_computes_for_too_long_is_still_ended(tmp_path: Path) -> None:
    write(tmp_path / "c.yaml", HEAD + f"run_name: {'a' * 60}b\n")
    write(tmp_path / "p.yaml", CATASTROPHE)
    write(tmp_path / "ftlint.toml", f"policies = ['p.yaml']\n[limits]\nseconds = {LIMIT}\n")
    done = subprocess.run(
        [sys.executable, "-m", "ftlint", "--no-cache", "c.yaml"], cwd=tmp_path, env=environment(),
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, "FT907" in done.stdout) == (1, True)
    assert "1 seconds of processor time" in done.stdout

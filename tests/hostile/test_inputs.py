"""Each hostile input ends as the table of docs/reliability.md says: soon, and quietly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.limits import DEFAULT
from tests.cli.calls import HEAD, ROOT, environment, heeds_interrupts, process, write
from tests.hostile import page
from tests.hostile.inputs import ELSEWHERE, INPUTS, Hostile
from tests.moments import PATIENCE, worked


@pytest.mark.parametrize("sent", INPUTS, ids=lambda sent: sent.name)
def test_hostile(tmp_path: Path, sent: Hostile) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    sent.write(folder)
    started = worked()
    done = process(*sent.arguments, folder=folder)
    assert worked() - started < DEFAULT.seconds
    found = set(re.findall(r"\bFT\d{3,4}\b", done.out))
    assert tuple(sorted(found & BUILT_IN.rules.keys())) == sent.codes
    assert done.status == sent.status
    assert sent.said in done.out + done.err
    printed = done.out + done.err
    assert "Traceback" not in printed
    assert "secret" not in printed
    assert all(letter.isprintable() or letter == "\n" for letter in printed)
    if "github" in sent.arguments:
        assert all(line.startswith("::error file=") for line in done.out.splitlines())
    assert not (folder / "made").exists()


@pytest.mark.parametrize("test", [test for _, _, test in ELSEWHERE])
def test_what_is_tested_elsewhere_is_tested(test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text("utf-8")


def test_names_of_inputs_tell_them_apart() -> None:
    names = [sent.name for sent in INPUTS] + [name for name, _, _ in ELSEWHERE]
    assert len(names) == len(set(names))


def test_the_page_shows_these_inputs() -> None:
    assert page.PAGE.read_text("utf-8") == page.written()


@pytest.mark.skipif(
    not Path("/proc/self/task").exists() or len(os.sched_getaffinity(0)) < 2,
    reason="looks children up in /proc, and there are some only where a second core is",
)
def test_an_interrupted_run_over_many_files_ends_with_all_its_processes(tmp_path: Path) -> None:
    for number in range(3000):
        write(tmp_path / f"{number}.yaml", HEAD + f"x{number}: &a 1\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "ftlint", "--no-cache", "."], cwd=tmp_path, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heeds_interrupts,
    )  # fmt: skip
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    until = time.monotonic() + PATIENCE
    while not children.read_text("utf-8").strip() and time.monotonic() < until:
        time.sleep(0.002)  # it shares the files out soon, and they take it more than a second
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(
        timeout=PATIENCE
    )  # returns when no process holds the pipes any more
    assert (running.returncode, out, err) == (130, "", "ftlint: interrupted\n")

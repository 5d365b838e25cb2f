"""Many runs, some at a time: forked from a warm process where that can be, else each afresh."""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from ftbench.runners import launch
from ftbench.runners.interpreter import Missing, last_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ftbench.runners.job import PreparedRun


class Forks:
    """A process that has everything imported, and what it has forked.

    What it prints itself, as packages do when they are imported, goes to `log`.
    """

    def __init__(self, process: subprocess.Popen[str], log: IO[str]) -> None:
        self.process, self.log = process, log
        self.asked = 0

    def start(self, one: PreparedRun) -> int:
        """Fork a run that is prepared, and return the number that it has."""
        assert self.process.stdin is not None
        asked = {
            "id": self.asked,
            "request": str(one.folder / "request.json"),
            "log": str(one.folder / "log"),
            "limit": one.job.time_limit,
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        self.asked += 1
        return self.asked - 1

    def next_end(self) -> tuple[int, launch.ProcessEnd]:
        """Wait until a run has ended, and return which and how. Raises `Missing`."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Missing(f"the process that forks the runs has ended: {_said(self.log)}")
        answer: dict[str, Any] = json.loads(line)
        ended = launch.ProcessEnd(answer["status"], answer["seconds"], answer["overdue"])
        return answer["id"], ended


@contextmanager
def forks(python: str, env: Mapping[str, str]) -> Iterator[Forks]:
    """Give a process that forks runs, and end it with all of them.

    Raises:
        Missing: it does not come up.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [python, "-m", "ftbench.runners.warm"],
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            text=True,
        )
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise Missing(f"LLaMA Factory cannot be imported: {_said(log)}")
            yield Forks(process, log)
        finally:
            launch.end(process)


def _said(log: IO[str]) -> str:
    log.seek(0)
    return last_line(log.read())


def forked(
    python: str, env: Mapping[str, str], jobs: int, made: Sequence[PreparedRun]
) -> Iterator[tuple[PreparedRun, launch.ProcessEnd]]:
    """Run what is prepared in forks of one process, `jobs` at a time; yield each as it ends.

    Raises:
        Missing: the process that forks does not come up.
    """
    if not made:
        return
    with forks(python, env) as process:
        waiting = list(made)
        under_way: dict[int, PreparedRun] = {}
        while waiting or under_way:
            while waiting and len(under_way) < jobs:
                one = waiting.pop(0)
                under_way[process.start(one)] = one
            number, ended = process.next_end()
            yield under_way.pop(number), ended


def fresh(made: Sequence[PreparedRun]) -> Iterator[tuple[PreparedRun, launch.ProcessEnd]]:
    """Run each of what is prepared in a process of its own, one after the other."""
    for one in made:
        arguments = launch.command(
            one.job.interpreter.python, one.folder / "request.json", one.job.processes
        )
        log = one.folder / "log"
        yield one, launch.run(arguments, one.env, log, one.job.time_limit, lambda _seconds: None)

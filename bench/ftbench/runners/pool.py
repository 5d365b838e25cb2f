"""Many runs, some at a time: forked from a warm process where that can be, else each afresh."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from ftbench.runners import launch
from ftbench.runners.interpreter import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ftbench.runners.job import PreparedRun


def forked(
    python: str, env: Mapping[str, str], jobs: int, made: Sequence[PreparedRun]
) -> Iterator[tuple[PreparedRun, launch.ProcessEnd]]:
    """Run what is prepared in forks of one process, `jobs` at a time; yield each as it ends.

    Raises:
        Missing: the process that forks does not come up.
    """
    if not made:
        return
    process = subprocess.Popen(
        [python, "-m", "ftbench.runners.warm"],
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        yield from _served(process, jobs, made)
    finally:
        launch.end(process)


def _served(
    process: subprocess.Popen[str], jobs: int, made: Sequence[PreparedRun]
) -> Iterator[tuple[PreparedRun, launch.ProcessEnd]]:
    assert process.stdin is not None
    assert process.stdout is not None
    if not process.stdout.readline():
        raise Missing("the process that imports LLaMA Factory did not come up; see above")
    waiting = list(enumerate(made))
    under_way = 0
    while waiting or under_way:
        while waiting and under_way < jobs:
            number, one = waiting.pop(0)
            asked = {
                "id": number,
                "request": str(one.folder / "request.json"),
                "log": str(one.folder / "log"),
                "limit": one.job.time_limit,
            }
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            under_way += 1
        line = process.stdout.readline()
        if not line:
            raise Missing("the process that forks the runs has ended")
        answer: dict[str, Any] = json.loads(line)
        under_way -= 1
        yield (
            made[answer["id"]],
            launch.ProcessEnd(answer["status"], answer["seconds"], answer["overdue"]),
        )


def fresh(made: Sequence[PreparedRun]) -> Iterator[tuple[PreparedRun, launch.ProcessEnd]]:
    """Run each of what is prepared in a process of its own, one after the other."""
    for one in made:
        arguments = launch.command(
            one.job.interpreter.python, one.folder / "request.json", one.job.processes
        )
        log = one.folder / "log"
        yield one, launch.run(arguments, one.env, log, one.job.time_limit, lambda _seconds: None)

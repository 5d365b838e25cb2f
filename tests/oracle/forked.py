"""One forked child a case, so that no case can disturb the next: environment variables,
singletons, `sys.exit`, a hang and a crash of the interpreter all end with the child.

Runs inside a LLaMA Factory environment and therefore uses nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# What a user's shell may say that would change a verdict: everything but these names is dropped.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


def clean_environment(home: str) -> None:
    """Leave only what the machine needs, switch the network off, give a private home folder."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(
        HOME=home,
        HF_HOME=f"{home}/hf",
        DISABLE_VERSION_CHECK="1",
        HF_HUB_OFFLINE="1",
        HF_DATASETS_OFFLINE="1",
        HF_DATASETS_DISABLE_PROGRESS_BARS="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        LLAMAFACTORY_VERBOSITY="WARN",
        OMP_NUM_THREADS="1",
        TOKENIZERS_PARALLELISM="false",
        MPLBACKEND="agg",
        MPLCONFIGDIR=f"{home}/matplotlib",
    )


def call(
    work: Callable[[], dict[str, Any]], timeout: float, log: str = os.devnull
) -> dict[str, Any]:
    """Run `work` in a child and return its answer.

    A child that dies or outlives `timeout` seconds gives `{"died": reason}`; what it printed is in
    `log`.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _run(work, writer, log)
    os.close(writer)
    data, deadline = b"", time.monotonic() + timeout
    died = f"no answer within {timeout:g} s"
    # The line end closes the answer: grandchildren (data loader workers) may hold the pipe open.
    while not data.endswith(b"\n") and (left := deadline - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            chunk = os.read(reader, 1 << 16)
            if not chunk:
                died = ""
                break
            data += chunk
    os.close(reader)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if data.endswith(b"\n"):
        answer: dict[str, Any] = json.loads(data)
        return answer
    return {"died": died or f"exit status {os.waitstatus_to_exitcode(status)}"}


def _run(work: Callable[[], dict[str, Any]], writer: int, log: str) -> None:
    os.setsid()
    # `deepspeed: 5` makes the program open and close file descriptor 5, `accelerator_config: 1_000`
    # the thousandth: keep out of their way.
    writer = fcntl.fcntl(writer, fcntl.F_DUPFD, 987)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        answer = work()
    except BaseException:
        answer = {"died": traceback.format_exc()}
    data = json.dumps(answer, default=str).encode() + b"\n"
    while data:
        data = data[os.write(writer, data) :]
    os._exit(0)


def serve(greeting: dict[str, Any], handle: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer one JSON line a request until standard input ends; `greeting` is the first line.

    The caller must have moved standard output away with `own_stdout` before any noisy import.
    """
    gc.collect()
    gc.freeze()  # else the children's collector touches, and so copies, every inherited page
    _write(greeting)
    for line in sys.stdin:
        request = json.loads(line)
        _write({"id": request.get("id"), **handle(request)})


_ANSWERS = -1


def own_stdout() -> None:
    """Keep standard output for answers alone: what is printed goes to standard error instead."""
    global _ANSWERS
    _ANSWERS = os.dup(1)
    os.set_inheritable(_ANSWERS, False)
    os.dup2(2, 1)


def _write(answer: dict[str, Any]) -> None:
    data = json.dumps(answer, default=str).encode() + b"\n"
    while data:
        data = data[os.write(_ANSWERS, data) :]

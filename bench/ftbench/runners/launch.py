"""Start a run as a process of its own, wait for it, and leave nothing of it behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners.child import SPAWNED, die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GRACE_SECONDS = 10.0
POLL_SECONDS = 0.05


class Processes(NamedTuple):
    """How many processes train, and how they find each other.

    `rendezvous` are torchrun's own options for several nodes, as given; `accelerate` the file of
    `accelerate launch`, for FSDP.
    """

    gpus: int = 1
    nodes: int = 1
    rendezvous: tuple[str, ...] = ()
    accelerate: str | None = None


class ProcessEnd(NamedTuple):
    """How a process ended: its status, seconds from start to end, and whether it was too slow."""

    status: int
    seconds: float
    overdue: bool


def command(python: str, request: Path, processes: Processes) -> list[str]:
    """Return the command that trains a request."""
    child = ["-m", "ftbench.runners.child", str(request)]
    if processes.accelerate is not None:
        count = str(processes.gpus * processes.nodes)
        return [
            python, "-m", "accelerate.commands.launch", "--config_file", processes.accelerate,
            "--num_processes", count, *child,
        ]  # fmt: skip
    if processes.gpus * processes.nodes == 1 and not processes.rendezvous:
        return [python, *child]
    found = list(processes.rendezvous)
    if processes.nodes > 1:
        found = ["--nnodes", str(processes.nodes), *found]
    elif not any(option.startswith(("--rdzv", "--master")) for option in found):
        found += ["--nnodes", "1", "--master_addr", "127.0.0.1", "--master_port", str(_free_port())]
    return [
        python, "-m", "torch.distributed.run", *found, "--nproc_per_node", str(processes.gpus),
        *child,
    ]  # fmt: skip


def run(
    arguments: list[str],
    env: Mapping[str, str],
    log: Path,
    limit: float | None,
    tick: Callable[[float], None],
) -> ProcessEnd:
    """Run a command to its end; output goes to `log`, `tick` is called with the seconds so far.

    Raises:
        KeyboardInterrupt: after everything that was started has been ended.
    """
    with log.open("ab") as out:
        begun = time.time()
        process = subprocess.Popen(
            arguments,
            env={**env, SPAWNED: repr(begun)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=die_with_parent,  # torchrun does not ask for it itself
        )
    overdue = False
    try:
        while process.poll() is None:
            seconds = time.time() - begun
            if limit is not None and seconds > limit:
                overdue = True
                end(process)
                break
            tick(seconds)
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL_SECONDS)
    except BaseException:
        end(process)
        raise
    return ProcessEnd(process.wait(), time.time() - begun, overdue)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process and all that it started, also what went into a session of its own.

    torchrun does that with its workers: their ids are taken while their parents still live.
    """
    family = [process.pid, *descendants(process.pid)]
    for signum in (signal.SIGTERM, signal.SIGKILL):
        for pid in family:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signum)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signum)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            gone = process.poll() is not None
            if gone and not any(_alive(pid) for pid in family[1:]):
                return
            time.sleep(POLL_SECONDS)


def descendants(pid: int) -> list[int]:
    """Return the ids of a process's children, of theirs, and so on; none where /proc is absent."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def _alive(pid: int) -> bool:
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[0] != "Z"
    return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

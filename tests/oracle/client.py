"""Typed clients of the processes that run inside the LLaMA Factory environments."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tests.oracle import environments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HERE = Path(__file__).resolve().parent
Command = Literal["train", "export", "chat", "eval"]

HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "PYTHONMALLOC": "malloc"}
"""A fork copies the page tables of half a gigabyte: with huge pages in 10 ms instead of 31."""

START_TIMEOUT = 300.0
"""Seconds: importing torch from a cold disk takes tens of them."""


class OracleError(RuntimeError):
    """The process inside the environment failed, not the config it was given."""


class Case(NamedTuple):
    """One config to be judged: exactly one of path, text and config."""

    id: str
    command: Command = "train"
    path: str | None = None
    text: str | None = None
    suffix: str = ".yaml"
    config: Mapping[str, Any] | None = None
    cwd: str | None = None
    env: Mapping[str, str] | None = None
    as_is: bool = False
    """Leave in what depends on this machine: packages, bf16, deepspeed."""
    arguments: bool = False
    """Ask for the arguments that an accepted config comes to."""


class Verdict(NamedTuple):
    """What the real parser said. `stage`: how far it came (command, load, parse)."""

    id: str
    verdict: Literal["accepted", "refused", "undecided"]
    stage: str = ""
    error_type: str = ""
    message: str = ""
    set_aside: tuple[str, ...] = ()
    """Keys taken out of the config because this machine cannot judge them."""
    arguments: Mapping[str, Any] | None = None
    """Name -> value as the program has it: of an accepted config, where asked for."""

    @property
    def refused(self) -> bool:
        return self.verdict == "refused"

    @property
    def error(self) -> str:
        """`Type: message`, or nothing when accepted."""
        return f"{self.error_type}: {self.message}" if self.error_type else self.message


class Process:
    """A server of JSON lines inside the environment of one release. Use it in a `with`."""

    script = ""

    def __init__(self, release: str, *arguments: str, extras: bool = False) -> None:
        self.release = release
        python = environments.ensure(release, extras)
        self._command = [str(python), str(HERE / self.script), *arguments]
        self._start()

    def _start(self) -> None:
        self._buffer = b""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **HUGE_PAGES},
        )
        try:
            self.greeting = self._read(START_TIMEOUT)
        except OracleError:
            self.close()
            raise

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; it removes its folders when its input ends."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Send one request and wait for its answer, `timeout` seconds and a margin at most.

        A process that somebody ended is started again, once a request.
        """
        line = json.dumps({**request, "timeout": timeout}).encode() + b"\n"
        try:
            return self._exchange(line, timeout + 30)
        except OracleError:
            self.close()
            self._start()
            return self._exchange(line, timeout + 30)

    def _exchange(self, line: bytes, timeout: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise OracleError(f"{self.script} of {self.release} is gone") from error
        return self._read(timeout)

    def _read(self, timeout: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        pipe, deadline = self._process.stdout.fileno(), time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                self._process.kill()
                raise OracleError(
                    f"{self.script} of {self.release} gave no answer in {timeout:g} s"
                )
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                raise OracleError(f"{self.script} of {self.release} ended ({self._process.poll()})")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Judge(Process):
    """The parser of one release: `with Judge("0.9.5") as judge: judge.judge(cases)`.

    With `extras`, configs with deepspeed are judged under a launcher of one process, too.
    """

    script = "judge.py"

    def __init__(self, release: str, extras: bool = False) -> None:
        super().__init__(release, extras=extras)

    def __enter__(self) -> Judge:
        return self

    def judge(self, cases: Iterable[Case], timeout: float = 60.0) -> list[Verdict]:
        """Verdicts in the order of the cases; `timeout` seconds each."""
        return list(self.each(cases, timeout))

    def each(self, cases: Iterable[Case], timeout: float = 60.0) -> Iterator[Verdict]:
        """Verdicts as they come."""
        for case in cases:
            request = {key: value for key, value in case._asdict().items() if value is not None}
            answer = self.ask(request, timeout)
            answer["set_aside"] = tuple(answer.get("set_aside") or ())
            yield Verdict(**{key: answer[key] for key in Verdict._fields if key in answer})


class Outcome(NamedTuple):
    """What became of a config in the real trainer."""

    id: str
    outcome: Literal["trained", "refused", "crashed"]
    where: str
    """parse, data, model, trainer_init, train_begin, step or end."""
    error_type: str = ""
    message: str = ""
    frame: str = ""
    steps: int = 0
    seconds: float = 0.0
    read: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        """`where: Type: message`, or nothing when it trained."""
        return f"{self.where}: {self.error_type}: {self.message}" if self.error_type else ""

    @property
    def settled(self) -> bool:
        """Return whether a config that parses elsewhere was really tried here."""
        return self.outcome != "refused" and not self.environmental

    @property
    def environmental(self) -> bool:
        """Return whether this machine is to blame, not the config: a package, a network, a GPU."""
        return self.error_type in _ENVIRONMENTAL or any(
            sign in self.message.lower() for sign in _ENVIRONMENTAL_SIGNS
        )


_ENVIRONMENTAL = ("ImportError", "ModuleNotFoundError", "PackageNotFoundError", "Died")
_ENVIRONMENTAL_SIGNS = (
    *("offline", "couldn't connect", "is not installed", "pip install", "cuda", "gpu"),
    *("huggingface.co", "hugging face", "this device", "available devices"),
)


class Trainer(Process):
    """The trainer of one release on a tiny model: `with Trainer("0.9.5") as trainer: …`.

    Optional packages that work on a CPU (bitsandbytes, GaLore, APOLLO, BAdam …) are there.
    """

    script = "trainer.py"

    def __init__(self, release: str) -> None:
        self.fixture = environments.folder_of(release) / "fixture"
        """The tiny model and data that its runs begin with; there once the process has begun."""
        super().__init__(release, str(self.fixture), extras=True)

    def __enter__(self) -> Trainer:
        return self

    def train(
        self,
        config: Mapping[str, Any] | str,
        name: str = "",
        steps: int = 2,
        trace: bool = False,
        timeout: float = 60.0,
        command: Command = "train",
    ) -> Outcome:
        """Train one config, or the text of one, for `steps` optimizer steps in the fixture.

        With another command: export it, or let it chat.
        """
        kind = "text" if isinstance(config, str) else "config"
        request = {"id": name, "command": command, kind: config, "steps": steps, "trace": trace}
        answer = self.ask(request, timeout)
        answer["read"] = tuple(answer.get("read") or ())
        return Outcome(**{key: answer[key] for key in Outcome._fields if key in answer})

"""ftlint as a process of its own, and within this one where that is enough."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from ftlint.cli.commands import cli
from tests.moments import PATIENCE
from tests.streams import Done, call

ROOT = Path(__file__).resolve().parents[2]
HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
BAD = HEAD + "foo: 1\n"


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment, plain: no colours asked for, ftlint importable."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("NO_COLOR", "FORCE_COLOR", "FTLINT_TRACEBACK", "PYTHONIOENCODING")
    }
    path = os.pathsep.join([str(ROOT / "lint"), str(ROOT / "schemas")])
    return {**kept, "PYTHONPATH": path, "PYTHONUTF8": "1", **changes}


def heeds_interrupts() -> None:
    """Let a new process take SIGINT: what a shell starts in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def process(*arguments: str | Path, folder: Path, stdin: bytes = b"", **changes: str) -> Done:
    """Run `python -m ftlint` in `folder`; output is decoded with its escapes kept."""
    done = subprocess.run(
        [sys.executable, "-m", "ftlint", *map(str, arguments)],
        cwd=folder, env=environment(**changes), input=stdin, capture_output=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def invoke(*arguments: str | Path, stdin: str = "") -> Done:
    """Run the command in this process, in the current folder."""
    return call(cli, *arguments, stdin=stdin)


def write(path: Path, text: str | bytes = BAD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path

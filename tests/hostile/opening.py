"""Which paths ftlint opens while it runs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.cli.calls import HEAD, environment
from tests.moments import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


TRAINS = HEAD + "do_train: true\noutput_dir: o\n"


OPENED = """
import os, sys
seen = []
def hook(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        seen.append(os.path.abspath(arguments[0]))
sys.addaudithook(hook)
sys.argv = ["ftlint", "--isolated", *sys.argv[1:]]
from ftlint.__main__ import main
try:
    main()
except SystemExit:
    print("OPENED", *seen, sep="\\n")
"""


def opened(folder: Path, *arguments: str) -> tuple[str, list[str]]:
    """Run ftlint; return its output and every path it opened."""
    done = subprocess.run(
        [sys.executable, "-c", OPENED, *arguments], cwd=folder, env=environment(),
        capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    out, _, paths = done.stdout.partition("OPENED\n")
    return out, paths.splitlines()

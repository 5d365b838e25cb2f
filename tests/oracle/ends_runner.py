"""Run configs that fail in an installed LLaMA Factory, and keep what each of them printed.

Runs inside its environment, in the folder that holds model and data: `ends_runner.py CASES`. CASES
is a JSON file, `{NAME: {"config": {…}, "room": BYTES, "interrupt": TEXT, "abort": true}}`;
NAME.txt gets the output. `room` is the memory that a case may take beside what is loaded,
`interrupt` what it prints before it is sent SIGINT; with `abort` it runs as under LLaMA Board, and
is sent what its Abort button sends. Every case is run in a child of its own.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

SECONDS = 120  # that a case may take


def limit(room: int) -> None:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    loaded = int(re.findall(r"VmSize:\s+([0-9]+)", status)[0]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (loaded + room, loaded + room))


def run(case: dict[str, Any]) -> None:
    """Train, and end as a process does whose exception nobody caught."""
    from llamafactory.train.tuner import run_exp

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if "abort" in case:
            os.environ.update(
                LLAMABOARD_ENABLED="1", LLAMABOARD_WORKDIR=case["config"]["output_dir"]
            )
        if "room" in case:
            limit(case["room"])
        run_exp(case["config"])
    except BaseException:  # an interrupt, too
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()


def main() -> None:
    from llamafactory.train import tuner  # noqa: F401  # imported once for all children

    for name, case in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")).items():
        printed = Path(f"{name}.txt")
        printed.touch()
        child = os.fork()
        if child == 0:
            to = os.open(printed, os.O_WRONLY | os.O_TRUNC)
            os.dup2(to, 1)
            os.dup2(to, 2)
            run(case)
            os._exit(0)
        began, sent = time.monotonic(), "interrupt" not in case
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            if not sent and case["interrupt"] in printed.read_text(encoding="utf-8"):
                os.kill(child, signal.SIGABRT if "abort" in case else signal.SIGINT)
                sent = True
            if time.monotonic() - began > SECONDS:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.05)


if __name__ == "__main__":
    main()

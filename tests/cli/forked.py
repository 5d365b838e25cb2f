"""ftlint in a process of its own that need not start Python: a fork of one that has imported it.

For tests that call it hundreds of times and whose subject is what it does, not how it starts. Every
call begins with modules as they are imported: nothing is judged, read or kept before the fork.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cli.calls import environment
from tests.streams import Done

NAMES = ("in", "out", "err")
STREAMS = (("r", "surrogateescape"), ("w", "surrogateescape"), ("w", "backslashreplace"))
"""How Python opens them in UTF-8 mode."""


def process(*arguments: str | Path, folder: Path, stdin: bytes = b"", **changes: str) -> Done:
    """Run ftlint in `folder`, as `tests.cli.calls.process` does."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with TemporaryDirectory() as aside:
        files = [Path(aside, name) for name in NAMES]
        files[0].write_bytes(stdin)
        asked = [*map(str, arguments)], str(folder), environment(**changes), [*map(str, files)]
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        out, err = (path.read_bytes().decode() for path in files[1:])
    return Done(status, out, err)


@cache
def _server() -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.forked"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        encoding="utf-8", cwd=root,
        env=environment(PYTHONPATH=os.pathsep.join([environment()["PYTHONPATH"], str(root)])),
    )  # fmt: skip
    atexit.register(started.communicate)
    return started


def _serve() -> None:
    """Answer each request by the exit status of a fork; return in a fork, to run there."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            arguments, folder, variables, files = json.loads(line)
            os.environ.clear()
            os.environ.update(variables)
            os.chdir(folder)
            sys.argv[1:] = arguments
            sys.path[0] = folder
            for number, path in enumerate(files):
                opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
                os.dup2(opened, number)
                os.close(opened)
            sys.stdin, sys.stdout, sys.stderr = (
                os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False)
                for number, (mode, errors) in enumerate(STREAMS)
            )
            _run()
        _, status = os.waitpid(child, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run() -> None:
    from ftlint.__main__ import main

    main()
    sys.exit()


if __name__ == "__main__":
    import pkgutil
    from importlib import import_module

    import ftlint

    for one in pkgutil.walk_packages(ftlint.__path__, "ftlint."):
        if not one.name.startswith(("ftlint.agents", "ftlint.server", "ftlint.__main__")):
            import_module(one.name)
    gc.freeze()  # what forks share is not searched by each
    _serve()

"""Loads files with the real `datasets`, with the arguments that LLaMA Factory gives it.

Runs in another Python than the tests: reads one JSON object a line (kind, files, workers), answers
with one (rows, or refused with the reason). Each load is a process of its own, since pyarrow dies
on some files, and a death is an answer too.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from typing import Any

os.environ.update(
    HF_DATASETS_OFFLINE="1", HF_HUB_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1"
)
os.environ["HF_HOME"] = HOME = tempfile.mkdtemp(prefix="ftlint-loads")


def load(kind: str, files: list[str], workers: int | None) -> dict[str, Any]:
    """Load files as `data/loader.py` does; a table without rows ends the run in `align_dataset`."""
    from datasets import load_dataset

    cache = tempfile.mkdtemp(dir=HOME)
    try:
        loaded = load_dataset(
            path=kind, data_files=files, split="train", cache_dir=cache, num_proc=workers
        )
        next(iter(loaded))
    except StopIteration:
        return {"refused": "no row"}
    except BaseException as error:  # whatever ends the run
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        return {"refused": f"{type(cause).__name__}: {cause}"[:200]}
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    return {"rows": len(loaded)}


def apart(request: dict[str, Any]) -> dict[str, Any]:
    """Answer from a child process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.write(writing, json.dumps(load(**request)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as file:  # noqa: PTH123 (a descriptor)
        answer = file.read()
    _, status = os.waitpid(child, 0)
    return json.loads(answer) if answer else {"refused": f"it died ({status})"}


def main() -> None:
    """Answer until the input ends."""
    import datasets

    logging.disable(logging.CRITICAL)
    with contextlib.suppress(AttributeError):
        datasets.disable_progress_bars()
    versions = ", ".join(f"{name} {version(name)}" for name in ("datasets", "pyarrow", "pandas"))
    print(json.dumps({"versions": versions}), flush=True)
    with tempfile.NamedTemporaryFile(dir=HOME, suffix=".csv") as file:
        file.write(b"a\n1\n")
        file.flush()
        load("csv", [file.name], None)  # what it imports, the children then have
    for line in sys.stdin:
        print(json.dumps(apart(json.loads(line))), flush=True)
    shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main()

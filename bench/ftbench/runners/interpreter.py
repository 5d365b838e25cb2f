"""The Python that trains: this one, or that of another environment (`--python`)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ftbench.models.folder import cache
from ftbench.visible_devices import visible_devices

SECONDS = 120

_PROBE = """
import importlib.metadata as m, importlib.util as u, json, sys
found = {}
for name in sys.argv[1:]:
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: pass
found["torchaudio"] = "yes" if u.find_spec("torchaudio") else ""
print(json.dumps(found))
"""
NAMES = ("torch", "transformers", "peft", "accelerate", "llamafactory", "tokenizers", "trl",
         "datasets", "bitsandbytes", "deepspeed", "liger-kernel", "flash-attn")  # fmt: skip


class Interpreter(NamedTuple):
    """An environment that can train: its python, what is installed there, and the GPUs seen."""

    python: str
    packages: dict[str, str]
    gpus: int


class Missing(Exception):
    """Something that a run needs is not installed. The text says what and how to get it."""


def probe(python: str | None) -> Interpreter:
    """Return what an environment has; nothing heavy is imported for it.

    Raises:
        Missing: there is no such python, or it has no torch, transformers, peft or accelerate.
    """
    path = str(Path(python).expanduser()) if python else sys.executable
    try:
        done = subprocess.run(
            [path, "-c", _PROBE, *NAMES], capture_output=True, text=True, errors="replace",
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except (ValueError, OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{path} cannot be run: {error}") from None
    if done.returncode:
        raise Missing(f"{path} is not a working Python: {last_line(done.stderr)}")
    try:
        packages: dict[str, str] = json.loads(done.stdout)
        packages.pop("torchaudio")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Missing(f"{path} is not a Python: it does not say what is installed") from None
    lacking = [
        name for name in ("torch", "transformers", "peft", "accelerate") if name not in packages
    ]
    if lacking:
        raise Missing(
            f"{', '.join(lacking)} not installed in {path}: pip install 'ftlint[bench]',"
            " or name the environment of LLaMA Factory with --python"
        )
    return Interpreter(path, packages, visible_gpus())


def last_line(said: str) -> str:
    """Return the last line that a program said; that of Python names the error."""
    return (said.strip().splitlines() or ["it says nothing"])[-1][-300:]


def visible_gpus() -> int:
    """Return how many NVIDIA GPUs a process started from here would see."""
    names = visible_devices()
    tool = shutil.which("nvidia-smi")
    if tool is None or names == []:
        return 0
    try:
        done = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = sum(line.startswith("GPU ") for line in done.stdout.splitlines())
    return found if names is None else min(found, len(names))


def environment(interpreter: Interpreter, gpus: int, *, nodes: int = 1) -> dict[str, str]:
    """Return the variables for a run: ftbench importable, only `gpus` GPUs visible.

    Several processes get what LLaMA Factory's own launcher gives them (`launcher.py`, 0.9.5).
    """
    path = [str(_only_this_package()), os.environ.get("PYTHONPATH", "")]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(part for part in path if part),
        "PYTHONUNBUFFERED": "1",
    }
    if 0 < gpus < interpreter.gpus:
        names = visible_devices() or [str(number) for number in range(interpreter.gpus)]
        env["CUDA_VISIBLE_DEVICES"] = ",".join(names[:gpus])
    if gpus * nodes > 1:
        if env.get("OPTIM_TORCH", "1").lower() in ("1", "true", "y"):
            env["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True"
            env["TORCH_NCCL_AVOID_RECORD_STREAMS"] = "1"
        if interpreter.gpus == 0:
            env.setdefault("OMP_NUM_THREADS", "1")
    return env


def _only_this_package() -> Path:
    """Return a folder from which ftbench can be imported, and nothing else.

    Where it is installed other packages lie beside it, and those of the environment that trains
    must not be hidden by them.
    """
    package = Path(__file__).resolve().parents[1]
    folder = cache() / ".import" / hashlib.sha256(str(package).encode()).hexdigest()[:12]
    link = folder / package.name
    if not link.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            link.symlink_to(package, target_is_directory=True)
    return folder

"""The folder of a random model: its architecture and a tokenizer, but no weights.

The weights come into being on the device, when the trainer loads the folder: see `weights`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.models.source import NoModel, read_shape

if TYPE_CHECKING:
    from ftbench.models.source import Source

EDITION = "1"
"""Part of every folder's name: another edition is built anew."""

MARK = "ftbench.json"
"""The file by which the trainer's process knows that the weights are to be made."""

SECONDS = 600


def cache() -> Path:
    """Return where models are kept: `$FTBENCH_CACHE`, or `~/.cache/ftlint/models`."""
    given = os.environ.get("FTBENCH_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base, "ftlint", "models")


def prepared(source: Source, text: str, python: str, env: dict[str, str]) -> Path:
    """Return the folder of a random model, built on first use by `python`.

    `text` is what the tokenizer is trained on where the source has none of its own.

    Raises:
        NoModel: the architecture cannot be read, or the tokenizer cannot be made.
    """
    assert source.shape is not None
    shape = read_shape(source.shape)
    given = "" if source.tokenizer is None else str(source.tokenizer.resolve())
    key = json.dumps([EDITION, shape, given, text if not given else ""], sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    target = cache() / f"{source.label.removeprefix('random:')}-{digest}"
    if (target / MARK).is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=target.parent, prefix=".building-"))
    try:
        (building / "text").write_text(text, encoding="utf-8")
        if source.tokenizer is not None:
            _copy_tokenizer(source.tokenizer, building)
            (building / "config.json").write_text(json.dumps(shape), encoding="utf-8")
        else:
            _train(shape, building, python, env)
        (building / "text").unlink()
        (building / MARK).write_text(json.dumps({"model": source.label}), encoding="utf-8")
        building.chmod(0o755)
        if not (target / MARK).is_file():  # another process may have been faster
            shutil.rmtree(target, ignore_errors=True)
            building.replace(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def _copy_tokenizer(folder: Path, target: Path) -> None:
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_size < 64 << 20 and path.suffix != ".safetensors":
            shutil.copyfile(path, target / path.name)


def _train(shape: dict[str, object], building: Path, python: str, env: dict[str, str]) -> None:
    (building / "config.json").write_text(json.dumps(shape), encoding="utf-8")
    command = [python or sys.executable, "-m", "ftbench.models.bpe", str(building)]
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoModel(f"no tokenizer after {SECONDS} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise NoModel(f"no tokenizer could be made: {last[0]}")

"""Where calibrations are kept: one folder a GPU, one file a key, a line each, never rewritten.

`~/.cache/ftlint/calibration/<gpu>/<key>.jsonl`; FTBENCH_CALIBRATION names another folder.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import Result

VERSION = 3
"""1 had a start-up that ended where the trainer began, and a floor that met the work sharply; 2 had
one price for fetching a batch of whatever size, and held real batches apart from the law."""
KIND = "calibration"
FOLDER = "FTBENCH_CALIBRATION"

Record = dict[str, Any]


class Unusable(Exception):
    """A file that holds no calibrations. The text says which and why."""


def folder() -> Path:
    """Return the folder of all calibrations, whether or not it exists."""
    named = os.environ.get(FOLDER)
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "ftlint" / "calibration"


def add(record: Record) -> Path:
    """Append a calibration to its file and return that. Raises `OSError`."""
    where = folder() / _name_of_gpu(record["gpu"])
    where.mkdir(parents=True, exist_ok=True)
    path = where / f"{_digest(record['key'])}.jsonl"
    line = json.dumps(record, allow_nan=False) + "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
    return path


def everything() -> Iterator[Record]:
    """Yield all calibrations, the newest first; what cannot be read is left out."""
    found: list[Record] = []
    for path in folder().glob("*/*.jsonl"):
        with suppress(Unusable):
            found += read(path)
    yield from sorted(found, key=lambda one: str(one["when"]), reverse=True)


def read(path: str | os.PathLike[str]) -> list[Record]:
    """Return the calibrations of a file that was kept or exported.

    Raises:
        Unusable: it cannot be read, or a line is none.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: {error}") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            raise Unusable(f"{path}: line {number} is no JSON") from None
        if not isinstance(record, dict) or record.get("kind") != KIND:
            raise Unusable(f"{path}: line {number} is no calibration")
        if record.get("version") != VERSION:
            raise Unusable(f"{path}: line {number} has version {record.get('version')!r}")
        found.append(record)
    return found


def export(records: list[Record], path: str | os.PathLike[str]) -> None:
    """Write calibrations to a file for another machine. Raises `OSError`."""
    text = "".join(json.dumps(record, allow_nan=False) + "\n" for record in records)
    Path(path).write_text(text, encoding="utf-8")


def take_in(path: str | os.PathLike[str]) -> int:
    """Add the calibrations of an exported file that are not there yet; return how many.

    Raises:
        Unusable: as `read`.
        OSError: the folder cannot be written to.
    """
    known = {_digest(record) for record in everything()}
    new = [record for record in read(path) if _digest(record) not in known]
    for record in new:
        add(record)
    return len(new)


def peak(gpu: str | None, dtype: str = "bfloat16") -> float | None:
    """Return the newest measured matmul peak of a GPU (by uuid hash) in TFLOP/s, if any."""
    for record in everything():
        found = record.get("peak")
        if gpu and found and record["gpu"]["uuid_hash"] == gpu and found["dtype"] == dtype:
            return float(found["tflops"])
    return None


def peak_of(result: Result) -> float | None:
    """Return the measured matmul peak of the GPU that a result is from, if it was measured."""
    environment, method = result["environment"], result["method"]
    if environment is None or environment["gpu"] is None or method is None:
        return None
    dtype = {"bf16": "bfloat16", "fp16": "float16"}.get(method["dtype"], method["dtype"])
    return peak(environment["gpu"]["uuid_hash"], dtype)


def _name_of_gpu(gpu: dict[str, Any]) -> str:
    return str(gpu.get("uuid_hash") or _digest(gpu))


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

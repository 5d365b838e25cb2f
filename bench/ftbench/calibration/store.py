"""Where calibrations are kept: one folder a GPU, one file a key, a line each, never rewritten.

`~/.cache/ftlint/calibration/<gpu>/<key>.jsonl`; FTBENCH_CALIBRATION names another folder. A line
that is cut off, malformed or of another version spoils no other one.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ftbench.calibration.key import digest
from ftbench.calibration.record import Calibration, as_line, identity, read_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftbench.results.record import GpuIdentity, Result

FOLDER = "FTBENCH_CALIBRATION"


class UnusableCalibrations(Exception):
    """A file that holds no calibrations. The text says which and why."""


def folder() -> Path:
    """Return the folder of all calibrations, whether or not it exists."""
    named = os.environ.get(FOLDER)
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "ftlint" / "calibration"


def ready() -> None:
    """Make the folder and write to it, before a GPU works for what cannot be kept. `OSError`."""
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder()):
        pass


def add(calibration: Calibration) -> Path:
    """Append a calibration to its file and return that. Raises `OSError`."""
    where = folder() / _folder_of_gpu(calibration.gpu)
    where.mkdir(parents=True, exist_ok=True)
    path = where / f"{digest(calibration.key)}.jsonl"
    with path.open("a+b") as file:
        size = file.tell()
        file.seek(max(0, size - 1))
        torn = size and file.read(1) != b"\n"  # a process that was killed left half a line
        file.write(b"\n" * bool(torn) + as_line(calibration).encode())
    return path


def everything() -> Iterator[Calibration]:
    """Yield all calibrations, the newest first; what cannot be used is left out."""
    found = (one for one in _kept() if not isinstance(one, UnusableCalibrations))
    yield from sorted(found, key=lambda one: one.when, reverse=True)


def left_out() -> list[str]:
    """Return why what is kept here cannot be used, a sentence a line."""
    return [str(one) for one in _kept() if isinstance(one, UnusableCalibrations)]


def read(path: str | os.PathLike[str]) -> list[Calibration]:
    """Return the calibrations of a file that was kept or exported.

    Raises:
        UnusableCalibrations: it cannot be read, or a line is none.
    """
    found = []
    for one in _lines(Path(path)):
        if isinstance(one, UnusableCalibrations):
            raise one
        found.append(one)
    return found


def _kept() -> Iterator[Calibration | UnusableCalibrations]:
    for path in sorted(folder().glob("*/*.jsonl")):
        yield from _lines(path)


def _lines(path: Path) -> Iterator[Calibration | UnusableCalibrations]:
    """Yield the calibrations of a file, and for each line that is none why."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        yield UnusableCalibrations(f"{path}: {error.strerror or error}")
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            found = read_line(line)
            yield (
                UnusableCalibrations(f"{path}: line {number} {found}")
                if isinstance(found, str)
                else found
            )


def export(calibrations: Iterable[Calibration], path: str | os.PathLike[str]) -> None:
    """Write calibrations to a file for another machine, without paths of this one. `OSError`."""
    Path(path).write_text("".join(map(as_line, map(_shared, calibrations))), encoding="utf-8")


def _shared(one: Calibration) -> Calibration:
    """Return a calibration that tells where its data lay only to who has it there as well."""
    lengths = one.lengths
    if lengths is None or not Path(lengths.get("folder", "")).is_absolute():
        return one
    return replace(one, lengths={**lengths, "folder": f"folder {digest(lengths['folder'])}"})


def import_file(path: str | os.PathLike[str]) -> int:
    """Add the calibrations of an exported file that are not there yet; return how many.

    Raises:
        UnusableCalibrations: as `read`.
        OSError: the folder cannot be written to.
    """
    known = set(map(identity, everything()))
    new = [one for one in read(path) if identity(one) not in known]
    for one in new:
        add(one)
    return len(new)


def named(name: str) -> GpuIdentity | list[str]:
    """Return the GPU that was calibrated under such a name, or the names there are.

    A part of the name will do where only one has it: h200 for NVIDIA H200.
    """
    names = sorted({one.gpu["name"] for one in everything()})
    alike = [one for one in names if name.casefold() == one.casefold()]
    alike = alike or [one for one in names if name.casefold() in one.casefold()]
    if len(alike) != 1:
        return alike or names
    return {"name": alike[0], "uuid_hash": None, "power_limit_w": None}


def peak(gpu: str | None, dtype: str = "bfloat16") -> float | None:
    """Return the newest measured matmul peak of a GPU (by uuid hash) in TFLOP/s, if any."""
    for one in everything():
        found = one.peak
        if gpu and found and one.gpu.get("uuid_hash") == gpu and found.get("dtype") == dtype:
            return float(found["tflops"])
    return None


def peak_of(result: Result) -> float | None:
    """Return the measured matmul peak of the GPU that a result is from, if it was measured."""
    environment, method = result["environment"], result["method"]
    if environment is None or environment["gpu"] is None or method is None:
        return None
    dtype = {"bf16": "bfloat16", "fp16": "float16"}.get(method["dtype"], method["dtype"])
    return peak(environment["gpu"]["uuid_hash"], dtype)


def _folder_of_gpu(gpu: GpuIdentity) -> str:
    """Return the folder of a card; what another machine exported does not choose where it lies."""
    name = str(gpu.get("uuid_hash"))
    return name if re.fullmatch("[0-9a-f]{6,64}", name) else digest(gpu)

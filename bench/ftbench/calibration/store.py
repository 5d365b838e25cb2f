"""Where calibrations are kept: one folder a GPU, one file a key, a line each, never rewritten.

`~/.cache/ftlint/calibration/<gpu>/<key>.jsonl`; FTBENCH_CALIBRATION names another folder. A line
that is cut off, malformed or of another version spoils no other one.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.calibration.cost_model import Point, cost_model_of
from ftbench.calibration.fit_record import Overheads
from ftbench.calibration.key import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.calibration.cost_model import CostModel
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


def ready() -> None:
    """Make the folder and write to it, before a GPU works for what cannot be kept. `OSError`."""
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder()):
        pass


def add(record: Record) -> Path:
    """Append a calibration to its file and return that. Raises `OSError`."""
    where = folder() / _name_of_gpu(record["gpu"])
    where.mkdir(parents=True, exist_ok=True)
    path = where / f"{digest(record['key'])}.jsonl"
    line = json.dumps(record, allow_nan=False) + "\n"
    with path.open("a+b") as file:
        size = file.tell()
        file.seek(max(0, size - 1))
        torn = size and file.read(1) != b"\n"  # a process that was killed left half a line
        file.write(b"\n" * bool(torn) + line.encode())
    return path


def everything() -> Iterator[Record]:
    """Yield all calibrations, the newest first; what cannot be used is left out."""
    found = (one for one in _kept() if not isinstance(one, Unusable))
    yield from sorted(found, key=lambda one: str(one["when"]), reverse=True)


def left_out() -> list[str]:
    """Return why what is kept here cannot be used, a sentence a line."""
    return [str(one) for one in _kept() if isinstance(one, Unusable)]


def read(path: str | os.PathLike[str]) -> list[Record]:
    """Return the calibrations of a file that was kept or exported.

    Raises:
        Unusable: it cannot be read, or a line is none.
    """
    found = []
    for one in _lines(Path(path)):
        if isinstance(one, Unusable):
            raise one
        found.append(one)
    return found


def _kept() -> Iterator[Record | Unusable]:
    for path in sorted(folder().glob("*/*.jsonl")):
        yield from _lines(path)


def _lines(path: Path) -> Iterator[Record | Unusable]:
    """Yield the calibrations of a file, and for each line that is none why."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        yield Unusable(f"{path}: {error.strerror or error}")
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            found = _record(line)
            yield Unusable(f"{path}: line {number} {found}") if isinstance(found, str) else found


def _record(line: bytes) -> Record | str:
    """Return a calibration, or what is wrong with it."""
    try:
        record = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):  # text that is not UTF-8 is the former, too
        return "is no JSON"
    if not isinstance(record, dict) or record.get("kind") != KIND:
        return "is no calibration"
    if record.get("version") != VERSION:
        return f"has version {record.get('version')!r}, not {VERSION}: calibrate again"
    try:
        law, prices = cost_model_of(record["law"]), Overheads(**record["prices"])
        points = [Point(one["rows"], one["length"], tuple(one["seconds"]))
                  for one in record["points"]]  # fmt: skip
        texts = record["when"], record["gpu"]["name"], record["key"]["model"]
        whole = (
            _is_priced(law, prices)
            and bool(points)
            and all(_is_measured(point, law) for point in points)
            and all(isinstance(text, str) for text in texts)
            and isinstance(record["real"], bool)
            and "method" in record["key"]
            and _are_lengths(record.get("lengths"))
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        whole = False
    return record if whole else "is not a whole calibration"


LEAST, MOST = 1e-12, 1e9
"""Seconds: what is smaller or larger was not measured, and its powers leave what floats hold."""
MOST_ROWS = 10**8


def _is_number(value: object, least: float = -MOST, most: float = MOST) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and least <= value <= most


def _is_count(value: object, least: int = 1) -> bool:
    return type(value) is int and least <= value <= MOST_ROWS


def _is_priced(law: CostModel, prices: Overheads) -> bool:
    """Say whether coefficients are seconds, none of them negative, and prices numbers."""
    coefficients = law.start, law.per_token, law.per_square, law.floor, law.per_piece
    return (
        all(one == 0 or _is_number(one, LEAST**2) for one in coefficients)
        and _is_count(law.split, 0)
        and all(one is None or _is_number(one) for one in vars(prices).values())
        and all(_is_number(one) for one in (prices.step, prices.token, prices.log, prices.startup))
    )


def _is_measured(point: Point, law: CostModel) -> bool:
    """Say whether a shape has rows and times, and a time by the law."""
    return (
        _is_count(point.rows)
        and _is_count(point.length)
        and bool(point.seconds)
        and all(_is_number(one, LEAST) for one in point.seconds)
        and _is_number(law.at(point.rows, point.length), LEAST)
    )


def _are_lengths(kept: object) -> bool:
    """Say whether lengths of rows are counted, if any are kept."""
    if kept is None or kept == {}:
        return True
    if not isinstance(kept, dict):
        return False
    if kept.get("rows") is not None and not _is_count(kept["rows"], 0):
        return False
    if kept.get("packed") or "counts" not in kept:
        return True
    pairs = kept["counts"]
    return (
        bool(pairs)
        and all(_is_count(length, 0) and _is_count(count) for length, count in pairs)
        and sum(count for _, count in pairs) <= MOST_ROWS
        and _is_count(kept["cutoff_len"])
    )


def _no_number(name: str) -> float:
    raise ValueError(name)


def export(records: list[Record], path: str | os.PathLike[str]) -> None:
    """Write calibrations to a file for another machine. Raises `OSError`."""
    text = "".join(json.dumps(record, allow_nan=False) + "\n" for record in records)
    Path(path).write_text(text, encoding="utf-8")


def import_file(path: str | os.PathLike[str]) -> int:
    """Add the calibrations of an exported file that are not there yet; return how many.

    Raises:
        Unusable: as `read`.
        OSError: the folder cannot be written to.
    """
    known = {digest(record) for record in everything()}
    new = [record for record in read(path) if digest(record) not in known]
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
    """Return the folder of a card; what another machine exported does not choose where it lies."""
    name = str(gpu.get("uuid_hash"))
    return name if re.fullmatch("[0-9a-f]{6,64}", name) else digest(gpu)

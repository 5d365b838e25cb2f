"""What is kept of a calibration: a typed record, and a line of JSON that is read back as one.

Version 3 of the line. What a key or the lengths did not note when they were written is no
difference to a config: they are compared by name, so they stay dicts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from ftbench.calibration.cost_model import CostModel, Point  # noqa: TC001 - read by `form`
from ftbench.calibration.key import Key, digest
from ftbench.calibration.overheads import Overheads  # noqa: TC001
from ftbench.results.form import BadForm, parse, plain
from ftbench.results.record import GpuIdentity, Model, Peaks  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 3
"""1 had a start-up that ended where the trainer began, and a floor that met the work sharply; 2 had
one price for fetching a batch of whatever size, and held real batches apart from the law."""
KIND = "calibration"

LEAST, MOST = 1e-12, 1e9
"""Seconds: what is smaller or larger was not measured, and its powers leave what floats hold."""
MOST_ROWS, MOST_LAYERS = 10**8, 10**5


class RowLengths(TypedDict, total=False):
    """Tokens of the rows of a calibration's data, and what decided them."""

    dataset: list[object] | None
    template: object
    stage: object
    tool_format: object
    default_system: object
    enable_thinking: object
    mask_history: object
    preserve_thinking: object
    split_special_tokens: object
    add_tokens: object
    add_special_tokens: object
    new_special_tokens_config: object
    folder: str
    max_samples: object
    preprocessing_num_workers: int | None
    per_device_eval_batch_size: int | None
    cutoff_len: int
    packed: bool
    rows: int | None
    counts: list[tuple[int, int]]
    """How often each length occurs."""
    longer_cutoff: int
    longer_counts: list[tuple[int, int]]
    """The same rows, cut off later."""
    sequence: str
    """The same rows one by one (`calibration.sequence`), cut off at `sequence_cutoff`; then the
    keys that decided which they are and their order."""
    sequence_cutoff: int
    mix_strategy: object
    interleave_probs: object
    val_size: object
    seed: object
    sampled: bool
    """The seed decides which rows of a dataset are taken, too: `num_samples` of its definition."""


class Peak(TypedDict):
    """The best rate of matrix products that the GPU was measured to reach."""

    tflops: float
    dtype: str


@dataclass(frozen=True)
class Check:
    """A shape that was held out of the fit: seconds measured and predicted."""

    rows: int
    length: int
    measured: float
    predicted: float
    error: float


@dataclass(frozen=True)
class Calibration:
    """What a step costs on a GPU, as measured for one family of configs."""

    when: str
    gpu: GpuIdentity
    key: Key
    packages: dict[str, str]
    model: Model | None
    points: tuple[Point, ...]
    real: bool
    """One of the points is of the config's own batches."""
    check: Check
    cost: CostModel = field(metadata={"json_name": "law"})
    overheads: Overheads = field(metadata={"json_name": "prices"})
    lengths: RowLengths | None
    seconds: float
    """What calibrating took."""
    memory: int | None = None
    memory_phases: dict[str, Peaks] | None = None
    peak: Peak | None = None
    made_by: dict[str, str] | None = None
    """Provenance: the version of ftlint, and driver, CUDA, Python and platform of the machine."""


def as_json(one: Calibration) -> dict[str, Any]:
    """Return a calibration as plain data; what older ones did not hold is not there."""
    data = plain(one)
    for name in ("memory_phases", "made_by"):
        if data[name] is None:
            del data[name]
    for name in ("square", "batch", "saved_weights"):
        if not data["prices"][name]:
            del data["prices"][name]
    return {"version": VERSION, "kind": KIND, **data}


def as_line(one: Calibration) -> str:
    """Return a calibration as a line of a file."""
    return json.dumps(as_json(one), allow_nan=False) + "\n"


def identity(one: Calibration) -> str:
    """Return a few letters, the same for the same calibration."""
    return digest(as_json(one))


def read_line(line: bytes) -> Calibration | str:
    """Return the calibration of a line, or what is wrong with it."""
    try:
        data = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):  # text that is not UTF-8 is the former, too
        return "is not JSON"
    if not isinstance(data, dict) or data.get("kind") != KIND:
        return "is not a calibration"
    if data.get("version") != VERSION:
        return f"has version {data.get('version')!r}, not {VERSION}: calibrate again"
    try:
        found = parse(data, Calibration)
        wrong = next(_impossible(found), None)
    except BadForm as error:
        wrong = error.place
    except (ArithmeticError, ValueError):
        wrong = "law"
    return found if wrong is None else f"is not a whole calibration: {wrong} is missing or wrong"


def _impossible(one: Calibration) -> Iterator[str]:
    """Yield what has the right type but was never measured."""
    if not {"model", "method"} <= one.key.keys():
        yield "key"
    if "name" not in one.gpu:
        yield "gpu.name"
    if one.model is not None and not _can_be_built(one.model):
        yield "model"
    cost, overheads = one.cost, one.overheads
    terms = cost.start, cost.per_token, cost.per_square, cost.floor, cost.per_chunk
    if not all(term == 0 or LEAST**2 <= term <= MOST for term in terms):
        yield "law"
    if not 0 <= cost.split <= MOST_ROWS:
        yield "law.split"
    if not all(seconds is None or abs(seconds) <= MOST for seconds in vars(overheads).values()):
        yield "prices"
    if not one.points or not all(_is_measured(point, cost) for point in one.points):
        yield "points"
    if one.lengths is not None and not _are_counted(one.lengths):
        yield "lengths"


def _can_be_built(model: Model) -> bool:
    """Return whether a model has layers that can be counted, and no dimension below zero."""
    dimensions = model["hidden"], model["heads"], model["kv_heads"], model["mlp"], model["vocab"]
    return 0 <= model["layers"] <= MOST_LAYERS and min(dimensions) >= 0


def _is_measured(point: Point, cost: CostModel) -> bool:
    """Return whether a shape has rows and times, and a time by the cost model."""
    seconds = (*point.seconds, cost.seconds(point.rows, point.length))
    return (
        1 <= point.rows <= MOST_ROWS
        and 1 <= point.length <= MOST_ROWS
        and bool(point.seconds)
        and all(LEAST <= one <= MOST for one in seconds)
    )


def _are_counted(kept: RowLengths) -> bool:
    """Return whether lengths that are not packed have counts that can be drawn from."""
    if not 0 <= (kept.get("rows") or 0) <= MOST_ROWS:
        return False
    if kept.get("packed") or "counts" not in kept:
        return True
    if "longer_counts" in kept and not (
        _can_be_drawn(kept["longer_counts"]) and 1 <= kept.get("longer_cutoff", 0) <= MOST_ROWS
    ):
        return False
    return _can_be_drawn(kept["counts"]) and 1 <= kept.get("cutoff_len", 0) <= MOST_ROWS


def _can_be_drawn(pairs: list[tuple[int, int]]) -> bool:
    return (
        bool(pairs)
        and all(0 <= length <= MOST_ROWS and count >= 1 for length, count in pairs)
        and sum(count for _, count in pairs) <= MOST_ROWS
    )


def _no_number(name: str) -> float:
    raise ValueError(name)

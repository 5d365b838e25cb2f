"""The page of calibrations that were shared, from the lines that are kept in docs/benchmarks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from docs.generating.markdown import code, table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.calibration.record import Calibration

FOLDER = ROOT / "docs" / "benchmarks"
HEAD = """# Calibrations to share

`bench predict` answers for a GPU that you do not have, where somebody has calibrated it:

```sh
bench calibrate --import FILE          # a file of this table, or one that somebody gave you
bench predict CONFIG --gpu h200        # a name that is not known lists those that are
```

A calibration answers for its own model, method, stage, precision, attention, checkpointing and
Liger, at other batches, lengths, accumulation, ranks and step counts; `bench predict` says what
differs and widens its interval for it. On another card of the same name the interval is wider by
5 %.

To share yours, on the machine that was calibrated, or on one that collects those of several by
`--import`:

```sh
bench calibrate CONFIG --export FILE   # this one; without CONFIG all that are kept
```

The file is JSON lines: the measured times of each shape, the law fitted to them, prices of what
comes beside a step, how long rows are and how many of each length, the names of the datasets,
versions, the name and power limit of the GPU and a hash of its serial. The system prompt is in it
where the config sets one, but no path, no text of a row and no name of the machine: read it
before you give it away. For this table put it into `docs/benchmarks/shared/` and run `make docs`.

Seconds and tokens a second are of a micro-batch of the largest shape that was measured, forward and
backward alone.

"""
COLUMNS = ("GPU", "model", "method", "stage", "largest shape", "seconds", "tokens/s",
           "held-out shape", "versions", "date, file")  # fmt: skip


def pages() -> dict[str, str]:
    """Return the page, by path below docs."""
    return {"benchmarks/calibrations.md": HEAD + table(COLUMNS, _rows())}


def _rows() -> Iterator[tuple[str, ...]]:
    for path, one in sorted(_shared(), key=lambda pair: (pair[1].gpu["name"], str(pair[0]))):
        shape = max(one.points, key=lambda point: (point.tokens, point.length))
        key, versions = one.key, one.packages
        yield (
            one.gpu["name"], key["model"], _method(one), key.get("stage", "sft"),
            f"{shape.rows} × {shape.length}", f"{shape.typical:.3f}",
            f"{shape.tokens / shape.typical:,.0f}", f"{one.check.error:+.1%}",
            ", ".join(versions[name] for name in ("llamafactory", "torch") if name in versions),
            f"{one.when[:10]}, {path.relative_to(FOLDER)}",
        )  # fmt: skip


def _shared() -> Iterator[tuple[Path, Calibration]]:
    """Yield what is kept here and can still be read: older forms answer nothing."""
    from ftbench.calibration import store

    for path in sorted((*FOLDER.glob("shared/*.jsonl"), *FOLDER.glob("raw/*/*/calibration.jsonl"))):
        try:
            found = store.read(path)
        except store.UnusableCalibrations:
            continue
        yield from ((path, one) for one in found)


def _method(one: Calibration) -> str:
    """Return how it was trained, in the keys of a config where they are not the usual."""
    key = one.key
    more = list(key.get("special", ()) or ())
    more += [f"{(key['quantization'] or [4])[0]} bit"] if key.get("quantization") else []
    more += ["Liger"] if key.get("liger") else []
    more += [] if key.get("checkpointing", True) else ["no checkpointing"]
    return ", ".join([str(key["method"]), str(key.get("dtype") or ""), *map(code, more)])

"""Rates of an 8B model to hold beside published ones, and the two runners beside each other.

`python bench/suites/rates.py FOLDER` writes configs over the data of `families.py` and runs each
case on this machine with every runner that it names; the results lie in FOLDER/rates. `NAME:N`
does that N times, in turn the one and the other runner first: what the host takes to launch a step
differs from process to process.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

from families import (  # type: ignore[import-not-found]
    FAMILIES,
    LARGE,
    LORA,
    PACKED,
    SEED,
    Shape,
    call_bench,
    config_of,
    write_data,
)  # fmt: skip

from ftbench.runners.protocol import HF, LLAMAFACTORY

LORA_8B = {"model_name_or_path": LARGE, **PACKED, **LORA}
RANK_16 = {**LORA_8B, "lora_rank": 16}
PLAIN = {"disable_gradient_checkpointing": True}
STEPS = 14


class Case(NamedTuple):
    """What is trained, in which shape, by which runners."""

    keys: dict[str, Any]
    shape: Shape
    runners: tuple[str, ...] = (LLAMAFACTORY,)


CASES = {
    "8b-2048": Case({**RANK_16, **PLAIN}, Shape(2, 1, 2048, STEPS)),
    "8b-4096": Case({**RANK_16, **PLAIN}, Shape(1, 2, 4096, STEPS)),
    "8b-4096-liger": Case(
        {**RANK_16, **PLAIN, "enable_liger_kernel": True}, Shape(1, 2, 4096, STEPS)
    ),
    "8b-4096-checkpointing": Case(RANK_16, Shape(2, 1, 4096, STEPS)),
    "runners-8b": Case(LORA_8B, Shape(4, 1, 2048, STEPS), (LLAMAFACTORY, HF)),
    "runners-0.5b": Case(
        {**FAMILIES["full-0.5b"].keys, "enable_liger_kernel": False},
        Shape(16, 1, 1024, 60), (LLAMAFACTORY, HF),
    ),
}  # fmt: skip


def main(folder: str, *chosen: str) -> None:
    """Write data and configs, and run the cases, or those that are named."""
    root = Path(folder).absolute()
    (root / "rates").mkdir(parents=True, exist_ok=True)
    write_data(root / "data", random.Random(SEED))
    for one in chosen or CASES:
        name, _, times = one.partition(":")
        case = CASES[name]
        path = f"rates/{name}.yaml"
        (root / path).write_text(config_of(case.keys, name, case.shape), "utf-8")
        for turn in range(int(times or 1)):
            kept = f"{name}.{turn + 1}" if times else name
            for runner in case.runners[:: -1 if turn % 2 else 1]:
                told = call_bench(
                    root, "run", path, "--runner", runner, "--steps", str(case.shape.steps),
                    "--output-file", f"rates/{kept}.{runner}.json",
                )  # fmt: skip
                print(told, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

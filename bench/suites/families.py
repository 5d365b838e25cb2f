"""Four families of runs: what is calibrated, and runs held out that are then predicted.

`python bench/suites/families.py FOLDER [SEED]` writes FOLDER/data and, a folder a family,
calibrate.yaml and held-*.yaml, which differ from it in batch, length, accumulation, step count and
in what they evaluate and save. `bench calibrate`, `bench predict` and `bench run --full` take them
from there (docs/benchmarks/time.md says how).
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

WORDS = tuple(f"{head}{tail}" for head in "bcdfglmnprstv" for tail in ("an", "orem", "ipsal", "e"))
QUESTIONS, DOCUMENTS = 4_000, 2_400

SMALL = "Qwen/Qwen2.5-0.5B-Instruct"
LARGE = "meta-llama/Meta-Llama-3-8B-Instruct"
LORA = {"finetuning_type": "lora", "lora_rank": 8, "lora_target": "all"}
PADDED = {"stage": "sft", "dataset": "questions", "template": "qwen"}
PACKED = {"stage": "pt", "dataset": "documents", "template": "llama3"}
COMMON = {
    "do_train": True, "report_to": "none", "learning_rate": 1.0e-4, "logging_steps": 10,
    "lr_scheduler_type": "cosine", "bf16": True, "save_strategy": "no",
    "preprocessing_num_workers": 4,
}  # fmt: skip
WATCHED = {
    "val_size": 0.05, "eval_strategy": "steps", "eval_steps": 50, "per_device_eval_batch_size": 8,
    "save_strategy": "steps", "save_steps": 50,
}  # fmt: skip


class Shape(NamedTuple):
    """Per-device batch (rows), gradient accumulation, longest row (tokens), optimizer steps."""

    batch: int
    accumulation: int
    length: int
    steps: int
    more: dict[str, Any] = {}  # noqa: RUF012  # never written to

    def keys(self) -> dict[str, Any]:
        """Return the config's keys for it."""
        return {
            "per_device_train_batch_size": self.batch,
            "gradient_accumulation_steps": self.accumulation,
            "cutoff_len": self.length,
            "max_steps": self.steps,
            **self.more,
        }


class Family(NamedTuple):
    """One model and method: the shape that is calibrated, and shapes that are held out."""

    keys: dict[str, Any]
    calibrated: Shape
    held_out: tuple[Shape, ...]


_SMALL_RUNS = (
    Shape(16, 1, 512, 110),
    Shape(4, 4, 1024, 60),
    Shape(8, 2, 1024, 100, WATCHED),
)
_LARGE_RUNS = (Shape(2, 4, 2048, 14), Shape(8, 1, 1024, 30), Shape(2, 2, 4096, 14))

FAMILIES = {
    "lora-0.5b": Family(
        {"model_name_or_path": SMALL, **PADDED, **LORA}, Shape(8, 1, 1024, 200), _SMALL_RUNS
    ),
    "full-0.5b": Family(
        {"model_name_or_path": SMALL, **PADDED, "finetuning_type": "full"},
        Shape(8, 1, 1024, 200), _SMALL_RUNS,
    ),
    "lora-8b": Family(
        {"model_name_or_path": LARGE, **PACKED, **LORA}, Shape(4, 1, 2048, 100), _LARGE_RUNS
    ),
    "qlora-8b": Family(
        {"model_name_or_path": LARGE, **PACKED, **LORA, "quantization_bit": 4},
        Shape(4, 1, 2048, 100), _LARGE_RUNS,
    ),
}  # fmt: skip


def words(rng: random.Random, count: int) -> str:
    """Return a text of so many words."""
    return " ".join(rng.choices(WORDS, k=count))


def write_data(folder: Path, rng: random.Random) -> None:
    """Write questions whose answers are as unequal in length as real ones, and documents."""
    folder.mkdir(parents=True, exist_ok=True)
    questions = [
        {
            "instruction": words(rng, rng.randint(5, 40)), "input": "",
            "output": words(rng, min(900, max(2, int(rng.lognormvariate(4.3, 0.8))))),
        }
        for _ in range(QUESTIONS)
    ]  # fmt: skip
    documents = [{"text": words(rng, rng.randint(200, 900))} for _ in range(DOCUMENTS)]
    for name, rows in (("questions", questions), ("documents", documents)):
        (folder / f"{name}.json").write_text(json.dumps(rows), "utf-8")
    info = {
        "questions": {"file_name": "questions.json"},
        "documents": {"file_name": "documents.json", "columns": {"prompt": "text"}},
    }
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), "utf-8")


def main(folder: str, seed: str = "1") -> None:
    """Write data and configs."""
    root = Path(folder).absolute()
    write_data(root / "data", random.Random(int(seed)))
    for name, family in FAMILIES.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        shapes = {"calibrate": family.calibrated}
        shapes |= {f"held-{number}": one for number, one in enumerate(family.held_out, 1)}
        for run, shape in shapes.items():
            keys = {**family.keys, **COMMON, "dataset_dir": str(root / "data"),
                    "output_dir": f"saves/{name}/{run}", **shape.keys()}  # fmt: skip
            text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
            (root / name / f"{run}.yaml").write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

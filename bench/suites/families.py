"""Four families of runs: what is calibrated, and runs held out that are then predicted and made.

`python bench/suites/families.py FOLDER [FAMILY[:RUNS]...]` writes FOLDER/data and, a folder a
family, calibrate.yaml and held-*.yaml, which differ from it in batch, length, accumulation, step
count and in what they evaluate and save. Families that are named are then run on this machine:
calibrated once, and each held-out run (or so many of them) first predicted, then trained to its
end. What they leave lies beside the configs; what is there already is not run again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

WORDS = tuple(f"{head}{tail}" for head in "bcdfglmnprstv" for tail in ("an", "orem", "ipsal", "e"))
QUESTIONS, DOCUMENTS = 4_000, 2_400
SEED = 1

SMALL = "Qwen/Qwen2.5-0.5B-Instruct"
LARGE = "meta-llama/Meta-Llama-3-8B-Instruct"
LORA = {"finetuning_type": "lora", "lora_rank": 8, "lora_target": "all"}
PADDED = {"stage": "sft", "dataset": "questions", "template": "qwen", "enable_liger_kernel": True}
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
    """One model and method: the shape that is calibrated, and shapes that are held out.

    `reach` are the options by which the calibration covers batches and lengths beyond its own.
    """

    keys: dict[str, Any]
    calibrated: Shape
    held_out: tuple[Shape, ...]
    reach: tuple[str, ...] = ()


# Batches that keep the GPU busy, and runs of about two minutes: what is tested is the law of a
# step, neither how long a host takes to launch short ones nor what its disk does to a start-up.
_SMALL, _SMALL_REACH = Shape(40, 1, 1024, 200), ("--batch", "56")
_SMALL_RUNS = (Shape(48, 1, 1024, 150), Shape(28, 4, 768, 75), Shape(72, 1, 704, 140, WATCHED))
_LARGE, _LARGE_REACH = Shape(4, 1, 2048, 100), ("--batch", "3", "--length", "4096")
_LARGE_RUNS = (Shape(5, 2, 2048, 40), Shape(12, 1, 1024, 66), Shape(2, 3, 4096, 33))

FAMILIES = {
    "lora-0.5b": Family(
        {"model_name_or_path": SMALL, **PADDED, **LORA}, _SMALL,
        _SMALL_RUNS, _SMALL_REACH,
    ),
    "full-0.5b": Family(
        {"model_name_or_path": SMALL, **PADDED, "finetuning_type": "full"},
        _SMALL, _SMALL_RUNS, _SMALL_REACH,
    ),
    "lora-8b": Family(
        {"model_name_or_path": LARGE, **PACKED, **LORA}, _LARGE,
        _LARGE_RUNS, _LARGE_REACH,
    ),
    "qlora-8b": Family(
        {"model_name_or_path": LARGE, **PACKED, **LORA, "quantization_bit": 4},
        _LARGE, _LARGE_RUNS, _LARGE_REACH,
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
            "output": words(rng, min(1500, max(2, int(rng.lognormvariate(5.6, 0.5))))),
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


def config_of(keys: dict[str, Any], name: str, shape: Shape) -> str:
    """Return the text of a config, to be run in the folder where `data` is."""
    keys = {
        **keys, **COMMON, "dataset_dir": "data", "output_dir": f"saves/{name}", **shape.keys()
    }  # fmt: skip
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())


def write_family(root: Path, name: str, family: Family) -> None:
    """Write the configs of a family."""
    (root / name).mkdir(parents=True, exist_ok=True)
    shapes = {"calibrate": family.calibrated}
    shapes |= {f"held-{number}": one for number, one in enumerate(family.held_out, 1)}
    for run, shape in shapes.items():
        text = config_of(family.keys, f"{name}/{run}", shape)
        (root / name / f"{run}.yaml").write_text(text, "utf-8")


def call_bench(root: Path, *arguments: str, store: str = "calibration") -> str:
    """Call `bench` in `root`, with calibrations of its own; return what it printed.

    Each call prepares its rows anew: `datasets` keeps what another call has prepared elsewhere.
    """
    command = [sys.executable, "-m", "ftbench", *arguments]
    print("$ bench", *arguments, file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as cache:
        environment = {
            **os.environ, "FTBENCH_CALIBRATION": str(root / store), "HF_DATASETS_CACHE": cache
        }  # fmt: skip
        done = subprocess.run(
            command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        print(f"bench {arguments[0]} ended with {done.returncode}", file=sys.stderr, flush=True)
    return done.stdout


def run_family(root: Path, name: str, family: Family, runs: int) -> None:
    """Calibrate a family once, then predict and train so many held-out runs."""
    store, kept = f"{name}/kept", f"{name}/calibration.jsonl"
    if not (root / kept).exists():
        told = call_bench(
            root, "calibrate", f"{name}/calibrate.yaml", *family.reach, "--raw", f"{name}/cal",
            "--export", kept, store=store,
        )  # fmt: skip
        print(told, file=sys.stderr, flush=True)
    for number in range(1, runs + 1):
        run = f"{name}/held-{number}"
        if (root / f"{run}.json").exists():
            continue
        said = call_bench(root, "predict", f"{run}.yaml", "--output-format", "json", store=store)
        (root / f"{run}.predicted.json").write_text(said, "utf-8")
        print(said, file=sys.stderr, flush=True)
        told = call_bench(
            root, "run", f"{run}.yaml", "--full", "--output-file", f"{run}.json", store=store
        )
        print(told, file=sys.stderr, flush=True)


def main(folder: str, *run: str) -> None:
    """Write data and configs, and run the families that are named."""
    root = Path(folder).absolute()
    if not (root / "data" / "dataset_info.json").exists():
        write_data(root / "data", random.Random(SEED))
    for name, family in FAMILIES.items():
        write_family(root, name, family)
    for one in run:
        name, _, runs = one.partition(":")
        family = FAMILIES[name]
        run_family(root, name, family, int(runs or len(family.held_out)))


if __name__ == "__main__":
    main(*sys.argv[1:])

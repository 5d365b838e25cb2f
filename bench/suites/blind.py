"""Families that the law of a step never saw: calibrated as a user would, then forecast, then run.

`python bench/suites/blind.py FOLDER [--gpus 0,1] [--only PART/PARTS] [--seconds N] [--law COMMIT]
[--small] [--pair]` writes data and configs below FOLDER and works through the families, one process
a GPU: `bench calibrate` with no options, and for each held-out run first `bench predict`, then
`bench run --full`. Into FOLDER/blind.jsonl goes a line as soon as something is measured. Nothing is
begun that would not be over in time, and what is there already is not run again. `--small`: tiny
models, for a machine without a GPU. `--pair`: families whose runs have two GPUs each, also forecast
by a calibration of one.

`python bench/suites/blind.py FOLDER --summary` prints what was said of each run and what it took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OURS = [str(ROOT / name) for name in ("bench", "bench/suites", "lint", "schemas")]
sys.path[:0] = OURS

from families import words  # type: ignore[import-not-found]  # noqa: E402
from journal import append  # type: ignore[import-not-found]  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 11
ROWS = 3_000
STEPPING, STEPPING_SMALL = 27.0, 3.0
"""Seconds that the steps of a held-out run are to take, by its forecast."""
CALIBRATING, STARTING = 130.0, 25.0
"""Seconds that there must be left for a calibration, and that a run takes beside its steps."""
LORA = {"finetuning_type": "lora", "lora_rank": 8, "lora_target": "all"}
COMMON = {
    "do_train": True, "report_to": "none", "learning_rate": 1.0e-5, "logging_steps": 10,
    "bf16": True, "lr_scheduler_type": "cosine", "save_strategy": "no",
    "preprocessing_num_workers": 4, "dataset_dir": "data", "template": "qwen",
}  # fmt: skip


ONE = "one"
"""Where calibrations of one GPU lie, for runs of two."""
BESIDE = ("start-up", "data", "evaluations", "checkpoints")
"""Parts of a forecast that are no steps."""


class Shape(NamedTuple):
    """Per-device batch, gradient accumulation and longest row of a config."""

    batch: int
    accumulation: int
    length: int

    def keys(self) -> dict[str, int]:
        """Return the config's keys for it."""
        return {
            "per_device_train_batch_size": self.batch,
            "gradient_accumulation_steps": self.accumulation,
            "cutoff_len": self.length,
        }


class Family(NamedTuple):
    """A model, a stage and a method; the shape that is calibrated and those that are held out."""

    model: str
    stage: str
    keys: dict[str, Any]
    calibrated: Shape
    held_out: tuple[Shape, ...]


def spread(batch: int, accumulation: int, length: int) -> tuple[Shape, tuple[Shape, ...]]:
    """Return a shape, and those held out: of twice the batch, of twice the length, between."""
    half = max(1, batch // 2)
    return Shape(batch, accumulation, length), (
        Shape(2 * batch, 1, length // 2),
        Shape(half, accumulation, 2 * length),
        Shape(batch + half, 2, length * 3 // 4),
    )


def family(model: str, stage: str, keys: dict[str, Any], *shape: int) -> Family:
    """Return a family with the shapes of `spread`."""
    return Family(model, stage, keys, *spread(*shape))


FAMILIES = {
    "dpo-lora-8b": family("llama-3-8b", "dpo", LORA, 2, 4, 1024),
    "pt-full-1.5b": family("qwen2.5-1.5b", "pt", {"finetuning_type": "full"}, 4, 2, 2048),
    "kto-lora-3b": family("qwen2.5-3b", "kto", LORA, 4, 2, 1024),
    "rm-lora-1.5b": family("qwen2.5-1.5b", "rm", LORA, 8, 1, 1024),
    "neat-packing-7b": family("qwen2.5-7b", "sft", {**LORA, "neat_packing": True}, 2, 2, 2048),
    "freeze-3b": family(
        "llama-3.2-3b", "sft", {"finetuning_type": "freeze", "freeze_trainable_layers": 4},
        8, 1, 1024,
    ),
    "dora-8b": family("llama-3-8b", "sft", {**LORA, "use_dora": True}, 4, 2, 1024),
    "qlora-8b": family("llama-3-8b", "sft", {**LORA, "quantization_bit": 4}, 4, 2, 1024),
    "dora-0.5b": family("qwen2.5-0.5b", "sft", {**LORA, "use_dora": True}, 16, 1, 1024),
    "neat-packing-8b": family("qwen3-8b", "sft", {**LORA, "neat_packing": True}, 1, 4, 2048),
    "orpo-lora-1.7b": family("qwen3-1.7b", "dpo", {**LORA, "pref_loss": "orpo"}, 4, 2, 1024),
}  # fmt: skip
PAIRED = ("ddp-lora-8b", "ddp-full-1.5b")
"""Families whose runs have two GPUs each."""
FAMILIES |= {
    "ddp-lora-8b": family("llama-3-8b", "sft", LORA, 4, 2, 1024),
    "ddp-full-1.5b": family("qwen2.5-1.5b", "pt", {"finetuning_type": "full"}, 4, 2, 2048),
}
DATASETS = {
    "sft": "questions", "pt": "documents", "dpo": "pairs", "rm": "pairs", "kto": "judged"
}  # fmt: skip


def write_data(folder: Path, rng: random.Random, scale: float) -> None:
    """Write rows for each stage, as unequal in length as real ones; some are longer than any."""

    def text(share: float = 1.0) -> str:
        return str(words(rng, max(2, min(4000, int(share * scale * rng.lognormvariate(6, 0.7))))))

    folder.mkdir(parents=True, exist_ok=True)
    count = range(ROWS if scale == 1 else 800)
    asked = [{"instruction": words(rng, rng.randint(5, 40)), "input": ""} for _ in count]
    rows: dict[str, list[dict[str, Any]]] = {
        "questions": [{**one, "output": text()} for one in asked],
        "documents": [{"text": text(2)} for _ in count],
        "pairs": [{**one, "chosen": text(), "rejected": text()} for one in asked],
        "judged": [{**one, "output": text(), "good": at % 2 == 0} for at, one in enumerate(asked)],
    }
    prompt = {"prompt": "instruction", "query": "input"}
    info = {
        "questions": {"file_name": "questions.json"},
        "documents": {"file_name": "documents.json", "columns": {"prompt": "text"}},
        "pairs": {"file_name": "pairs.json", "ranking": True,
                  "columns": {**prompt, "chosen": "chosen", "rejected": "rejected"}},
        "judged": {"file_name": "judged.json",
                   "columns": {**prompt, "response": "output", "kto_tag": "good"}},
    }  # fmt: skip
    for name, made in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(made), "utf-8")
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), "utf-8")


class Campaign:
    """The families that are worked through, and the time there is."""

    def __init__(self, root: Path, seconds: float, law: str, small: bool) -> None:
        self.root, self.law, self.small = root, law, small
        self.end = time.monotonic() + seconds
        self.writing = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds until everything is to be over."""
        return self.end - time.monotonic()

    def work(self, gpu: str | None, todo: list[str]) -> None:
        """Take families until there are none, then make the last run of each."""
        taken = []
        while todo and self.left > (0 if self.small else CALIBRATING):
            with self.writing:
                name = todo.pop(0) if todo else None
            if name is None or not self.calibrate(gpu, name):
                continue
            taken.append(name)
            for number in range(1, len(FAMILIES[name].held_out)):
                self.hold(gpu, name, number)
        for name in taken:
            self.hold(gpu, name, len(FAMILIES[name].held_out))

    def calibrate(self, gpu: str | None, name: str) -> bool:
        """Calibrate a family once, and return whether it is."""
        kept = self.root / name / "calibration.jsonl"
        if not kept.exists():
            self._calibrate(gpu, name, "cal", kept)
            if name in PAIRED and gpu is not None:
                self._calibrate(gpu.partition(",")[0], name, ONE, kept.with_stem(ONE))
        return kept.exists()

    def _calibrate(self, gpu: str | None, name: str, store: str, kept: Path) -> None:
        path = self.write(name, "calibrate", FAMILIES[name].calibrated, 200)
        begun = time.monotonic()
        status, said = self.bench(
            gpu, name, "calibrate", path, "--raw", f"{name}/{store}", "--export", str(kept),
            store=store,
        )  # fmt: skip
        self.note(
            {"kind": "calibration", "family": name, "run": store, "status": status,
             "seconds": time.monotonic() - begun, "said": said.splitlines()[-8:]}
        )  # fmt: skip

    def hold(self, gpu: str | None, name: str, number: int) -> None:
        """Forecast a run of about the wanted time, note that, and make it, if there is time."""
        shape, run = FAMILIES[name].held_out[number - 1], f"held-{number}"
        result = self.root / name / f"{run}.json"
        stepping = STEPPING_SMALL if self.small else STEPPING
        if result.exists() or self.left < (0 if self.small else stepping + STARTING):
            return
        said = self.predict(gpu, name, self.write(name, run, shape, 20))
        if "seconds" not in said:
            self.note({"kind": "run", "family": name, "run": run, **said})
            return
        steps = max(4, round(stepping / said["seconds_per_step"]))
        path = self.write(name, run, shape, steps)
        said = self.predict(gpu, name, path)
        by_one = self.predict(gpu, name, path, ONE) if name in PAIRED else None
        (self.root / name / f"{run}.predicted.json").write_text(json.dumps(said), "utf-8")
        status, told = self.bench(gpu, name, "run", path, "--full", "--output-file", str(result))
        found = {"kind": "run", "family": name, "run": run, "law": self.law, "said": said}
        if by_one is not None:
            found["by_one"] = by_one
        if status or not result.exists():
            self.note({**found, "status": status, "error": told.splitlines()[-6:]})
            return
        done = json.loads(result.read_text("utf-8"))
        self.note({
            **found, "wall": done["phases"]["wall"],
            "stepping": sum(step["seconds"] for step in done["steps"]),
        })  # fmt: skip

    def predict(self, gpu: str | None, name: str, path: str, store: str = "cal") -> dict[str, Any]:
        """Return a forecast, or why there is none."""
        status, said = self.bench(
            gpu, name, "predict", path, "--output-format", "json", store=store
        )
        return {"refused": said} if status else dict(json.loads(said))

    def write(self, name: str, run: str, shape: Shape, steps: int) -> str:
        """Write a config and return its path below the root."""
        one = FAMILIES[name]
        keys = {
            "model_name_or_path": f"models/{one.model}", "stage": one.stage,
            "dataset": DATASETS[one.stage], **COMMON, **one.keys, **shape.keys(),
            "max_steps": steps, "output_dir": f"saves/{name}-{run}",
        }  # fmt: skip
        if self.small:
            keys |= {"cutoff_len": shape.length // 16, "quantization_bit": None}
            keys["per_device_train_batch_size"] = max(1, shape.batch // 2)
        path = self.root / name / f"{run}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (f"{k}: {json.dumps(value)}\n" for k, value in keys.items() if value is not None)
        path.write_text("".join(text), "utf-8")
        return f"{name}/{run}.yaml"

    def bench(
        self, gpu: str | None, name: str, *arguments: str, store: str = "cal"
    ) -> tuple[int, str]:
        """Call `bench` on GPUs, with calibrations of the family alone; return status and text."""
        if name in PAIRED and not (store == ONE and arguments[0] == "calibrate"):
            arguments = (*arguments, "--gpus", "2")
        cache = tempfile.mkdtemp(prefix="blind-")  # rows are prepared anew, as for a user
        environment = {
            **os.environ, "FTBENCH_CALIBRATION": str(self.root / name / f"{store}-kept"),
            "HF_DATASETS_CACHE": cache,
            "PYTHONPATH": os.pathsep.join([*OURS, os.environ.get("PYTHONPATH", "")]),
        }  # fmt: skip
        if gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        done = subprocess.run(
            [sys.executable, "-m", "ftbench", *arguments], cwd=self.root, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        shutil.rmtree(cache, ignore_errors=True)
        return done.returncode, done.stdout if not done.returncode else done.stdout + done.stderr

    def note(self, entry: dict[str, Any]) -> None:
        """Append a line to what was found, and print it in short."""
        with self.writing:
            append(self.root / "blind.jsonl", entry)
            print(*described(entry), sep="  ", flush=True)


def described(entry: dict[str, Any]) -> Iterator[str]:
    """Yield what a line of the file says, for a terminal."""
    yield f"{entry['family']:16} {entry.get('run', 'calibrated')}"
    if "wall" not in entry:
        yield str(entry.get("seconds") or "")
        yield str(entry.get("refused") or entry.get("error") or entry.get("said"))
        return
    said, wall = entry["said"], entry["wall"]
    inside = said["low"] <= wall <= said["high"]
    yield f"{said['seconds']:6.1f} s said, {wall:6.1f} s taken, {said['seconds'] / wall - 1:+.1%}"
    yield "inside" if inside else "OUTSIDE"
    yield f"{said['low'] / said['seconds'] - 1:+.0%} to {said['high'] / said['seconds'] - 1:+.0%}"
    parts = said["parts"]
    stepping = said["seconds"] - sum(parts[name] for name in BESIDE)
    yield f"steps {stepping / entry['stepping'] - 1:+.1%}"
    if "seconds" in entry.get("by_one", ()):
        yield f"by a calibration of one GPU {entry['by_one']['seconds'] / wall - 1:+.1%}"


def summarise(root: Path) -> Iterator[str]:
    """Yield each run of a folder, and what they come to."""
    entries = list(map(json.loads, (root / "blind.jsonl").read_text("utf-8").splitlines()))
    for entry in entries:
        yield "  ".join(described(entry))
    runs = [one for one in entries if "wall" in one]
    if not runs:
        return
    misses = [abs(one["said"]["seconds"] / one["wall"] - 1) for one in runs]
    inside = sum(one["said"]["low"] <= one["wall"] <= one["said"]["high"] for one in runs)
    yield (
        f"{len(runs)} runs: median {median(misses):.1%}, worst {max(misses):.1%},"
        f" {inside} inside ({inside / len(runs):.0%})"
    )


def devices(asked: str | None) -> list[str | None]:
    """Return the GPUs to work on, one None where there is no GPU."""
    named = asked or os.environ.get("CUDA_VISIBLE_DEVICES")
    if named:
        return [*named.split(",")]
    from ftbench.runners.interpreter import visible_gpus

    return [str(number) for number in range(visible_gpus())] or [None]


def main() -> None:
    """Work through the families, or sum up what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gpus")
    parser.add_argument("--only", default="1/1")
    parser.add_argument("--family", action="append")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--law", default="unknown")
    parser.add_argument("--pair", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--summary", action="store_true")
    asked = parser.parse_args()
    root = asked.folder.absolute()
    if asked.summary:
        print(*summarise(root), sep="\n")
        return
    from memory_runs import write_model  # type: ignore[import-not-found]

    if not (root / "data" / "dataset_info.json").exists():
        write_data(root / "data", random.Random(SEED), 1 / 16 if asked.small else 1)
    part, parts = map(int, asked.only.split("/"))
    alone = [name for name in FAMILIES if name not in PAIRED]
    todo = asked.family or (list(PAIRED) if asked.pair else alone[part - 1 :: parts])
    for name in todo:
        model = FAMILIES[name].model
        write_model(root / "models" / model, "tiny" if asked.small else model)
    campaign = Campaign(root, asked.seconds, asked.law, asked.small)
    gpus = devices(asked.gpus)
    if asked.pair:
        gpus = [None if gpus == [None] else ",".join(map(str, gpus[:2]))]
    workers = [threading.Thread(target=campaign.work, args=(gpu, todo)) for gpu in gpus]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


if __name__ == "__main__":
    main()

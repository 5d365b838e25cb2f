"""`bench tune` on published configs, held against a search of a grid, and run whole.

`python bench/suites/tune.py FOLDER [--only PART[,PART]] [--seconds N] [--budget N] [--gpus N]
[--out OUT] [--small]` writes data, models (a config.json each: random weights are made on the GPU)
and configs below FOLDER, then works through the parts in this order, beginning none after
`--seconds`:

    tune:NAME   `bench tune` as a user would call it, with --write on a copy of the config
    grid:NAME   all splits of the batch, with and without Liger and checkpointing: the same trials
    whole:NAME  `bench run --full` of one epoch with the result

Names: lora-8b, lora-0.5b, full-1.5b, dpo-1.5b. Into OUT go NAME.tune.json and NAME.raw/ after
every trial, NAME.grid.jsonl a line a candidate, NAME.whole.json, and parts.jsonl a line a part.
What is there already is not made again. `--small`: tiny models, for a machine without a GPU.

`python bench/suites/tune.py OUT --summary` prints what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OURS = [str(ROOT / name) for name in ("bench", "bench/suites", "lint", "schemas")]
sys.path[:0] = OURS

from families import LORA, words  # type: ignore[import-not-found]  # noqa: E402
from journal import append, entries  # type: ignore[import-not-found]  # noqa: E402
from memory_runs import write_model  # type: ignore[import-not-found]  # noqa: E402

from ftbench.runners.interpreter import probe  # noqa: E402
from ftbench.runners.job import Job  # noqa: E402
from ftbench.tuning import trial  # noqa: E402
from ftbench.tuning.candidate import Candidate, told  # noqa: E402
from ftbench.tuning.session import Session, Told, TuningRequest  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEED = 23
COMMON: dict[str, Any] = {
    "cutoff_len": 2048, "max_samples": 1000, "preprocessing_num_workers": 16,
    "dataloader_num_workers": 4, "logging_steps": 10, "save_steps": 500, "plot_loss": True,
    "save_only_model": False, "report_to": "none", "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 8, "num_train_epochs": 3.0, "lr_scheduler_type": "cosine",
    "warmup_ratio": 0.1, "bf16": True, "ddp_timeout": 180_000_000,
}  # fmt: skip
"""What LLaMA Factory's own examples for training write, release 0.9.5."""


class Example(NamedTuple):
    """A config as those examples are: its model, and the keys that are not in all of them."""

    model: str
    keys: dict[str, Any]


SFT = {"stage": "sft", "dataset": "identity,questions", "template": "llama3"}
DPO = {"stage": "dpo", "dataset": "pairs", "pref_beta": 0.1, "pref_loss": "sigmoid"}
EXAMPLES = {
    "lora-8b": Example("llama-3-8b", {**SFT, **LORA, "learning_rate": 1.0e-4}),
    "lora-0.5b": Example(
        "qwen2.5-0.5b", {**SFT, **LORA, "template": "qwen", "learning_rate": 1.0e-4}
    ),
    "full-1.5b": Example(
        "qwen2.5-1.5b",
        {**SFT, "template": "qwen", "finetuning_type": "full", "learning_rate": 1.0e-5},
    ),
    "dpo-1.5b": Example(
        "qwen2.5-1.5b", {**DPO, **LORA, "template": "qwen", "learning_rate": 5.0e-6}
    ),
}
PARTS = (
    *(f"tune:{name}" for name in EXAMPLES),
    "grid:lora-8b", "whole:lora-8b", "grid:lora-0.5b", "whole:lora-0.5b",
)  # fmt: skip
STARTING = 30.0
"""Seconds that a trial of the grid, or the start of a whole run, may take."""


def write_data(folder: Path, rng: random.Random, scale: float) -> None:
    """Write rows as unequal in length as those of published demonstrations; some are cut off."""

    def text(middle: float) -> str:
        count = int(scale * rng.lognormvariate(middle, 0.8))
        return str(words(rng, max(2, min(3000, count))))

    folder.mkdir(parents=True, exist_ok=True)

    def asked() -> dict[str, str]:
        return {"instruction": words(rng, rng.randint(5, 40)), "input": ""}

    rows: dict[str, list[dict[str, Any]]] = {
        "identity": [{**asked(), "output": text(3.3)} for _ in range(91)],
        "questions": [{**asked(), "output": text(5.6)} for _ in range(1000)],
        "pairs": [{**asked(), "chosen": text(5.6), "rejected": text(5.6)} for _ in range(300)],
    }
    prompt = {"prompt": "instruction", "query": "input"}
    info = {
        "identity": {"file_name": "identity.json"},
        "questions": {"file_name": "questions.json"},
        "pairs": {"file_name": "pairs.json", "ranking": True,
                  "columns": {**prompt, "chosen": "chosen", "rejected": "rejected"}},
    }  # fmt: skip
    for name, made in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(made), "utf-8")
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), "utf-8")


def write_config(root: Path, name: str, *, small: bool) -> Path:
    """Write a config, and return where it is; what was written before stays."""
    path = root / f"{name}.yaml"
    one = EXAMPLES[name]
    write_model(root / "models" / one.model, "tiny" if small else one.model)
    keys = {
        "model_name_or_path": f"models/{one.model}", "do_train": True, **one.keys,
        "dataset_dir": "data", "output_dir": f"saves/{name}", **COMMON,
    }  # fmt: skip
    if small:
        keys |= {"cutoff_len": 128, "preprocessing_num_workers": 1, "dataloader_num_workers": 0}
    lines = (f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
    path.write_text("".join(lines), "utf-8")
    return path


class Campaign:
    """The parts that are worked through, and where their results go."""

    def __init__(self, root: Path, out: Path, budget: float, *, gpus: int, small: bool) -> None:
        self.root, self.out, self.budget = root, out, budget
        self.gpus, self.small = gpus, small

    def part(self, name: str, left: float) -> None:
        """Work on a part that is not there yet, and note what came of it."""
        what, _, example = name.partition(":")
        begun = time.monotonic()
        found = {"tune": self.tune, "grid": self.grid, "whole": self.whole}[what](example, left)
        if found is not None:
            entry = {"part": name, "seconds": time.monotonic() - begun, **found}
            append(self.out / "parts.jsonl", entry)
            print(f"== {name}: {json.dumps(found)[:300]}", flush=True)

    def tune(self, example: str, _: float) -> dict[str, Any] | None:
        """Call `bench tune` on a copy of a config, which gets the result."""
        kept = self.out / f"{example}.tune.json"
        if kept.exists() and json.loads(kept.read_text("utf-8"))["done"]:
            return None
        path = write_config(self.root, example, small=self.small)
        tuned = path.with_name(f"{example}.tuned.yaml")
        tuned.write_bytes(path.read_bytes())
        status, said = self.bench(
            "tune", tuned.name, "--gpus", str(self.gpus), "--write", "--budget", str(self.budget),
            "--output-file", str(kept), "--raw", str(self.out / f"{example}.raw"),
        )  # fmt: skip
        (self.out / f"{example}.tune.txt").write_text(said, "utf-8")
        (self.out / f"{example}.tuned.yaml").write_bytes(tuned.read_bytes())
        return {"status": status, "said": said.splitlines()[-30:]}

    def grid(self, example: str, left: float) -> dict[str, Any]:
        """Try every split of the batch with and without Liger and checkpointing, as tuning does.

        Trials that tuning made are taken over; the rest begins with what is likely fast.
        """
        due = time.monotonic() + left
        path = write_config(self.root, example, small=self.small)
        kept = self.out / f"{example}.grid.jsonl"
        done = {Candidate(**one["candidate"]) for one in entries(kept)}
        for entry in self._tuned(example):
            made = Candidate(**entry["candidate"])
            if entry["purpose"] != "proof" and made not in done:
                append(kept, {**entry, "from": "tune"})
                done.add(made)
        os.chdir(self.root)
        job = Job(path=path.name, interpreter=probe(None))
        quiet = Told(lambda text: print(text, flush=True), lambda _: None, lambda *_: None)
        session = Session(TuningRequest(job, budget=left), quiet)
        ligers, written = (False,) if self.small else (True, False), session.known.written
        wanted = [
            written.with_batch(batch)._replace(liger=liger, checkpointing=checkpointing)
            for batch, checkpointing, liger in product((8, 4, 2, 1), (False, True), ligers)
        ]
        waiting = [one for one in wanted if one not in done]
        if not waiting:
            return {"candidates": len(wanted), "left": 0}
        with trial.processes(job) as start:
            session.as_written(start)
            append(kept, {**session.records[-1], "from": "grid"})
            for one in list(waiting):
                if one != written:
                    if time.monotonic() + STARTING > due:
                        break
                    session.attempt(one, "grid", start)
                    append(kept, {**session.records[-1], "from": "grid"})
                waiting.remove(one)
        return {"candidates": len(wanted), "left": len(waiting)}

    def _tuned(self, example: str) -> list[dict[str, Any]]:
        kept = self.out / f"{example}.tune.json"
        return json.loads(kept.read_text("utf-8"))["trials"] if kept.exists() else []

    def whole(self, example: str, left: float) -> dict[str, Any] | None:
        """Run one epoch of the tuned config, with all that it does beside its steps."""
        result = self.out / f"{example}.whole.json"
        tuned = self.out / f"{example}.tuned.yaml"
        if result.exists() or not tuned.exists():
            return None
        text = tuned.read_text("utf-8").replace("num_train_epochs: 3.0", "num_train_epochs: 1.0")
        (self.root / f"{example}.whole.yaml").write_text(text, "utf-8")
        told_ = json.loads((self.out / f"{example}.tune.json").read_text("utf-8"))
        status, said = self.bench(
            "run", f"{example}.whole.yaml", "--gpus", str(self.gpus), "--full",
            "--output-file", str(result), "--time-limit", str(max(30.0, left)),
            variables=told_["variables"],
        )  # fmt: skip
        return {"status": status, "said": said.splitlines()[-12:]}

    def bench(
        self, *arguments: str, variables: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, str]:
        """Call `bench`, show what it says of its way, and return its status and all it said."""
        environment = {
            **os.environ,
            **variables,
            "PYTHONPATH": os.pathsep.join([*OURS, os.environ.get("PYTHONPATH", "")]),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "ftbench", *arguments], cwd=self.root, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        said = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            print(line, end="", flush=True)
        return process.wait(), "".join(said)


def summarise(out: Path) -> Iterator[str]:
    """Yield what was found of each example."""
    for name in EXAMPLES:
        path = out / f"{name}.tune.json"
        if not path.exists():
            continue
        tuned = json.loads(path.read_text("utf-8"))
        after = (tuned["after"] or {}).get("trial")
        kept = "nothing" if after is None else told(Candidate(**after["candidate"]))
        faster = f"{tuned['speedup']:.2f} ×" if tuned["speedup"] else "–"
        spent = f"in {tuned['spent']:.0f} s, {len(tuned['trials'])} trials"
        yield f"{name:10} {faster}  {kept}  {spent}"
        losses = [one["loss"] for one in tuned["trials"] if one["loss"] is not None]
        norms = [one["gradient"] for one in tuned["trials"] if one["gradient"] is not None]
        if losses:
            apart = f"{max(losses):.3%}, gradient norms {max(norms, default=0.0):.2%}"
            yield f"{'':10} losses apart at most {apart}, allowed {tuned['tolerance']}"
        grid = [one for one in entries(out / f"{name}.grid.jsonl") if one["seconds"]]
        if grid and after is not None:
            best = min(grid, key=lambda one: one["seconds"])
            ours = [one["seconds"] for one in grid if one["candidate"] == after["candidate"]]
            ours = ours or [after["seconds"]]
            yield (
                f"{'':10} best of {len(grid)} in the grid: {best['seconds']:.3f} s,"
                f" {told(Candidate(**best['candidate']))}; ours there {min(ours):.3f} s"
                f" ({min(ours) / best['seconds'] - 1:+.1%})"
            )
        whole = out / f"{name}.whole.json"
        if whole.exists() and after is not None:
            run = json.loads(whole.read_text("utf-8"))
            steps = run["steps"][2:]
            mean = sum(one["seconds"] for one in steps) / max(1, len(steps))
            error = run["error"] and run["error"]["kind"]
            peak = (run["memory"] or {}).get("peak_allocated") or 0
            yield (
                f"{'':10} whole run: {error or 'no error'}, {mean:.3f} s a step"
                f" ({mean / after['seconds'] - 1:+.1%} over the proof), peak {peak / 1e9:.1f} GB"
                f" (proof {(after['peak_allocated'] or 0) / 1e9:.1f})"
            )


def main() -> None:
    """Work through the parts, or sum up what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--gpus", type=int, default=1, help="of each run; grids are of one")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--summary", action="store_true")
    asked = parser.parse_args()
    root = asked.folder.absolute()
    if asked.summary:
        print(*summarise(root), sep="\n")
        return
    out = (asked.out or root / "out").absolute()
    out.mkdir(parents=True, exist_ok=True)
    if not (root / "data" / "dataset_info.json").exists():
        write_data(root / "data", random.Random(SEED), 1 / 16 if asked.small else 1)
    os.environ.setdefault("HF_DATASETS_CACHE", str(root / "datasets"))
    os.environ.setdefault("FTBENCH_CACHE", str(root / "cache"))
    due = time.monotonic() + asked.seconds
    campaign = Campaign(root, out, asked.budget, gpus=asked.gpus, small=asked.small)
    for part in asked.only.split(","):
        left = due - time.monotonic()
        if left < 0:
            print(f"== {part}: the time is over", flush=True)
            continue
        campaign.part(part, left)


if __name__ == "__main__":
    main()

"""Memory, forecast and measured: many short runs of LLaMA Factory, each in a process of its own.

`python bench/suites/memory.py FOLDER [--only PART/PARTS] [--seconds N] [--fresh N] [--jobs N]
[--list]` writes data, models (a config.json each, whose random weights are made on the GPU) and
configs below FOLDER. Into FOLDER/memory.jsonl goes first what ftlint forecasts of every run, and
after each run what was measured: peaks of training and evaluation, seconds of a step. What is there
is not run again.

Runs are forks of a process that has imported everything and has not touched the GPU, so each has a
context and an allocator of its own; `--fresh N` makes the first N once more in new processes.
bench/suites/memory_check.py holds the forecasts against what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("bench", "lint", "schemas")]

from ftbench.runners import pool  # noqa: E402
from ftbench.runners.interpreter import probe  # noqa: E402
from ftbench.runners.job import Job, PreparedRun, finished, prepare  # noqa: E402
from ftlint.facts.memory import RunMemory, as_object, memory_of  # noqa: E402
from ftlint.loading import Config, load_file  # noqa: E402
from ftlint.project.options import Options  # noqa: E402
from ftlint.target.releases import resolve_target  # noqa: E402
from ftschemas import shapes  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import Failure

SEED = 7
STEPS = 6
WORDS = tuple(f"{head}{tail}" for head in "bcdfglmnprstv" for tail in ("an", "orem", "ipsal", "e"))

OTHERS: dict[str, dict[str, Any]] = {
    "gemma-3-wide": {
        "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "hidden_size": 1280,
        "intermediate_size": 6400, "num_hidden_layers": 22, "num_attention_heads": 8,
        "num_key_value_heads": 2, "head_dim": 192, "vocab_size": 200_000, "sliding_window": 512,
        "hidden_activation": "gelu_pytorch_tanh", "torch_dtype": "bfloat16",
    },
    "olmo-2-wide": {
        "architectures": ["Olmo2ForCausalLM"], "model_type": "olmo2", "hidden_size": 1792,
        "intermediate_size": 9728, "num_hidden_layers": 18, "num_attention_heads": 14,
        "num_key_value_heads": 7, "vocab_size": 100_352, "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    },
}  # fmt: skip
"""Families that no bundled shape has, in dimensions of nobody's."""
TINY = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
    "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 2048, "max_position_embeddings": 8192,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip


class Spec(NamedTuple):
    """One run: a model, a method, and the keys that differ from the usual."""

    model: str
    method: str
    stage: str
    batch: int
    length: int
    keys: dict[str, Any] = {}  # noqa: RUF012  # never written to

    @property
    def name(self) -> str:
        """What tells the run from the others."""
        more = "".join(f"-{key[:12]}={value}" for key, value in sorted(self.keys.items()))
        return f"{self.model}-{self.method}-{self.stage}-{self.batch}x{self.length}{more}"


METHODS: dict[str, dict[str, Any]] = {
    "full": {"finetuning_type": "full"},
    "freeze": {"finetuning_type": "freeze", "freeze_trainable_layers": 4},
    "lora": {"finetuning_type": "lora", "lora_rank": 16, "lora_target": "all"},
    "dora": {"finetuning_type": "lora", "lora_rank": 8, "lora_target": "all", "use_dora": True},
    "qlora4": {
        "finetuning_type": "lora", "lora_rank": 8, "lora_target": "all", "quantization_bit": 4
    },
    "qlora8": {
        "finetuning_type": "lora", "lora_rank": 8, "lora_target": "all", "quantization_bit": 8
    },
}  # fmt: skip
LIGER = {"enable_liger_kernel": True}
PLAIN = {"disable_gradient_checkpointing": True}
EVALUATED = {
    "val_size": 12,
    "eval_strategy": "steps",
    "eval_steps": 3,
    "per_device_eval_batch_size": 4,
}
TWICE = {"gradient_accumulation_steps": 2}

RUNS = (
    Spec("qwen3-0.6b", "full", "sft", 4, 1024),
    Spec("qwen3-0.6b", "full", "sft", 8, 2048, {**LIGER, **TWICE}),
    Spec("qwen3-0.6b", "full", "pt", 2, 2048, PLAIN),
    Spec("qwen3-0.6b", "lora", "sft", 8, 512, {**EVALUATED, **LIGER}),
    Spec("qwen3-0.6b", "lora", "dpo", 2, 1024),
    Spec("qwen3-0.6b", "lora", "rm", 4, 1024),
    Spec("qwen3-0.6b", "freeze", "sft", 4, 2048, {**LIGER, **PLAIN}),
    Spec("qwen3-0.6b", "dora", "sft", 2, 1024, LIGER),
    Spec("qwen3-1.7b", "full", "sft", 2, 2048, EVALUATED),
    Spec("qwen3-1.7b", "lora", "sft", 4, 2048, {**LIGER, **PLAIN}),
    Spec("qwen3-1.7b", "lora", "kto", 2, 1024),
    Spec("qwen3-1.7b", "qlora4", "sft", 4, 1024, TWICE),
    Spec("qwen3-1.7b", "qlora8", "sft", 2, 2048, LIGER),
    Spec("qwen3-1.7b", "freeze", "pt", 4, 1024, EVALUATED),
    Spec("qwen3-8b", "lora", "sft", 2, 2048),
    Spec("qwen3-8b", "lora", "sft", 2, 1024, {**PLAIN, **LIGER}),
    Spec("qwen3-8b", "qlora4", "sft", 4, 1024, LIGER),
    Spec("qwen3-8b", "freeze", "sft", 1, 4096, {**LIGER, **EVALUATED}),
    Spec("llama-3.2-1b", "full", "sft", 4, 2048, LIGER),
    Spec("llama-3.2-1b", "full", "pt", 1, 4096),
    Spec("llama-3.2-1b", "full", "dpo", 1, 1024),
    Spec("llama-3.2-1b", "full", "sft", 2, 1024, {"pure_bf16": True, "bf16": False}),
    Spec("llama-3.2-1b", "lora", "sft", 8, 1024, {**PLAIN, **EVALUATED}),
    Spec("llama-3.2-1b", "lora", "sft", 2, 4096, {"lora_dropout": 0.1, **PLAIN, **LIGER}),
    Spec("llama-3.2-1b", "dora", "pt", 2, 2048, PLAIN),
    Spec("llama-3.2-1b", "qlora8", "sft", 4, 1024, PLAIN),
    Spec("llama-3.2-1b", "lora", "sft", 2, 2048, {"flash_attn": "disabled"}),
    Spec("llama-3.2-3b", "lora", "sft", 4, 2048, {"lora_target": "q_proj,v_proj"}),
    Spec("llama-3.2-3b", "lora", "dpo", 1, 2048, EVALUATED),
    Spec("llama-3.2-3b", "full", "sft", 1, 2048, LIGER),
    Spec("llama-3.2-3b", "qlora4", "sft", 2, 4096, LIGER),
    Spec("llama-3.2-3b", "freeze", "sft", 4, 1024, {"freeze_trainable_layers": 8, **PLAIN}),
    Spec("llama-3.2-3b", "dora", "sft", 1, 2048, LIGER),
    Spec("gemma-2-2b", "lora", "sft", 2, 1024),
    Spec("gemma-2-2b", "lora", "sft", 2, 1024, {**PLAIN, "flash_attn": "sdpa"}),
    Spec("gemma-2-2b", "full", "sft", 1, 1024, EVALUATED),
    Spec("gemma-2-2b", "lora", "sft", 2, 2048, {**LIGER, "flash_attn": "sdpa"}),
    Spec("gemma-2-2b", "qlora4", "sft", 1, 2048),
    Spec("gemma-2-2b", "freeze", "pt", 2, 1024, TWICE),
    Spec("phi-3-mini", "lora", "sft", 4, 2048, EVALUATED),
    Spec("phi-3-mini", "lora", "pt", 2, 4096, PLAIN),
    Spec("phi-3-mini", "full", "sft", 1, 2048),
    Spec("phi-3-mini", "qlora4", "sft", 4, 1024, PLAIN),
    Spec("phi-3-mini", "lora", "sft", 4, 2048, {**LIGER, **PLAIN}),
    Spec("phi-3-mini", "lora", "rm", 2, 1024, EVALUATED),
    Spec("mistral-7b-v0.1", "lora", "sft", 4, 1024),
    Spec("mistral-7b-v0.1", "lora", "sft", 2, 2048, {**PLAIN, **LIGER}),
    Spec("mistral-7b-v0.1", "qlora4", "pt", 4, 2048),
    Spec("mistral-7b-v0.1", "qlora8", "sft", 2, 1024),
    Spec("mistral-7b-v0.1", "freeze", "sft", 2, 2048, PLAIN),
    Spec("mistral-7b-v0.1", "lora", "dpo", 1, 1024),
    Spec("mistral-7b-v0.1", "dora", "sft", 1, 1024, LIGER),
    Spec("qwen2.5-1.5b", "full", "sft", 4, 1024, {**LIGER, **EVALUATED}),
    Spec("qwen2.5-1.5b", "full", "sft", 2, 1024, {"optim": "adamw_torch"}),
    Spec("qwen2.5-1.5b", "lora", "kto", 4, 512, LIGER),
    Spec("qwen2.5-1.5b", "lora", "sft", 4, 1024, {"upcast_layernorm": True, **PLAIN}),
    Spec("qwen2.5-1.5b", "lora", "sft", 2, 1024, {"additional_target": "embed_tokens,lm_head"}),
    Spec("qwen2.5-1.5b", "qlora4", "dpo", 1, 1024, TWICE),
    Spec("qwen2.5-1.5b", "lora", "sft", 4, 2048, {"neat_packing": True}),
    Spec("gemma-3-wide", "full", "sft", 2, 1024, PLAIN),
    Spec("gemma-3-wide", "lora", "sft", 4, 1024, LIGER),
    Spec("gemma-3-wide", "lora", "sft", 2, 2048, EVALUATED),
    Spec("olmo-2-wide", "full", "sft", 2, 2048),
    Spec("olmo-2-wide", "lora", "sft", 4, 1024, {**PLAIN, **LIGER}),
    Spec("olmo-2-wide", "lora", "pt", 2, 2048, EVALUATED),
    Spec("olmo-2-wide", "qlora4", "sft", 2, 1024, PLAIN),
)
CAPPED = (41, 45, 18, 14, 51, 13, 57, 35, 47, 15, 33, 53, 61, 59, 23)
"""Runs that are made twice more, in this order after all others: with what is said to be enough,
and with too little. Those of an even number were measured before."""
LATER = 6
"""So many others are begun before a run is made with too little, which is almost as large."""
SMALL = tuple(
    Spec("tiny", method, stage, 2, 256, keys)
    for method, stage, keys in (
        ("full", "sft", EVALUATED), ("freeze", "pt", {}), ("lora", "sft", PLAIN),
        ("dora", "sft", {}), ("lora", "dpo", {}), ("lora", "kto", EVALUATED), ("lora", "rm", {}),
    )
)  # fmt: skip


def words(rng: random.Random, count: int) -> str:
    """Return a text of so many words."""
    return " ".join(rng.choices(WORDS, k=count))


def length(rng: random.Random) -> int:
    """Return the words of a row: most are longer than any cutoff, the rest of any length."""
    return 4_300 if rng.random() < 0.7 else rng.randint(20, 4_000)


def write_data(folder: Path, rng: random.Random) -> None:
    """Write rows for each stage."""
    folder.mkdir(parents=True, exist_ok=True)
    count = range(160)
    rows: dict[str, list[dict[str, Any]]] = {
        "questions": [
            {"instruction": words(rng, 12), "input": "", "output": words(rng, length(rng))}
            for _ in count
        ],
        "documents": [{"text": words(rng, 2_500)} for _ in count],
        "pairs": [
            {"instruction": words(rng, 12), "input": "", "chosen": words(rng, length(rng)),
             "rejected": words(rng, length(rng))}
            for _ in count
        ],
        "judged": [
            {"instruction": words(rng, 12), "input": "", "output": words(rng, length(rng)),
             "good": number % 2 == 0}
            for number in count
        ],
    }  # fmt: skip
    info = {
        "questions": {"file_name": "questions.json"},
        "documents": {"file_name": "documents.json", "columns": {"prompt": "text"}},
        "pairs": {
            "file_name": "pairs.json", "ranking": True,
            "columns": {
                "prompt": "instruction", "query": "input", "chosen": "chosen",
                "rejected": "rejected",
            },
        },
        "judged": {
            "file_name": "judged.json",
            "columns": {
                "prompt": "instruction", "query": "input", "response": "output", "kto_tag": "good"
            },
        },
    }  # fmt: skip
    for name, made in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(made), "utf-8")
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), "utf-8")


DATASETS = {
    "sft": "questions", "pt": "documents", "dpo": "pairs", "rm": "pairs", "kto": "judged"
}  # fmt: skip


def write_model(folder: Path, name: str) -> None:
    """Write the config.json of a model that has no weights."""
    folder.mkdir(parents=True, exist_ok=True)
    config = TINY if name == "tiny" else OTHERS.get(name) or shapes.load(name).config
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")


def config_of(spec: Spec) -> dict[str, Any]:
    """Return the keys of a run's config, to be run where the data and models are."""
    return {
        "model_name_or_path": f"models/{spec.model}", "stage": spec.stage, "do_train": True,
        "dataset": DATASETS[spec.stage], "dataset_dir": "data", "template": "qwen",
        "output_dir": f"saves/{spec.name}", "report_to": "none", "logging_steps": 1,
        "learning_rate": 1.0e-5, "bf16": True, "save_strategy": "no", "max_steps": STEPS,
        "per_device_train_batch_size": spec.batch, "gradient_accumulation_steps": 1,
        "cutoff_len": spec.length, "overwrite_cache": True, **METHODS[spec.method], **spec.keys,
    }  # fmt: skip


def write_config(root: Path, spec: Spec) -> Path:
    """Write the config of a run and return its path."""
    path = root / "configs" / f"{spec.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = config_of(spec)
    path.write_text(
        "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items()), "utf-8"
    )
    return path


class Wanted(NamedTuple):
    """A run that is to be made; `limit`: bytes that the allocator may take; `how` it is started."""

    spec: Spec
    how: str = "forked"
    limit: int | None = None
    fits: bool | None = None
    """What is forecast of it under the limit."""

    @property
    def key(self) -> str:
        """What it is called in the file."""
        capped = "" if self.limit is None else f" {'fits' if self.fits else 'does not fit'}"
        return f"{self.spec.name} {self.how}{capped}"


def forecast(path: Path) -> RunMemory | None:
    """Return what ftlint says of a config before it is run."""
    config = load_file(str(path), Options(resolve_target()))
    assert isinstance(config, Config), path
    found = memory_of(config.context)
    return found if isinstance(found, RunMemory) else None


def limits(found: RunMemory) -> tuple[int, int]:
    """Return what a run is forecast to fit into, just so, and what it is not."""
    phases = found.estimate.phases
    return max(one.enough for one in phases), int(0.97 * max(one.allocated for one in phases))


def plan(
    root: Path, specs: tuple[Spec, ...], capped: tuple[Spec, ...], fresh: int, out: Path
) -> list[Wanted]:
    """Write configs and forecasts, and return the runs that are wanted, capped ones last."""
    known = {entry["run"] for entry in entries(out) if entry["kind"] == "forecast"}
    forecasts: dict[str, RunMemory | None] = {}
    for spec in [*specs, *(one for one in capped if one not in specs)]:
        write_model(root / "models" / spec.model, spec.model)
        found = forecasts[spec.name] = forecast(write_config(root, spec))
        if spec.name not in known:
            told = None if found is None else {**as_object(found), "path": f"{spec.name}.yaml"}
            append(
                out, {"kind": "forecast", "run": spec.name, "spec": spec._asdict(), "memory": told}
            )

    def size(spec: Spec) -> int:
        found = forecasts[spec.name]
        return 0 if found is None else max(one.enough for one in found.estimate.phases)

    limited: list[tuple[int, Wanted]] = []
    for at, spec in enumerate(capped):
        if (found := forecasts[spec.name]) is not None:
            enough, less = limits(found)
            limited.append((at, Wanted(spec, "forked", enough, True)))
            limited.append((at + LATER, Wanted(spec, "forked", less, False)))
    return [
        *(Wanted(spec, "fresh") for spec in specs[:fresh]),
        *(Wanted(spec) for spec in mixed(sorted(specs, key=size))),
        *(one for _, one in sorted(limited, key=lambda pair: pair[0])),
    ]


def mixed(specs: list[Spec]) -> list[Spec]:
    """Return the runs, given from small to large, such that no three large ones come together."""
    third = -(-len(specs) // 3)
    small, middle, large = specs[:third], specs[third : 2 * third], specs[2 * third :]
    turns = [large.pop(-1 if number % 2 == 0 else 0) for number in range(len(large))]
    return [
        one for some in zip_longest(turns, reversed(middle), small) for one in some
        if one is not None
    ]  # fmt: skip


def entries(path: Path) -> list[dict[str, Any]]:
    """Return what a file holds so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add a line, so that it is there whatever comes next."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())


def measured(wanted: Wanted, made: PreparedRun, ended: Any) -> dict[str, Any]:
    """Return what a run left."""
    log = (made.folder / "log").read_text("utf-8", errors="replace")
    result = finished(made, ended, log)
    steps = result["steps"][2:]
    error, phases = result["error"], result["phases"]
    batches = [one for step in result["steps"] for one in step["micro_batches"]]
    return {
        "kind": "measured", "run": wanted.spec.name, "how": wanted.how, "limit": wanted.limit,
        "expected_to_fit": wanted.fits, "memory": result["memory"],
        "step_seconds": statistics.median(one["seconds"] for one in steps) if steps else None,
        "evaluations": None if phases is None else phases["evaluations"],
        "seconds": ended.seconds, "micro_batches": batches, "model": result["model"],
        "method": result["method"], "environment": result["environment"],
        "error": None if error is None else _told(error),
        "log": log[-1500:] if error is not None else None,
    }  # fmt: skip


def _told(error: Failure) -> dict[str, str]:
    return {"kind": error["kind"], "message": error["message"][-600:]}


def run(root: Path, wanted: list[Wanted], out: Path, seconds: float, jobs: int) -> None:
    """Make the runs that are not there yet, as many as the time allows."""
    began = time.monotonic()
    interpreter = probe(None)
    done = {entry["key"] for entry in entries(out) if entry["kind"] == "measured"}
    waiting = [one for one in wanted if one.key not in done]

    def prepared(one: Wanted, folder: Path) -> PreparedRun | None:
        folder.mkdir(parents=True)
        path = str(root / "configs" / f"{one.spec.name}.yaml")
        job = Job(path, interpreter, full=True, time_limit=120, memory_limit=one.limit)
        try:
            return prepare(job, folder)
        except Exception as error:
            append(out, {
                "kind": "measured", "key": one.key, "run": one.spec.name, "how": one.how,
                "limit": one.limit, "memory": None,
                "error": {"kind": "refused", "message": str(error)[-600:]},
            })  # fmt: skip
            return None

    with tempfile.TemporaryDirectory() as temporary:
        os.environ["HF_DATASETS_CACHE"] = str(Path(temporary, "datasets"))
        for how, start in (("fresh", fresh), ("forked", forked)):
            chosen = [one for one in waiting if one.how == how]
            ready = [
                (prepared(one, Path(temporary, f"{how}-{at}")), one)
                for at, one in enumerate(chosen)
            ]
            by_folder = {made.folder: one for made, one in ready if made is not None}
            for made, ended in start([made for made, _ in ready if made is not None], jobs):
                one = by_folder[made.folder]
                entry = measured(one, made, ended)
                append(out, {**entry, "key": one.key, "jobs": jobs})
                so_far = time.monotonic() - began
                peak = ((entry["memory"] or {}).get("peak_allocated") or 0) / 2**30
                wrong = (entry["error"] or {}).get("kind", "")
                took = f"{so_far:6.0f} s  {ended.seconds:5.1f} s"
                print(f"{took}  {peak:7.2f} GiB  {one.key}  {wrong}", flush=True)
                if so_far > seconds:
                    print("the time is over", flush=True)
                    return


def forked(made: list[PreparedRun], jobs: int) -> Iterator[tuple[PreparedRun, Any]]:
    """Run in forks of one process, so many at a time: each has an allocator of its own."""
    return pool.forked(sys.executable, made[0].env, jobs, made) if made else iter(())


def fresh(made: list[PreparedRun], _: int) -> Iterator[tuple[PreparedRun, Any]]:
    """Run in new processes, one after the other."""
    return pool.fresh(made)


def main() -> None:
    """Write, forecast, run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="memory.jsonl is written there, not into FOLDER")
    parser.add_argument("--only", default="1/1", metavar="PART/PARTS", help="each PARTS-th of RUNS")
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--fresh", type=int, default=0, metavar="N")
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time; steps are slower")
    parser.add_argument("--small", action="store_true", help="a tiny model, to try it on a CPU")
    parser.add_argument("--list", action="store_true", help="forecast, and say what would be run")
    asked = parser.parse_args()
    root = asked.folder.absolute()
    out = (asked.out or root).absolute() / "memory.jsonl"
    root.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    os.environ["FTBENCH_CACHE"] = str(root / "cache")
    os.chdir(root)
    if not (root / "data" / "dataset_info.json").exists():
        write_data(root / "data", random.Random(SEED))
    part, parts = map(int, asked.only.split("/"))
    specs = (SMALL if asked.small else RUNS)[part - 1 :: parts]
    capped = () if asked.small else tuple(RUNS[number] for number in CAPPED)
    wanted = plan(root, specs, capped, asked.fresh, out)
    print(f"{len(wanted)} runs", flush=True)
    if asked.list:
        print(*(one.key for one in wanted), sep="\n")
    else:
        run(root, wanted, out, asked.seconds, asked.jobs)


if __name__ == "__main__":
    main()

"""The runs of bench/suites/memory.py: specs, and their data, models and configs on disk.

Those of several GPUs are in memory_spread.py, those of other families in memory_families.py.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from memory_shapes import SHAPES  # type: ignore[import-not-found]

from ftschemas import shapes

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SEED = 7
STEPS = 6
WORDS = tuple(f"{head}{tail}" for head in "bcdfglmnprstv" for tail in ("an", "orem", "ipsal", "e"))


class Spec(NamedTuple):
    """One run: a model, a method, and the keys that differ from the usual.

    `spread`: how it is spread over the GPUs, by a name of memory_spread.SPREADS; "" on one GPU.
    """

    model: str
    method: str
    stage: str
    batch: int
    length: int
    keys: dict[str, Any] = {}  # noqa: RUF012  # never written to
    spread: str = ""

    @property
    def name(self) -> str:
        """What tells the run from the others."""
        more = "".join(f"-{key[:12]}={value}" for key, value in sorted(self.keys.items()))
        spread = f"-{self.spread}" if self.spread else ""
        return f"{self.model}-{self.method}-{self.stage}-{self.batch}x{self.length}{more}{spread}"


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
    "oft": {"finetuning_type": "oft", "lora_target": "all", "oft_block_size": 32},
    "galore": {
        "finetuning_type": "full", "use_galore": True, "galore_rank": 32, "optim": "adamw_torch"
    },
    "apollo": {
        "finetuning_type": "full", "use_apollo": True, "apollo_rank": 64, "optim": "adamw_torch"
    },
    "badam": {"finetuning_type": "full", "use_badam": True},
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


DATASETS = {
    "sft": "questions", "pt": "documents", "dpo": "pairs", "rm": "pairs", "kto": "judged"
}  # fmt: skip
"""What a stage trains on."""
_PROMPT = {"prompt": "instruction", "query": "input"}
COLUMNS: dict[str, dict[str, Any]] = {
    "questions": {},
    "documents": {"columns": {"prompt": "text"}},
    "pairs": {"ranking": True,
              "columns": {**_PROMPT, "chosen": "chosen", "rejected": "rejected"}},
    "judged": {"columns": {**_PROMPT, "response": "output", "kto_tag": "good"}},
}  # fmt: skip
"""What dataset_info.json says of each."""


def write_data(folder: Path, rng: random.Random) -> None:
    """Write rows for each stage."""
    count = range(160)
    write_rows(folder, {
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
    })  # fmt: skip


def write_rows(folder: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write the rows of each dataset, and their dataset_info.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(made), "utf-8")
    info = {name: {"file_name": f"{name}.json", **COLUMNS[name]} for name in rows}
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), "utf-8")


def write_model(folder: Path, name: str) -> None:
    """Write the config.json of a model that has no weights."""
    folder.mkdir(parents=True, exist_ok=True)
    config = SHAPES.get(name) or shapes.load(name).config
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")


def config_of(spec: Spec, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a run's config, to be run where the data and models are."""
    return {
        "model_name_or_path": f"models/{spec.model}", "stage": spec.stage, "do_train": True,
        "dataset": DATASETS[spec.stage], "dataset_dir": "data", "template": "qwen",
        "output_dir": f"saves/{spec.name}", "report_to": "none", "logging_steps": 1,
        "learning_rate": 1.0e-5, "bf16": True, "save_strategy": "no", "max_steps": STEPS,
        "per_device_train_batch_size": spec.batch, "gradient_accumulation_steps": 1,
        "cutoff_len": spec.length, "overwrite_cache": True,
        **METHODS[spec.method], **spec.keys, **more,
    }  # fmt: skip


def path_of(root: Path, spec: Spec) -> Path:
    """Return where the config of a run is."""
    return root / "configs" / f"{spec.name}.yaml"


def write_config(root: Path, spec: Spec, more: Mapping[str, Any] = MappingProxyType({})) -> Path:
    """Write the config of a run, with `more` keys, and return its path."""
    path = path_of(root, spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = config_of(spec, more)
    path.write_text(
        "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items()), "utf-8"
    )
    return path

"""The families of bench/suites/blind.py: models, stages, methods, shapes, and rows for each stage.

Their micro-batches fill a large GPU, as those of its users do, but for `small-1b`: where steps wait
for the host, a run tells of the host and not of the law, and its interval has to say so. The most
important family comes first. None has been looked at: those of docs/benchmarks/raw are others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from families import LORA, words  # type: ignore[import-not-found]
from memory_runs import DATASETS, write_rows  # type: ignore[import-not-found]

if TYPE_CHECKING:
    import random
    from pathlib import Path

ROWS, ROWS_SMALL = 3_000, 800
FULL = {"finetuning_type": "full"}
FREEZE = {"finetuning_type": "freeze", "freeze_trainable_layers": 4}
COMMON = {
    "do_train": True, "report_to": "none", "learning_rate": 1.0e-5, "logging_steps": 10,
    "bf16": True, "lr_scheduler_type": "cosine", "save_strategy": "no",
    "preprocessing_num_workers": 4, "dataset_dir": "data", "template": "qwen",
}  # fmt: skip


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

    def config(self, shape: Shape, *, small: bool) -> dict[str, Any]:
        """Return the keys of a config, `small` for a machine without a GPU."""
        keys = {
            "model_name_or_path": f"models/{self.model}", "stage": self.stage,
            "dataset": DATASETS[self.stage], **COMMON, **self.keys, **shape.keys(),
        }  # fmt: skip
        if small:
            keys |= {"cutoff_len": shape.length // 16, "quantization_bit": None}
            keys["per_device_train_batch_size"] = max(1, shape.batch // 2)
        return {name: value for name, value in keys.items() if value is not None}


def family(model: str, stage: str, keys: dict[str, Any], *shape: int) -> Family:
    """Return a family with runs held out: twice the batch, twice the length, and between."""
    batch, accumulation, length = shape
    half = max(1, batch // 2)
    held_out = (
        Shape(2 * batch, 1, length // 2),
        Shape(half, accumulation, 2 * length),
        Shape(batch + half, 2, length * 3 // 4),
    )
    return Family(model, stage, keys, Shape(batch, accumulation, length), held_out)


ALONE = {
    "freeze-qwen-3b": family("qwen2.5-3b", "sft", FREEZE, 16, 1, 1024),
    "dpo-llama3-8b": family("llama-3-8b", "dpo", LORA, 4, 2, 1024),
    "kto-qwen3-8b": family("qwen3-8b", "kto", LORA, 8, 2, 1024),
    "neat-packing-4b": family("qwen3-4b", "sft", {**LORA, "neat_packing": True}, 8, 1, 2048),
    "rm-lora-0.5b": family("qwen2.5-0.5b", "rm", LORA, 24, 1, 1024),
    "dora-1b": family("llama-3.2-1b", "sft", {**LORA, "use_dora": True}, 32, 1, 1024),
    "pt-full-1.7b": family("qwen3-1.7b", "pt", FULL, 8, 1, 2048),
    "one-row-7b": family("mistral-7b-v0.1", "pt", LORA, 1, 4, 8192),
    "orpo-lora-3b": family("qwen2.5-3b", "dpo", {**LORA, "pref_loss": "orpo"}, 8, 1, 1024),
    "full-0.6b": family("qwen3-0.6b", "sft", {**FULL, "enable_liger_kernel": True}, 32, 1, 1024),
    "qlora-7b": family("mistral-7b-v0.1", "sft", {**LORA, "quantization_bit": 4}, 8, 1, 1024),
    "simpo-lora-4b": family("qwen3-4b", "dpo", {**LORA, "pref_loss": "simpo"}, 4, 2, 1024),
    "small-1b": family("llama-3.2-1b", "sft", LORA, 2, 4, 512),
}  # fmt: skip
PAIRED = {
    "ddp-lora-8b": family("llama-3-8b", "sft", LORA, 4, 2, 1024),
    "ddp-full-1.5b": family("qwen2.5-1.5b", "pt", FULL, 4, 2, 2048),
}
"""Families whose runs have two GPUs each."""
FAMILIES = ALONE | PAIRED


def write_data(folder: Path, rng: random.Random, *, small: bool) -> None:
    """Write rows for each stage, as unequal in length as real ones; some are longer than any."""
    scale = 1 / 16 if small else 1

    def text(share: float = 1.0) -> str:
        return str(words(rng, max(2, min(4000, int(share * scale * rng.lognormvariate(6, 0.7))))))

    count = range(ROWS_SMALL if small else ROWS)
    asked = [{"instruction": words(rng, rng.randint(5, 40)), "input": ""} for _ in count]
    write_rows(folder, {
        "questions": [{**one, "output": text()} for one in asked],
        "documents": [{"text": text(2)} for _ in count],
        "pairs": [{**one, "chosen": text(), "rejected": text()} for one in asked],
        "judged": [{**one, "output": text(), "good": at % 2 == 0} for at, one in enumerate(asked)],
    })  # fmt: skip

"""Results of runs that never were, made from a stated law: what analysis must find is known."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftbench.results.record import Result

H100: dict[str, Any] = {
    "name": "NVIDIA H100 80GB HBM3", "uuid_hash": "a1b2c3", "power_limit_w": 700.0, "count": 1,
    "memory_bytes": 85_000_000_000, "capability": "9.0",
}  # fmt: skip
MODEL_8B: dict[str, Any] = {
    "source": "random:llama-3-8b", "layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8,
    "head_dim": 128, "mlp": 14336, "vocab": 128256, "gated": True, "tied": False, "experts": None,
    "parameters": 8_030_261_248, "trainable": 20_971_520,
}  # fmt: skip
LORA: dict[str, Any] = {
    "stage": "sft", "finetuning_type": "lora", "quantization_bit": None,
    "quantization_method": None, "lora_rank": 8, "lora_targets": ["all"],
    "trainable_layers": None, "gradient_checkpointing": True, "reentrant": True,
    "dtype": "bfloat16", "attention": "sdpa", "liger": False, "packing": False,
    "neat_packing": False, "cutoff_len": 2048,
}  # fmt: skip


def step(seconds: float, batches: Iterable[tuple[int, int]], **parts: Any) -> Any:
    """Return a step over batches of (rows, length), without padding unless `real` says so."""
    return {
        "seconds": seconds, "gpu_seconds": seconds, "data": 0.001, "forward_backward": seconds * .9,
        "optimizer": seconds * 0.05, "other": 0.0,
        "micro_batches": [[b, s, b * s, b * s - b, b * s * s] for b, s in batches], **parts,
    }  # fmt: skip


def result(steps: list[Any], **changed: Any) -> Result:
    """Return a whole result; any field by its name."""
    made: dict[str, Any] = {
        "version": 1, "kind": "run", "tool": {"ftlint": "0"}, "when": "2026-11-22T12:00:00+00:00",
        "command": ["bench", "run"],
        "config": {"path": "config.yaml", "sha256": "0" * 64, "changes": [], "values": {}},
        "runner": "llamafactory",
        "environment": {
            "gpu": H100, "driver": "580", "cuda": "13.0", "cpu": "x86",
            "packages": {"torch": "2.11.0", "transformers": "5.6.0", "llamafactory": "0.9.5"},
            "python": "3.12", "platform": "Linux", "env": {}, "git": None,
        },
        "model": MODEL_8B, "method": LORA, "plan": None,
        "trainer": {
            "max_steps": len(steps), "global_step": len(steps), "batches_per_epoch": None,
            "rows": None, "epochs": None, "epochs_entered": None, "warmup_steps": 0,
            "world_size": 1, "logs": 0, "evaluations": 0, "checkpoints": 0,
            "train_steps_per_second": None, "train_runtime": None,
        },
        "steps": steps,
        "phases": {
            "import": 9.0, "parse": 0.5, "data": 2.0, "model": 12.0, "train": 60.0, "total": 90.0,
            "first_step": steps[0]["seconds"] if steps else None,
            "after_first": sum(one["seconds"] for one in steps[1:]), "evaluations": [], "saves": [],
            "wall": 92.0,
        },
        "memory": {
            "peak_allocated": 31_000_000_000, "peak_reserved": 35_000_000_000,
            "allocator_retries": 0, "out_of_memory": 0, "ranks": [],
        },
        "device": {"samples": [], "other_processes": 0}, "lengths": None, "schedule": None,
        "flags": [], "error": None, **changed,
    }  # fmt: skip
    return cast("Result", made)


def noisy(seed: int, deviation: float = 0.01) -> Any:
    """Return a function that multiplies a time by lognormal noise."""
    draw = random.Random(seed)
    return lambda seconds: seconds * draw.lognormvariate(0, deviation)

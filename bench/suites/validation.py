"""Write configs for `bench validate`, with small datasets: `python validation.py FOLDER [SEED]`.

FOLDER gets `one/*.yaml` for one GPU, `two/*.yaml` for two, `zero/*.yaml` for two by DeepSpeed,
`fsdp/*.yaml` for two by `--accelerate-config FOLDER/data/fsdp.yaml`, `stages/*.yaml` for one GPU
and `pair/*.yaml` for two in the stages, methods and ways that are rarer, and the data they name.
Every way to a step count is in them: batch, accumulation, whole and fractional epochs, max_steps,
val_size as a share and as a number, max_samples, mixing, packing, streaming, warmup as a share and
as a number, the last short batch dropped, and logging, evaluation and saving at intervals of each
kind. The same seed gives the same files.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

ONE, TWO, ZERO, FSDP = 52, 8, 4, 3
LORA: dict[str, Any] = {"finetuning_type": "lora"}
DORA: dict[str, Any] = {**LORA, "use_dora": True}
FREEZE: dict[str, Any] = {"finetuning_type": "freeze", "freeze_trainable_layers": 1}
FULL: dict[str, Any] = {"finetuning_type": "full"}
STAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dpo", LORA), ("kto", LORA), ("rm", LORA), ("sft", FREEZE), ("sft", DORA),
    ("dpo", {**LORA, "pref_loss": "orpo"}), ("kto", FULL), ("rm", FULL), ("pt", FREEZE),
    ("pt", DORA), ("dpo", {**DORA, "pref_loss": "simpo"}), ("kto", DORA), ("rm", FREEZE),
    ("dpo", FULL), ("dpo", {**LORA, "pref_loss": "ipo"}), ("rm", DORA), ("kto", LORA),
    ("dpo", {**FREEZE, "pref_loss": "orpo"}), ("sft", {**FREEZE, "packing": True}),
    ("sft", {**DORA, "enable_liger_kernel": False}),
)  # fmt: skip
"""Each of them is one config of `stages`."""
STREAM: dict[str, Any] = {
    "streaming": True, "max_steps": 7, "dataloader_num_workers": 1, "buffer_size": 64,
    "accelerator_config": {"dispatch_batches": False},
}  # fmt: skip
SHORT: dict[str, Any] = {"per_device_train_batch_size": 5, "gradient_accumulation_steps": 3}
"""Of 37, 48, 54, 96 and 203 rows the last batch, and the last step, are smaller."""
PAIR: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dpo", LORA), ("dpo", {**LORA, **SHORT}), ("kto", LORA), ("kto", {**FULL, **SHORT}),
    ("sft", {**FREEZE, **SHORT}), ("pt", FREEZE), ("sft", {**LORA, **STREAM}),
    ("sft", {**LORA, **STREAM, "dataset": "large"}), ("sft", {**LORA, "packing": True}),
    ("sft", {**DORA, "packing": True, **SHORT}), ("sft", {**LORA, "dataloader_drop_last": True}),
    ("dpo", {**LORA, **SHORT, "dataloader_drop_last": True}), ("rm", {**LORA, **SHORT}),
    ("sft", {**FULL, **SHORT, "num_train_epochs": 1.3}),
)  # fmt: skip
"""Each of them is one config of `pair`."""
WAYS = {"stages": STAGES, "pair": PAIR}
WORDS = (
    """batch step epoch gradient token model layer head loss rate warm cool save load split merge
    plan count check trainer rank row prompt answer adapter weight"""
).split()
ROWS = {"small": 37, "medium": 96, "large": 203, "chats": 64, "pairs": 48, "labelled": 54,
        "documents": 150}  # fmt: skip
EPOCHS = (1, 2, 3.0, 0.5, 1.1, 2.2, 2.5, 0.37, 1.75, 0.07)
SHARES = (0.1, 0.25, 0.3333)


def words(rng: random.Random, low: int, high: int) -> str:
    """Return a sentence of so many words."""
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high)))


def row(name: str, rng: random.Random, number: int) -> dict[str, Any]:
    """Return one row of a data set, in the form that its definition names."""
    if name == "documents":
        return {"text": words(rng, 10, 120)}
    if name == "chats":
        turns = [("human", "gpt")[turn % 2] for turn in range(2 * rng.randint(1, 3))]
        return {"conversations": [{"from": who, "value": words(rng, 2, 20)} for who in turns]}
    found: dict[str, Any] = {"instruction": words(rng, 3, 25), "input": ""}
    if name == "pairs":
        return {**found, "chosen": words(rng, 2, 20), "rejected": words(rng, 2, 20)}
    found["output"] = words(rng, 2, 40)
    return {**found, "kto_tag": number % 3 > 0} if name == "labelled" else found


def zero(stage: int) -> dict[str, Any]:
    """Return DeepSpeed's settings as LLaMA Factory's examples have them."""
    same = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps",
            "gradient_clipping")  # fmt: skip
    return {
        **dict.fromkeys(same, "auto"), "bf16": {"enabled": "auto"},
        "zero_optimization": {"stage": stage, "overlap_comm": False},
    }  # fmt: skip


SHARDING: dict[str, Any] = {
    "compute_environment": "LOCAL_MACHINE", "distributed_type": "FSDP", "mixed_precision": "bf16",
    "num_machines": 1, "machine_rank": 0, "main_training_function": "main",
    "fsdp_config": {
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP", "fsdp_sharding_strategy": "FULL_SHARD",
        "fsdp_state_dict_type": "FULL_STATE_DICT", "fsdp_use_orig_params": True,
        "fsdp_cpu_ram_efficient_loading": True, "fsdp_sync_module_states": True,
        "fsdp_backward_prefetch": "BACKWARD_PRE", "fsdp_offload_params": False,
    },
}  # fmt: skip
"""accelerate's settings for FSDP as LLaMA Factory's examples have them."""


def write_data(folder: Path) -> None:
    """Write the data sets and the table that defines them, and how to shard."""
    folder.mkdir(parents=True, exist_ok=True)
    for stage in (2, 3):
        (folder / f"zero{stage}.json").write_text(json.dumps(zero(stage)), encoding="utf-8")
    (folder / "fsdp.yaml").write_text(json.dumps(SHARDING), encoding="utf-8")
    definitions: dict[str, dict[str, Any]] = {
        "chats": {"formatting": "sharegpt"},
        "pairs": {"ranking": True, "columns": {"prompt": "instruction", "query": "input",
                                               "chosen": "chosen", "rejected": "rejected"}},
        "labelled": {"columns": {"prompt": "instruction", "query": "input", "response": "output",
                                 "kto_tag": "kto_tag"}},
        "documents": {"columns": {"prompt": "text"}},
    }  # fmt: skip
    info = {}
    for name, count in ROWS.items():
        rng = random.Random(name)
        rows = [row(name, rng, number) for number in range(count)]
        lines = name == "large"
        file = f"{name}.jsonl" if lines else f"{name}.json"
        text = "".join(json.dumps(one) + "\n" for one in rows) if lines else json.dumps(rows)
        (folder / file).write_text(text, encoding="utf-8")
        info[name] = {"file_name": file, **definitions.get(name, {})}
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), encoding="utf-8")


def config(
    rng: random.Random, number: int, data: Path, gpus: int, way: tuple[str, dict[str, Any]] | None
) -> dict[str, Any]:
    """Return a config that trains in a few seconds; `number` sees to it that each way is taken.

    `way`: its stage and method, where they are chosen.
    """
    usual = ("sft", "sft", "pt", "sft", "sft", "dpo", "sft", "sft", "sft", "kto")[number % 10]
    stage = usual if way is None else way[0]
    names = {"sft": ["small", "medium", "large", "chats"], "pt": ["documents"], "dpo": ["pairs"],
             "rm": ["pairs"], "kto": ["labelled"]}[stage]  # fmt: skip
    chosen = rng.sample(names, 2 if stage == "sft" and number % 4 == 1 else 1)
    found: dict[str, Any] = {
        "model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct",
        "stage": stage,
        "do_train": True,
        "finetuning_type": ("lora", "full", "freeze")[number % 3] if stage == "sft" else "lora",
        "dataset": ",".join(chosen),
        "dataset_dir": str(data),
        "template": "qwen",
        "cutoff_len": (128, 256, 512)[number % 3],
        "output_dir": f"saves/validation/{number}",
        "report_to": "none",
        "per_device_train_batch_size": rng.choice([1, 2, 3, 4, 8]),
        "gradient_accumulation_steps": rng.choice([1, 1, 2, 3, 4, 8]),
        "learning_rate": 1.0e-4,
        "num_train_epochs": EPOCHS[(number + number // 10) % len(EPOCHS)],
    }
    if way is not None:
        found |= way[1]
    elif found["finetuning_type"] == "freeze":
        found["freeze_trainable_layers"] = 1
    if number % 6 == 2:
        found["max_steps"] = rng.choice([1, 5, 12, 23])
    if len(chosen) > 1:
        found["mix_strategy"] = rng.choice(["concat", "interleave_under", "interleave_over"])
    takes(found, rng, number)
    if number % 8 == 5:
        found["dataloader_drop_last"] = True
        found["per_device_train_batch_size"] = 2
        found["gradient_accumulation_steps"] = 2
    events(found, rng, number, evaluates="val_size" in found)
    # a run is a few seconds: its longest is some 150 steps on one GPU
    while found["per_device_train_batch_size"] * gpus < 3 and "max_steps" not in found:
        found["per_device_train_batch_size"] += 1
    return found


def takes(found: dict[str, Any], rng: random.Random, number: int) -> None:
    """Add what is done to the rows: packing, rows held out, a limit; a stream has no number."""
    stage = found["stage"]
    packed = stage == "pt" or (stage == "sft" and number % 7 == 3) or "packing" in found
    if packed and stage == "sft":
        found["packing"] = True
        found["preprocessing_batch_size"] = rng.choice([50, 1000])
    if "streaming" in found:
        return
    if number % 5 in (1, 4) and not packed:
        found["val_size"] = rng.choice([*SHARES, 5, 11])
    if number % 5 == 2:
        found["max_samples"] = rng.choice([20, 33, 50])


def events(found: dict[str, Any], rng: random.Random, number: int, *, evaluates: bool) -> None:
    """Add warmup, logging, evaluation and saving."""
    warmup = (None, ("warmup_ratio", 0.1), ("warmup_steps", 3), ("warmup_ratio", 0.03))[number % 4]
    if warmup is not None:
        found[warmup[0]] = warmup[1]
    found["lr_scheduler_type"] = rng.choice(["cosine", "linear", "constant_with_warmup"])
    found["logging_steps"] = rng.choice([1, 2, 5, 10, 0.25])
    if number % 9 == 4:
        found["logging_first_step"] = True
    found["save_strategy"] = ("steps", "epoch", "no", "steps")[number % 4]
    if found["save_strategy"] == "steps":
        found["save_steps"] = rng.choice([3, 5, 8, 500, 0.5])
        found["save_total_limit"] = rng.choice([1, 2, 3])
    found["save_only_model"] = True
    if not evaluates:
        return
    found["eval_strategy"] = ("steps", "epoch")[number % 2]
    found["per_device_eval_batch_size"] = 4
    if found["eval_strategy"] == "steps":
        found["eval_steps"] = rng.choice([2, 4, 7, 0.3])


def as_yaml(values: dict[str, Any]) -> str:
    """Return flat values as YAML: every JSON scalar is one."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items())


def write_suite(folder: Path, seed: int = 1) -> list[Path]:
    """Write the suite and return its configs."""
    data = (folder / "data").resolve()
    write_data(data)
    written = []
    for name, count, gpus in (
        ("one", ONE, 1),
        ("two", TWO, 2),
        ("zero", ZERO, 2),
        ("fsdp", FSDP, 2),
        ("stages", len(STAGES), 1),
        ("pair", len(PAIR), 2),
    ):
        (folder / name).mkdir(exist_ok=True)
        rng = random.Random(f"{seed} {name}")
        for number in range(count):
            path = folder / name / f"{number:02d}.yaml"
            way = WAYS[name][number] if name in WAYS else None
            made = config(rng, number + (0 if gpus == 1 else 3), data, gpus, way)
            if name in ("zero", "fsdp"):
                made["bf16"] = True
            if name == "zero":
                made["deepspeed"] = str(data / f"zero{2 + number % 2}.json")
            path.write_text(as_yaml(made), encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: validation.py FOLDER [SEED]")
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    print(f"{len(write_suite(target, int((sys.argv[2:] or ['1'])[0])))} configs in {target}")

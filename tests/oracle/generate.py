"""Configs for the score: plain bases, each with one to three things changed. Deterministic.

`python -m tests.oracle.generate 0.9.5 --seed 1 --count 300 FOLDER` writes them as files.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracle import bases, environments, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.oracle.client import Command

SCHEMAS = environments.ROOT / "schemas" / "ftschemas"

PARSED: dict[str, dict[str, Any]] = {
    "quantized": {"quantization_bit": 4},
    "quantized_oft": {"quantization_bit": 4, "finetuning_type": "oft"},
    "zero2": {"deepspeed": {"zero_optimization": {"stage": 2}}},
    "zero3": {"deepspeed": {"zero_optimization": {"stage": 3}}},
    "bf16": {"bf16": True},
    "evaluate_only": {"do_train": False, "do_eval": True, "eval_dataset": "held_out"},
    "fsdp": {"fsdp": "full_shard auto_wrap"},
}
"""More bases: accepted by the parser, though not all of them can train here."""

INFERENCE: dict[str, Any] = {
    "model_name_or_path": "tiny",
    "adapter_name_or_path": "adapter",
    "template": "empty",
    "finetuning_type": "lora",
}
EXPORT: dict[str, Any] = {**INFERENCE, "export_dir": "merged", "export_size": 2}
CHAT: dict[str, Any] = {**INFERENCE, "infer_backend": "huggingface", "temperature": 0.5}

# What the program's own checks look at: changed more often than the rest, so that pairs meet.
HOT = (
    *("stage", "finetuning_type", "dataset", "eval_dataset", "val_size", "max_steps", "streaming"),
    *("max_samples", "packing", "neat_packing", "cutoff_len", "mix_strategy", "interleave_probs"),
    *("do_train", "do_eval", "do_predict", "predict_with_generate", "eval_strategy", "eval_steps"),
    *("save_strategy", "save_steps", "logging_steps", "logging_strategy", "warmup_steps"),
    *("load_best_model_at_end", "metric_for_best_model", "lr_scheduler_type", "optim"),
    *("per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs"),
    *("learning_rate", "quantization_bit", "use_dora", "use_rslora", "pissa_init", "bf16", "fp16"),
    *("adapter_name_or_path", "create_new_adapter", "resize_vocab", "train_on_prompt"),
    *("mask_history", "pref_loss", "dpo_label_smoothing", "use_galore", "use_apollo", "use_badam"),
    *("use_llama_pro", "loraplus_lr_ratio", "compute_accuracy", "report_to", "seed", "lora_rank"),
    *("infer_backend", "quantization_device_map", "dataloader_num_workers", "warmup_ratio"),
    *("dataloader_prefetch_factor", "torch_empty_cache_steps", "early_stopping_steps", "template"),
    *("reward_model", "ref_model_quantization_bit", "accelerator_config", "fsdp", "debug"),
    *("image_max_pixels", "image_min_pixels", "freeze_trainable_layers", "additional_target"),
)

# Text as a person writes it, to be typed by the target's own loader.
RAW = (
    *("1e-4", "1e3", "1.0e-4", "'1e-4'", "5e-05", "042", "1_000", "0x10", "1:30", ".5", "-1", "0"),
    *("1", "0.5", "1.0", "1.5", "100000", "-0.1", "no", "yes", "on", "True", "'False'", '"no"'),
    *("null", "~", "", "none", "None", "[]", "{}", "[1, 2]", "{a: 1}", "'16'", "1.", ".nan", "y"),
)


class Generated(NamedTuple):
    """One config and what was done to its base."""

    id: str
    command: Command
    text: str
    base: str
    changes: tuple[str, ...]
    plain: str
    """The base itself, unchanged."""


class Keys(NamedTuple):
    """What a release knows of keys."""

    legal: dict[Command, dict[str, dict[str, Any]]]
    foreign: tuple[str, ...]
    """Keys of other releases, and keys that are refused as internal."""


def keys_of(release: str) -> Keys:
    """Schemas of the keys that each command accepts, and keys that it does not know."""
    own = json.loads((SCHEMAS / "llamafactory" / f"{release}.json").read_text("utf-8"))
    minor = environments.PINS[release].transformers.rpartition(".")[0]
    training = json.loads((SCHEMAS / "transformers" / f"{minor}.json").read_text("utf-8"))

    def legal(command: str) -> dict[str, dict[str, Any]]:
        groups = own["x-commands"][command]
        found = dict(training["properties"]) if "training" in groups else {}
        found.update({k: s for k, s in own["properties"].items() if s["x-group"] in groups})
        return found

    train, infer = legal("train"), legal("infer")
    known: set[str] = set()
    for path in (SCHEMAS / "llamafactory").glob("0.*.json"):
        known.update(json.loads(path.read_text("utf-8"))["properties"])
    for path in (SCHEMAS / "transformers").glob("*.json"):
        known.update(json.loads(path.read_text("utf-8"))["properties"])
    foreign = sorted(known - set(train)) + own["x-internal"]
    return Keys({"train": train, "export": infer, "chat": infer}, tuple(foreign))


def scalar(value: Any) -> str:
    """YAML text that every loader in question reads back as the same value."""
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    if isinstance(value, str) and value.replace("_", "").replace("/", "").isalpha():
        plain = value.lower() not in ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
        return value if plain else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)


def _edges(key: str, schema: dict[str, Any], rng: random.Random) -> str:
    """YAML text of an edge value of a key."""
    choices: list[str] = [scalar(value) for value in meant.values(key, schema).values()]
    choices += rng.sample(RAW, 6)
    for choice in schema.get("enum") or schema.get("items", {}).get("enum") or ():
        choices += [scalar(choice)] * 2
        if isinstance(choice, str):
            choices += [scalar(choice.upper()), scalar(choice[:-1] or "x")]
    return rng.choice(choices)


def _misspelt(key: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(key) - 1)
    return rng.choice(
        [
            key[:at] + key[at + 1 :],
            key[:at] + key[at + 1] + key[at] + key[at + 2 :],
            key.replace("_", "-", 1),
            key + "s",
            key.upper(),
        ]
    )


class _Draft:
    """A config being changed: lines of `key: raw value`, in order."""

    def __init__(self, config: dict[str, Any], command: Command) -> None:
        self.lines = [(key, scalar(value)) for key, value in config.items()]
        self.command: Command = command
        self.changes: list[str] = []

    def set(self, key: str, raw: str) -> None:
        """Give a key a value, in its place when it is there already."""
        self.changes.append(f"{key}: {raw}")
        for index, (present, _) in enumerate(self.lines):
            if present == key:
                self.lines[index] = (key, raw)
                return
        self.lines.append((key, raw))

    def text(self) -> str:
        """The file."""
        return "".join(f"{key}: {raw}\n" if raw else f"{key}:\n" for key, raw in self.lines)


def _set_any(draft: _Draft, keys: Keys, rng: random.Random) -> None:
    legal = keys.legal[draft.command]
    key = rng.choice(sorted(legal))
    draft.set(key, _edges(key, legal[key], rng))


def _set_hot(draft: _Draft, keys: Keys, rng: random.Random) -> None:
    legal = keys.legal[draft.command]
    key = rng.choice([key for key in HOT if key in legal])
    draft.set(key, _edges(key, legal[key], rng))


def _set_meant(draft: _Draft, keys: Keys, rng: random.Random) -> None:
    legal = keys.legal[draft.command]
    key = rng.choice([key for key in HOT if key in legal])
    draft.set(key, scalar(meant.meant(key, legal[key])))


def _drop(draft: _Draft, _keys: Keys, rng: random.Random) -> None:
    key, _ = draft.lines.pop(rng.randrange(len(draft.lines)))
    draft.changes.append(f"without {key}")


def _misspell(draft: _Draft, _keys: Keys, rng: random.Random) -> None:
    at = rng.randrange(len(draft.lines))
    key, raw = draft.lines[at]
    draft.lines[at] = (_misspelt(key, rng), raw)
    draft.changes.append(f"{key} as {draft.lines[at][0]}")


def _add_foreign(draft: _Draft, keys: Keys, rng: random.Random) -> None:
    others = [key for key in keys.legal["train"] if key not in keys.legal[draft.command]]
    draft.set(rng.choice(sorted(others) or keys.foreign), "1")
    if rng.random() < 0.5:
        draft.set(rng.choice(keys.foreign), "true")


def _repeat(draft: _Draft, _keys: Keys, rng: random.Random) -> None:
    key, raw = rng.choice(draft.lines)
    draft.lines.append((key, raw))
    draft.changes.append(f"{key} twice")


CHANGES: tuple[tuple[int, Callable[[_Draft, Keys, random.Random], None]], ...] = (
    (34, _set_hot),
    (24, _set_meant),
    (24, _set_any),
    (6, _drop),
    (5, _misspell),
    (4, _add_foreign),
    (3, _repeat),
)


def _bases(release: str, keys: Keys) -> dict[str, tuple[Command, dict[str, Any]]]:
    train = keys.legal["train"]
    found: dict[str, tuple[Command, dict[str, Any]]] = {
        name: ("train", bases.base(name))
        for name in bases.BASES
        if bases.trains(name, release, train)
    }
    for name, delta in PARSED.items():
        if name != "quantized_oft" or release >= "0.9.4":
            found[name] = ("train", {**bases.COMMON, **delta})
    return {**found, "export": ("export", EXPORT), "chat": ("chat", CHAT)}


def generate(release: str, seed: int, count: int) -> Iterator[Generated]:
    """`count` configs for a release: every base once as it is, then changed ones at random."""
    keys = keys_of(release)
    plain = _bases(release, keys)
    weights = [weight for weight, _ in CHANGES]
    changes = [change for _, change in CHANGES]
    for index in range(count):
        rng = random.Random(f"{release} {seed} {index}")
        name = list(plain)[index] if index < len(plain) else rng.choice(list(plain))
        command, config = plain[name]
        draft = _Draft(config, command)
        before = draft.text()
        if index >= len(plain):
            for _ in range(rng.choice((1, 1, 2, 2, 3))):
                rng.choices(changes, weights)[0](draft, keys, rng)
        yield Generated(f"{index:05}", command, draft.text(), name, tuple(draft.changes), before)


def main(argv: list[str] | None = None) -> None:
    """Write generated configs as files."""
    parser = argparse.ArgumentParser(description="Write generated configs.")
    parser.add_argument("release", choices=list(environments.PINS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    for config in generate(options.release, options.seed, options.count):
        (options.folder / f"{config.id}.yaml").write_text(config.text, "utf-8")


if __name__ == "__main__":
    main()

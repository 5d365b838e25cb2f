"""The runs of bench/suites/memory.py --seed N: models, methods and keys that nobody chose.

A number gives the same runs everywhere, so a law can be frozen before the number is drawn. Families
are those of memory_shapes.py and of the bundled shapes; dimensions, methods, stages, batches,
lengths and keys are drawn.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

from memory_families import PURE  # type: ignore[import-not-found]
from memory_runs import (  # type: ignore[import-not-found]
    EVALUATED,
    LIGER,
    METHODS,
    PLAIN,
    TWICE,
    Spec,
    write_model,
)
from memory_shapes import SHAPES  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FAMILIES = tuple(name for name in SHAPES if name.endswith("-wide"))
BUNDLED = (
    "qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-3b", "qwen2.5-7b", "qwen3-0.6b", "qwen3-1.7b",
    "qwen3-4b", "qwen3-8b", "llama-3.2-1b", "llama-3.2-3b", "llama-3-8b", "gemma-2-2b",
    "gemma-2-9b", "mistral-7b-v0.1", "phi-3-mini",
)  # fmt: skip
FEW = 8
"""Families of each kind, drawn and bundled, that a number gives."""
COUNT = 150
STAGES = {
    "full": ("sft", "sft", "pt", "dpo", "kto"), "freeze": ("sft", "sft", "pt"),
    "lora": ("sft", "sft", "pt", "dpo", "kto", "rm"), "dora": ("sft", "pt", "dpo"),
    "qlora4": ("sft", "sft", "pt", "dpo", "kto"), "qlora8": ("sft", "kto"),
    "oft": ("sft", "pt", "kto"), "galore": ("sft", "pt"), "apollo": ("sft", "pt"),
    "badam": ("sft", "pt"),
}  # fmt: skip
WEIGHTS = {"full": 8, "lora": 4, "qlora4": 3, "freeze": 2, "dora": 2}
"""How often a method comes; once where none is given."""
OPTIMIZERS = ("adamw_torch", "adafactor", "sgd", "rmsprop", "adagrad", "lion_8bit", "adamw_8bit")
LENGTHS = (384, 512, 640, 896, 1024, 1280, 1792, 2048, 2560, 4096)
TOKENS, LARGEST = 12_288, 16
"""Of a micro-batch, and its rows, at most."""
OF_PREFERENCE = 3
"""A row with a preference counts so many times: it has two answers, and may have a reference."""
KEYS = ((LIGER, 0.35), (PLAIN, 0.3), (EVALUATED, 0.2), (TWICE, 0.1))
"""Keys of any run, and how likely each is."""


class Drawn(NamedTuple):
    """What a number gives: runs in order, and config.json of the models that are not bundled."""

    runs: tuple[Spec, ...]
    models: dict[str, dict[str, Any]]


def drawn(seed: int) -> Drawn:
    """Return the runs of a number, which its models are named by: those of others differ."""
    rng = random.Random(seed)
    models = {
        f"{family.removesuffix('wide')}{seed}": _model(rng, SHAPES[family])
        for family in rng.sample(FAMILIES, FEW)
    }
    names = [*models, *rng.sample(BUNDLED, FEW)]
    runs: dict[str, Spec] = {}
    while len(runs) < COUNT:
        for name in rng.sample(names, len(names)):
            spec = _spec(rng, name)
            runs.setdefault(spec.name, spec)
    return Drawn(tuple(runs.values())[:COUNT], models)


def write_any_model(folder: Path, name: str) -> None:
    """Write the config.json of a model, also of one that was drawn: its name ends in the number."""
    number = name.rpartition("-")[2]
    if number.isdigit() and name not in SHAPES:
        SHAPES.update(drawn(int(number)).models)  # where `write_model` looks as well
    write_model(folder, name)


def _model(rng: random.Random, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model of a family in other dimensions."""
    size = base.get("head_dim") or rng.choice((64, 128))
    pairs = [
        (heads, keys)
        for heads in range(4, 33)
        for keys in range(1, heads + 1)
        if heads % keys == 0 and (heads * size) % 256 == 0 and 1024 <= heads * size <= 4096
    ]
    heads, keys = rng.choice(pairs)
    hidden = heads * size
    return {
        **base, "pad_token_id": 0, "hidden_size": hidden,
        "num_attention_heads": heads, "num_key_value_heads": keys,
        "intermediate_size": 256 * round(hidden * rng.uniform(2.0, 5.5) / 256),
        "num_hidden_layers": rng.randint(10, 26), "vocab_size": 128 * rng.randint(380, 2000),
        "tie_word_embeddings": rng.choice((True, False)),
    }  # fmt: skip


def _spec(rng: random.Random, model: str) -> Spec:
    """Return a run of a model."""
    method = rng.choices(list(METHODS), [WEIGHTS.get(name, 1) for name in METHODS])[0]
    stage = rng.choice(STAGES[method])
    length = rng.choice(LENGTHS)
    most = TOKENS // length // (1 if stage in {"sft", "pt"} else OF_PREFERENCE)
    keys: dict[str, Any] = {}
    for more, chance in KEYS:
        keys |= more if rng.random() < chance else {}
    if method == "full" and rng.random() < 0.4:
        keys |= rng.choice((PURE, {"optim": rng.choice(OPTIMIZERS)}))
    if method in {"lora", "dora", "qlora4"} and rng.random() < 0.3:
        keys |= {"lora_rank": rng.choice((4, 32, 64, 128))}
    if stage == "sft" and rng.random() < 0.15:
        keys |= rng.choice(({"packing": True}, {"neat_packing": True}))
    return Spec(model, method, stage, rng.randint(1, max(1, min(LARGEST, most))), length, keys)

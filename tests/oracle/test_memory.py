"""The law of memory against real models: LLaMA Factory, peft and transformers without a GPU."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ftlint.memory.manner import Batch
from ftlint.memory.method import Method
from ftlint.memory.peak import WORKSPACE, evaluation_moments, training_moments
from ftlint.memory.rotation import Rotation
from ftlint.memory.shape import Shape, Unknown, read_shape

from . import environments

pytestmark = pytest.mark.oracle

SMALL: dict[str, Any] = {
    "hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 6, "vocab_size": 12_000,
    "num_attention_heads": 8, "num_key_value_heads": 2,
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "llama": {**SMALL, "model_type": "llama", "tie_word_embeddings": False},
    "mistral": {
        **SMALL, "model_type": "mistral", "tie_word_embeddings": False, "sliding_window": None
    },
    "qwen2": {**SMALL, "model_type": "qwen2", "tie_word_embeddings": True},
    "qwen3": {**SMALL, "model_type": "qwen3", "head_dim": 128, "tie_word_embeddings": True},
    "gemma": {**SMALL, "model_type": "gemma", "head_dim": 128},
    "gemma2": {
        **SMALL, "model_type": "gemma2", "head_dim": 128, "sliding_window": 4096,
        "hidden_activation": "gelu_pytorch_tanh",
    },
    "gemma3_text": {**SMALL, "model_type": "gemma3_text", "head_dim": 128, "sliding_window": 4096},
    "phi3": {
        **SMALL, "model_type": "phi3", "tie_word_embeddings": False, "sliding_window": None,
        "pad_token_id": 0,
    },
    "olmo2": {**SMALL, "model_type": "olmo2", "tie_word_embeddings": False},
    "granite": {**SMALL, "model_type": "granite", "tie_word_embeddings": True},
    "olmo3": {**SMALL, "model_type": "olmo3", "sliding_window": 4096},
    "exaone4": {
        **SMALL, "model_type": "exaone4", "sliding_window": 4096, "sliding_window_pattern": 4
    },
    "ernie4_5": {**SMALL, "model_type": "ernie4_5", "head_dim": 128},
    "hunyuan_v1_dense": {**SMALL, "model_type": "hunyuan_v1_dense", "head_dim": 128},
    "glm": {**SMALL, "model_type": "glm", "head_dim": 128, "pad_token_id": 0},
    "glm4": {**SMALL, "model_type": "glm4", "head_dim": 128, "pad_token_id": 0},
    "smollm3": {
        **SMALL, "model_type": "smollm3", "tie_word_embeddings": True, "pad_token_id": 0,
        "bos_token_id": 1, "eos_token_id": 2,
    },
}  # fmt: skip
ALIKE = 0.02
"""No length is as round as those that a GPU is given, and small things count on a small model."""

LORA = {"kind": "lora", "checkpointing": True, "rows": 4, "length": 256}
METHODS: dict[str, dict[str, Any]] = {
    "lora": LORA,
    "lora, all kept": {**LORA, "checkpointing": False},
    "lora, masked": {**LORA, "checkpointing": False, "masked": True},
    "lora, eager": {**LORA, "checkpointing": False, "attention": "eager"},
    "lora, pure": {**LORA, "checkpointing": False, "pure_bf16": True},
    "lora, norms": {**LORA, "checkpointing": False, "upcast_layernorm": True},
    "dora": {**LORA, "checkpointing": False, "dora": True},
    "oft": {**LORA, "kind": "oft"},
    "oft, all kept": {**LORA, "kind": "oft", "checkpointing": False},
    "block": {**LORA, "kind": "block"},
    "block, all kept": {**LORA, "kind": "block", "checkpointing": False},
    "full": {**LORA, "kind": "full"},
    "full, all kept": {**LORA, "kind": "full", "checkpointing": False},
    "full, pure": {**LORA, "kind": "full", "pure_bf16": True},
    "full, accumulated": {**LORA, "kind": "full", "accumulation": 2},
    "freeze": {**LORA, "kind": "freeze"},
    "freeze, all kept": {**LORA, "kind": "freeze", "checkpointing": False},
}
CASES = [
    *(("qwen2", method) for method in METHODS),
    *((family, method) for family in SHAPES for method in ("lora, all kept", "full, all kept")),
]


def said(case: dict[str, Any]) -> dict[str, int]:
    """Return what the law says of a case."""
    shape = read_shape(case["shape"])
    assert isinstance(shape, Shape)
    adapts, pure = case["kind"] in ("lora", "oft"), case.get("pure_bf16", False)
    method = Method(
        kind=case["kind"], rank=8, layers=2, dora=case.get("dora", False),
        casts=not pure and case["kind"] != "block",
        targets=frozenset(one.name for one in shape.linears) if adapts else frozenset(),
        rotation=Rotation() if case["kind"] == "oft" else None,
        autocast=not pure, upcast_norms=case.get("upcast_layernorm", False),
        checkpointing=case["checkpointing"], attention=case.get("attention", "sdpa"),
        accumulation=case.get("accumulation", 1),
    )  # fmt: skip
    batch = Batch(case["rows"], case["length"], case.get("masked", False))
    found = training_moments(shape, method, batch), evaluation_moments(shape, method, batch)
    peaks = {}
    for phase, moments in zip(("training", "evaluation"), found):
        assert not isinstance(moments, Unknown)
        peaks[phase] = max(one.total for one in moments) - WORKSPACE
    return peaks


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str], dict[str, int]]:
    """What real models hold, by family and method."""
    python = environments.ensure("0.9.5")
    cases = {key: {**METHODS[key[1]], "shape": SHAPES[key[0]]} for key in dict.fromkeys(CASES)}
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("memory_runner.py"))],
        input="".join(json.dumps(case) + "\n" for case in cases.values()),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(zip(cases, map(json.loads, done.stdout.splitlines())))


@pytest.mark.parametrize("key", dict.fromkeys(CASES), ids=" ".join)
def test_the_law_says_what_a_real_model_holds(
    key: tuple[str, str], measured: dict[tuple[str, str], dict[str, int]]
) -> None:
    found, told = measured[key], said({**METHODS[key[1]], "shape": SHAPES[key[0]]})
    for phase, size in told.items():
        assert size == pytest.approx(found[phase], rel=ALIKE), phase

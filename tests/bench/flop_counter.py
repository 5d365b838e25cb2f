"""Counts FLOPs of real training steps with torch; runs in an environment that has it.

Reads cases as JSON from standard input, one list, and prints a list of counts. A case has `family`,
`shape` (as `flops.Shape`), `tied`, `method` (full, freeze, lora), `layers`, `rank`, `targets`,
`whole` (modules that learn whole beside those), `inputs`, `checkpointing`, `reentrant`, `rows`,
`length`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config


def build(case: dict[str, Any]) -> Any:
    """Return a small random model set up for a method."""
    shape = case["shape"]
    family = {"llama": LlamaConfig, "qwen2": Qwen2Config}[case["family"]]
    config = family(
        num_hidden_layers=shape["layers"],
        hidden_size=shape["hidden"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv_heads"],
        head_dim=shape["head_dim"],
        intermediate_size=shape["mlp"],
        vocab_size=shape["vocab"],
        tie_word_embeddings=case["tied"],
        use_cache=False,
    )
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    model.train()
    if case["method"] == "freeze":
        kept = tuple(f".layers.{number}." for number in case["layers"])
        for name, weight in model.named_parameters():
            weight.requires_grad_(any(part in name for part in (*kept, *case["whole"])))
    if case["method"] == "lora":
        lora = LoraConfig(
            r=case["rank"], target_modules=case["targets"], lora_dropout=0.0, task_type="CAUSAL_LM",
            modules_to_save=case["whole"] or None,
        )  # fmt: skip
        model = get_peft_model(model, lora)
    if case["checkpointing"]:
        checkpoint_as_llamafactory(model, case["reentrant"])
    elif case["inputs"]:
        model.enable_input_require_grads()
    return model


def checkpoint_as_llamafactory(model: Any, reentrant: bool) -> None:
    """Checkpoint layers that learn only, and let their input require a gradient."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    for layer in base.model.layers:
        if any(weight.requires_grad for weight in layer.parameters()):
            layer.forward = wrapped(layer.forward, reentrant)


def wrapped(forward: Any, reentrant: bool) -> Any:
    def run(hidden: Any, *rest: Any, **named: Any) -> Any:
        hidden.requires_grad_(True)
        return checkpoint(
            lambda stream: forward(stream, *rest, **named), hidden, use_reentrant=reentrant
        )

    return run


def count(case: dict[str, Any]) -> int:
    """Return the FLOPs of forward and backward over one batch."""
    torch.manual_seed(0)
    model = build(case)
    ids = torch.randint(0, case["shape"]["vocab"], (case["rows"], case["length"]))
    counter = FlopCounterMode(display=False)
    with counter:
        model(input_ids=ids, labels=ids).loss.backward()
    return int(counter.get_total_flops())


if __name__ == "__main__":
    print(json.dumps([count(case) for case in json.load(sys.stdin)]))

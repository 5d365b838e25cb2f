"""Random models of a few thousand parameters, of several architectures. Runs inside a LLaMA Factory
environment.

Usage: `architectures.py TOKENIZER FOLDER`: writes each model into FOLDER, with a copy of the
tokenizer, and prints one JSON object: kind -> names of the layers that an adapter can be put on.
Vision models come without a processor: they train on text under a template without media.
"""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

TEXT = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8,
        "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2,
        "pad_token_id": 3}  # fmt: skip
VISION = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
          "num_attention_heads": 2, "image_size": 28, "patch_size": 14}  # fmt: skip
KINDS = ("llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "granite", "phi3",
         "bloom")  # fmt: skip


def text_model(kind: str, words: int) -> Any:
    """Return a language model."""
    transformers: Any = importlib.import_module("transformers")
    own = {"n_head": 2, "n_layer": 2} if kind == "bloom" else {}
    config = transformers.AutoConfig.for_model(kind, **TEXT, vocab_size=words, **own)
    return transformers.AutoModelForCausalLM.from_config(config)


def vision_models(words: int) -> dict[str, Any]:
    """Return models of a tower, a projector and a language model."""
    transformers: Any = importlib.import_module("transformers")
    text = {**TEXT, "vocab_size": words}
    configs = {
        "llava": transformers.LlavaConfig(
            text_config=transformers.LlamaConfig(**text),
            vision_config=transformers.CLIPVisionConfig(**VISION), image_token_index=5,
        ),
        "gemma3": transformers.Gemma3Config(
            text_config=text, vision_config=VISION, mm_tokens_per_image=4, image_token_index=5,
        ),
    }  # fmt: skip
    make = transformers.AutoModelForImageTextToText.from_config
    return {kind: make(config) for kind, config in configs.items()}


def layers(model: Any) -> list[str]:
    """Return the names of the linear and embedding layers."""
    named = ((name.rpartition(".")[2], type(one).__name__) for name, one in model.named_modules())
    found = {name for name, kind in named if re.search(r"Linear|(?<!Rotary)Embedding", kind)}
    return sorted(found)


def main() -> None:
    """Build them all."""
    tokenizer, folder = Path(sys.argv[1]), Path(sys.argv[2])
    words = len(importlib.import_module("transformers").AutoTokenizer.from_pretrained(tokenizer))
    models = {kind: text_model(kind, words) for kind in KINDS} | vision_models(words)
    for kind, model in models.items():
        model.save_pretrained(folder / kind)
        for file in tokenizer.glob("*token*"):
            shutil.copy(file, folder / kind)
    print(json.dumps({kind: layers(model) for kind, model in models.items()}))


if __name__ == "__main__":
    main()

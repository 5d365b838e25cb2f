"""Train a small byte-level BPE tokenizer for a random model: `python -m ftbench.models.bpe FOLDER`.

FOLDER has `config.json` and `text`; the tokenizer's files are added. Its tokens are fewer than the
architecture's vocabulary, which stays as it is: embeddings and head cost what they really cost.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

LARGEST = 32_000
ROOM = 64
"""Entries of the vocabulary left to what templates add."""

SPECIAL = tuple(
    """<|endoftext|> <|im_start|> <|im_end|> <|begin_of_text|> <|end_of_text|> <|eot_id|>
    <|eom_id|> <|start_header_id|> <|end_header_id|> <s> </s> <pad> <think> </think>""".split()
)
"""Words that templates are written in, each one token as in the models they were made for."""


def train(text: str, size: int) -> Any:
    """Return a tokenizer of at most `size` tokens; of single bytes where there is no text."""
    tokenizers: Any = importlib.import_module("tokenizers")
    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=list(SPECIAL),
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(text.splitlines(), trainer)
    return core


def main(folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, and their ids into config.json."""
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    core = train(
        (folder / "text").read_text(encoding="utf-8"), min(shape["vocab_size"] - ROOM, LARGEST)
    )
    llama = shape.get("model_type") == "llama"
    begin, end = ("<|begin_of_text|>", "<|end_of_text|>") if llama else (None, "<|endoftext|>")
    core.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": begin,
        "eos_token": end,
        "pad_token": "<|endoftext|>",
        "model_max_length": 1_000_000,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    shape["eos_token_id"] = core.token_to_id(end)
    shape["bos_token_id"] = None if begin is None else core.token_to_id(begin)
    (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

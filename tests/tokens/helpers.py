"""A project with data, and a model whose tokenizer takes every word for a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

tokenizers = pytest.importorskip("tokenizers")

HEAD = {
    "model_name_or_path": "model",
    "stage": "sft",
    "do_train": True,
    "finetuning_type": "lora",
    "template": "default",
    "dataset": "faq",
    "dataset_dir": "data",
    "output_dir": "out",
    "cutoff_len": 2048,
}
INTRODUCTION = 5
"""Tokens of `Human: ` and `\\nAssistant:` around a question: words, colons and the mark between."""


def write_model(folder: Path) -> None:
    """Write a tokenizer of whole words; whatever is no word is a token of its own."""
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.add_special_tokens(["</s>"])
    folder.mkdir()
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}), "utf-8")


def words(count: int) -> str:
    return " ".join(["word"] * count)


def write_data(folder: Path, rows: list[dict[str, Any]], **definition: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "faq.json").write_text(json.dumps(rows), "utf-8")
    table = {"faq": {"file_name": "faq.json", **definition}}
    (folder / "dataset_info.json").write_text(json.dumps(table), "utf-8")


def asked(question: int, answer: int) -> dict[str, str]:
    """Return a row of so many words."""
    return {"instruction": words(question), "input": "", "output": words(answer)}


def config_of(**keys: Any) -> str:
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in {**HEAD, **keys}.items())

"""A folder in which any config of the tests can really train: a random model of a few thousand
parameters, an adapter for it, small data of every kind and, once trainer.py has run, a checkpoint.

Runs inside a LLaMA Factory environment. Configs name the parts relative to the folder:
`model_name_or_path: tiny`, `adapter_name_or_path: adapter`, `dataset_dir: data` (the default) with
the names of `DATASETS`, `hub/alpaca`, which is read as a dataset of the hub is,
`new_special_tokens_config: tokens.yaml`, `output_dir: ran` with its `checkpoint-1`.
"""

from __future__ import annotations

import importlib
import json
import random
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

EDITION = "3"
"""Written beside the fixture: another edition means that it is built again."""

VOCABULARY = 100
LAYERS = 2

PAIRWISE = {"prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"}
LABELLED = {"prompt": "instruction", "query": "input", "response": "output", "kto_tag": "kto_tag"}
DATASETS: dict[str, dict[str, Any]] = {
    "alpaca": {"rows": 24},
    "alpaca_b": {"rows": 10},
    "held_out": {"rows": 6},
    "chats": {"rows": 12, "formatting": "sharegpt"},
    "pairs": {"rows": 16, "ranking": True, "columns": PAIRWISE},
    "labelled": {"rows": 16, "columns": LABELLED},
    "corpus": {"rows": 40, "columns": {"prompt": "text"}},
}
"""Name -> number of rows and the entry of dataset_info.json, but for its file name."""


def _words(rng: random.Random, low: int = 2, high: int = 8) -> str:
    return " ".join(f"w{rng.randrange(VOCABULARY)}" for _ in range(rng.randint(low, high)))


def _row(name: str, index: int, rng: random.Random) -> dict[str, Any]:
    if name == "corpus":
        return {"text": _words(rng, 8, 30)}
    if name == "chats":
        turns = [("human", _words(rng)), ("gpt", _words(rng))]
        return {"conversations": [{"from": who, "value": text} for who, text in turns]}
    row: dict[str, Any] = {"instruction": _words(rng), "input": ""}
    if name == "pairs":
        return {**row, "chosen": _words(rng), "rejected": _words(rng)}
    row["output"] = _words(rng)
    return {**row, "kto_tag": index % 2 == 0} if name == "labelled" else row


def build_data(folder: Path) -> None:
    """Write `dataset_info.json` and one JSON file a data set."""
    folder.mkdir(parents=True)
    info = {}
    for name, entry in DATASETS.items():
        rng = random.Random(name)
        rows = [_row(name, index, rng) for index in range(entry["rows"])]
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        extra = {key: value for key, value in entry.items() if key != "rows"}
        info[name] = {"file_name": f"{name}.json", **extra}
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=1), encoding="utf-8")


def build_model(folder: Path, adapter: Path) -> None:
    """Write a random Llama with a word-level tokenizer, and a LoRA adapter for it."""
    tokenizers: Any = importlib.import_module("tokenizers")
    transformers: Any = importlib.import_module("transformers")
    peft: Any = importlib.import_module("peft")
    words = ["<unk>", "<s>", "</s>", "<pad>", *(f"w{i}" for i in range(VOCABULARY))]
    vocabulary = {word: index for index, word in enumerate([*words, "Human:", "Assistant:"])}
    core = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    core.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        model_max_length=100000,
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }} : {{ m['content'] }} {% endfor %}"
    )
    tokenizer.save_pretrained(folder)
    config = transformers.LlamaConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        num_key_value_heads=2,
        vocab_size=len(vocabulary),
        max_position_embeddings=4096,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
    )
    model = transformers.LlamaForCausalLM(config)
    model.save_pretrained(folder)
    lora = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    peft.get_peft_model(model, lora).save_pretrained(adapter)


def build(folder: Path) -> dict[str, str]:
    """Build the whole fixture; `folder` must not exist."""
    build_data(folder / "data")
    (folder / "hub" / "alpaca").mkdir(parents=True)
    shutil.copy(folder / "data" / "alpaca.json", folder / "hub" / "alpaca")
    build_model(folder / "tiny", folder / "adapter")
    tokens = "<x>: w1 w2\n<y>: w3\n"
    (folder / "tokens.yaml").write_text(tokens, encoding="utf-8")
    (folder / "edition").write_text(EDITION, encoding="utf-8")
    return {"edition": EDITION}

"""Rows, templates and keys by which tokens are counted here and in real releases.

The tokenizer is a small one, trained on these very rows; some of the marks of templates are tokens
of it, some are not.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from ftlint.datasets import Cache, Question, measure
from ftlint.facts.effective import effective
from ftlint.support.disk import Disk
from ftlint.target.keys import catalogue_of
from ftlint.target.releases import resolve_target
from ftlint.tokens.cutting import cut, kl_lengths
from ftlint.tokens.measure import DatasetTokens, Measure

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = (
    *("alpaca", "chatml", "cohere", "deepseek", "deepseekr1", "default", "empty", "gemma"),
    *("glm4", "granite3", "intern2", "llama2", "llama3", "mistral", "phi4", "qwen", "qwen3"),
    *("vicuna", "yi", "zephyr"),
)
LATER = {
    "0.9.4": ("bailing_v2", "glm4_moe", "minimax1", "seed_oss", "gpt_oss", "ernie_nothink"),
    "0.9.5": (
        *("bailing_v2", "glm4_7", "minimax1", "minimax2", "seed_oss", "gemma4", "lfm2", "qwen3_5"),
        *("gpt_oss", "aeva", "mimo"),
    ),
}
"""Templates of later releases, for their formats of tools and their thoughts."""
WORDS = """the of and to in is you that it for was on are as with his they at be this from have or
by one had not but what all were when we there can an your which their if do will each about how up
out them then she many some so these would other into has more her two like him see time could
你好 模型 训练 数据 éclair naïve über 12 345 6.78 def return for_each {} [] () <tag> 🙂""".split()


def text(rng: Random, low: int = 1, high: int = 40) -> str:
    """Return some words; now and then on several lines, with marks of templates among them."""
    words = [rng.choice(WORDS) for _ in range(rng.randint(low, high))]
    if rng.random() < 0.15:
        words.insert(rng.randrange(len(words)), rng.choice(MARKS))
    return rng.choice((" ", " ", " ", "\n")).join(words)


MARKS = ("<|im_end|>", "</s>", "{{content}}", "{{idx}}", "<think>", "\n\n", "  ", "</think>")
ARGUMENTS = {"city": {"type": "string", "description": "where", "enum": ["Bern", "Köln"]},
             "days": {"type": "array", "items": {"type": "integer"}}}  # fmt: skip
TOOLS = [
    {"name": "weather", "description": "tells it",
     "parameters": {"type": "object", "properties": ARGUMENTS, "required": ["city"]}},
    {"type": "function",
     "function": {"name": "now", "description": "the time",
                  "parameters": {"type": "object", "properties": {}}}},
]  # fmt: skip


def answer(rng: Random) -> str:
    """Return an answer, with a thought or without."""
    kind = rng.random()
    if kind < 0.2:
        return f"<think>\n{text(rng)}\n</think>\n\n{text(rng)}"
    if kind < 0.25:
        return f"<think>{text(rng)}</think>{text(rng)}"
    return "" if kind < 0.3 else text(rng)


def call(rng: Random, *, one: bool = False) -> str:
    """Return a call of tools as rows of sharegpt have it."""
    calls = [{"name": "weather", "arguments": {"city": rng.choice(WORDS), "days": [1, 2]}},
             {"name": "now", "arguments": {}}]  # fmt: skip
    made = json.dumps(calls[0] if one or rng.random() < 0.6 else calls, ensure_ascii=False)
    return f"<think>\n{text(rng)}\n</think>\n\n{made}" if not one and rng.random() < 0.2 else made


def turns(
    rng: Random, *, tools: bool, odd: bool = False, one: bool = False
) -> list[dict[str, str]]:
    """Return turns of sharegpt."""
    said = []
    for _ in range(rng.randint(1, 3)):
        said.append({"from": "human", "value": text(rng)})
        if tools and rng.random() < 0.5:
            said.append({"from": "function_call", "value": call(rng, one=one)})
            said.append({"from": "observation", "value": text(rng)})
        said.append({"from": "gpt", "value": answer(rng)})
    return said[:-1] if odd else said


def data(count: int = 30, seed: int = 1) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return datasets by name: definition and rows."""
    rng = Random(seed)
    tools = json.dumps(TOOLS)
    roles = {"human": "user", "gpt": "assistant", "function_call": "assistant",
             "observation": "tool"}  # fmt: skip
    alpaca = [
        {"instruction": text(rng), "input": text(rng) if rng.random() < 0.5 else "",
         "output": answer(rng), "system": text(rng) if rng.random() < 0.3 else "",
         "history": [[text(rng), answer(rng)] for _ in range(rng.randrange(3))]}
        for _ in range(count)
    ]  # fmt: skip
    sharegpt = [
        {"conversations": [
            *([{"from": "system", "value": text(rng)}] if rng.random() < 0.3 else []),
            *turns(rng, tools=place % 2 == 0, odd=place % 11 == 10, one=True)],
         "tools": tools if place % 2 == 0 else ""}
        for place in range(count)
    ]  # fmt: skip
    thoughts = [{"conversations": turns(rng, tools=True), "tools": tools} for _ in range(count)]
    openai = [
        {"messages": [
            *([{"role": "system", "content": text(rng)}] if rng.random() < 0.5 else []),
            *({"role": roles[one["from"]], "content": one["value"]}
              for one in turns(rng, tools=False))],
         "tools": rng.choice([tools, ""])}
        for _ in range(count)
    ]  # fmt: skip
    pairs = [
        {"conversations": turns(rng, tools=False, odd=True),
         "chosen": {"from": "gpt", "value": answer(rng)},
         "rejected": {"from": "gpt", "value": answer(rng)}}
        for _ in range(count)
    ]  # fmt: skip
    kto = [
        {"instruction": text(rng), "output": answer(rng) or "yes", "label": rng.random() < 0.5}
        for _ in range(count)
    ]
    documents = [{"text": text(rng, 1, 90)} for _ in range(count)]
    openai_tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user",
                   "assistant_tag": "assistant", "observation_tag": "tool",
                   "function_tag": "function", "system_tag": "system"}  # fmt: skip
    return {
        "alpaca": (
            {"columns": {"prompt": "instruction", "query": "input", "response": "output",
                         "system": "system", "history": "history"}}, alpaca),
        "sharegpt": (
            {"formatting": "sharegpt",
             "columns": {"messages": "conversations", "tools": "tools"}}, sharegpt),
        "thoughts": (
            {"formatting": "sharegpt",
             "columns": {"messages": "conversations", "tools": "tools"}}, thoughts),
        "openai": (
            {"formatting": "openai", "columns": {"messages": "messages", "tools": "tools"},
             "tags": openai_tags}, openai),
        "pairs": (
            {"formatting": "sharegpt", "ranking": True,
             "columns": {"messages": "conversations", "chosen": "chosen",
                         "rejected": "rejected"}}, pairs),
        "kto": (
            {"columns": {"prompt": "instruction", "response": "output", "kto_tag": "label"}}, kto),
        "documents": ({"columns": {"prompt": "text"}}, documents),
    }  # fmt: skip


STAGE = {"alpaca": "sft", "sharegpt": "sft", "thoughts": "sft", "openai": "sft", "pairs": "dpo",
         "kto": "kto", "documents": "pt"}  # fmt: skip


def write(folder: Path, seed: int = 1) -> None:
    """Write the datasets and their table."""
    table = {}
    for name, (definition, rows) in data(seed=seed).items():
        (folder / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
        table[name] = {"file_name": f"{name}.json", **definition}
    (folder / "dataset_info.json").write_text(json.dumps(table), "utf-8")


def build_tokenizer(folder: Path, *, bos: bool = True) -> None:
    """Write a tokenizer: BPE of bytes, some marks of templates among its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<|im_start|>", "<|user|>", "<|assistant|>", "[INST]"]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    rng = Random(0)
    made.train_from_iterator([text(rng) for _ in range(300)], trainer)
    folder.mkdir(exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    marks = {"eos_token": "</s>", **({"bos_token": "<s>"} if bos else {})}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 100000, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}), "utf-8")


def variants(stage: str, turn: int) -> tuple[dict[str, Any], ...]:
    """Return keys that have a part in the tokens of a row; another half of them in each turn."""
    return _variants(stage)[turn % 2 :: 2]


def _variants(stage: str) -> tuple[dict[str, Any], ...]:
    if stage == "pt":
        return {"cutoff_len": 2048, "packing": False}, {"cutoff_len": 48, "packing": False}
    if stage != "sft":
        return {"cutoff_len": 2048}, {"cutoff_len": 64, "enable_thinking": False}
    return (
        {"cutoff_len": 2048, "add_special_tokens": "<tag>,the"},
        {"cutoff_len": 48, "train_on_prompt": True, "enable_thinking": None},
        {"cutoff_len": 64, "mask_history": True, "enable_thinking": False},
        {"cutoff_len": 300, "mask_history": True, "default_system": "be kind"},
    )


def counted(
    release: str, folder: Path, model: Path, config: dict[str, Any]
) -> tuple[list[list[int]], DatasetTokens]:
    """Return the tokens of each row in the form of `contents_runner.py`. Raises NotCounted."""
    target = resolve_target(release)
    values = effective(config, catalogue_of(target, "train"))
    stage = config["stage"]
    (size,) = measure(
        [config["dataset"]], dataset_dir=str(folder), cwd=str(folder),
        question=Question("rm" if stage == "dpo" else stage), disk=Disk(),
    )  # fmt: skip
    cache = Cache(None)
    tokens = Measure(config, values, target, str(model), Disk(), cache)
    found = tokens.of(size, str(folder), str(folder), None, Disk())
    parts = [row for row in found.encoded.rows() if row]
    rows = [cut(row, found.how) for row in parts]
    learned = [row.length if config.get("train_on_prompt") else row.kept for row in rows]
    if stage == "dpo":
        return ([[max(r.length, r.second), min(r.length, r.second), n]
                     for r, n in zip(rows, learned)], found)  # fmt: skip
    if stage == "kto":
        second = kl_lengths(parts, found.how)
        return ([[r.length, kl, n] for r, kl, n in zip(rows, second, learned)], found)
    return ([[row.length, n] for row, n in zip(rows, learned)], found)

"""Small tokenizers in the forms of published ones: model, normalizer, pre-tokenizer and class.

Each is trained on the rows of `lengths`, so that its tokens are not those of any published model.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from tests.oracle.lengths import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 700
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA_3 = QWEN.replace(r"\p{N}| ", r"\p{N}{1,3}| ")


def _texts() -> list[str]:
    rng = Random(0)
    return [text(rng) for _ in range(300)]


def _byte_level(pattern: str, special: list[str], *, nfc: bool) -> Any:
    """BPE of bytes, as GPT-2 began it: Qwen, Llama 3 and most of today's."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, trainers
    from tokenizers import pre_tokenizers as pre

    made = Tokenizer(models.BPE(ignore_merges=not nfc))
    made.normalizer = normalizers.NFC() if nfc else None
    split = pre.Split(Regex(pattern), "isolated")
    made.pre_tokenizer = pre.Sequence([split, pre.ByteLevel(False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    alphabet = pre.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(_texts(), trainer)
    return made


def _sentencepiece(special: list[str], normalizer: Any, pre_tokenizer: Any) -> Any:
    """BPE of SentencePiece: what it does not know falls back to bytes."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, trainers
    from tokenizers import pre_tokenizers as pre

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, show_progress=False)
    raw.train_from_iterator([one.encode("ascii", "ignore").decode() for one in _texts()], trainer)
    model = json.loads(raw.to_str())["model"]
    names = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), *model["vocab"]]
    vocab = {name: place for place, name in enumerate(dict.fromkeys(names))}
    merges = [tuple(one) if isinstance(one, list) else tuple(one.split(" "))
              for one in model["merges"]]  # fmt: skip
    made = Tokenizer(
        models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    if normalizer is not None:
        made.normalizer = normalizer
    if pre_tokenizer is not None:
        made.pre_tokenizer = pre_tokenizer
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    made.add_special_tokens([AddedToken(one, normalized=False) for one in special])
    return made


def _qwen() -> tuple[Any, dict[str, Any]]:
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    named = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "add_bos_token": False}
    return _byte_level(QWEN, special, nfc=True), {"tokenizer_class": "Qwen2Tokenizer", **named}


def _llama_3() -> tuple[Any, dict[str, Any]]:
    from tokenizers import processors

    begin, end = "<|begin_of_text|>", "<|end_of_text|>"
    marks = ["<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"]
    made = _byte_level(LLAMA_3, [begin, end, *marks], nfc=False)
    template = processors.TemplateProcessing(single=f"{begin} $A", special_tokens=[(begin, 0)])
    made.post_processor = template
    named = {"bos_token": begin, "eos_token": "<|eot_id|>"}
    return made, {"tokenizer_class": "PreTrainedTokenizerFast", **named}


SENTENCEPIECE = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}


def _llama_2() -> tuple[Any, dict[str, Any]]:
    from tokenizers import normalizers

    normal = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made = _sentencepiece(["<unk>", "<s>", "</s>"], normal, None)
    return made, {"tokenizer_class": "LlamaTokenizer", "legacy": True, "add_bos_token": True,
                  "add_eos_token": False, **SENTENCEPIECE}  # fmt: skip


def _mistral() -> tuple[Any, dict[str, Any]]:
    from tokenizers import pre_tokenizers as pre

    split = pre.Metaspace(prepend_scheme="first", split=False)
    made = _sentencepiece(["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], None, split)
    return made, {"tokenizer_class": "LlamaTokenizer", "legacy": False, "add_bos_token": True,
                  "add_eos_token": False, **SENTENCEPIECE}  # fmt: skip


def _gemma() -> tuple[Any, dict[str, Any]]:
    from tokenizers import normalizers
    from tokenizers import pre_tokenizers as pre

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    split = pre.Split(" ", "merged_with_previous")
    made = _sentencepiece(special, normalizers.Replace(" ", "▁"), split)
    return made, {"tokenizer_class": "GemmaTokenizer", "bos_token": "<bos>", "eos_token": "<eos>",
                  "pad_token": "<pad>", "unk_token": "<unk>", "add_bos_token": True}  # fmt: skip


def _unigram() -> tuple[Any, dict[str, Any]]:
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from tokenizers import pre_tokenizers as pre

    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
    made.pre_tokenizer = pre.Metaspace(prepend_scheme="always")
    made.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(_texts(), trainer)
    return made, {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>",
                  **SENTENCEPIECE}  # fmt: skip


def _wordpiece() -> tuple[Any, dict[str, Any]]:
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from tokenizers import pre_tokenizers as pre

    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=SIZE, special_tokens=special, show_progress=False
    )
    made.train_from_iterator(_texts(), trainer)
    return made, {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]",
                  "eos_token": "[SEP]", "bos_token": "[CLS]", "pad_token": "[PAD]"}  # fmt: skip


FORMS: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "qwen": _qwen, "llama3": _llama_3, "llama2": _llama_2, "mistral": _mistral, "gemma": _gemma,
    "unigram": _unigram, "wordpiece": _wordpiece,
}  # fmt: skip
TEMPLATES = {
    "qwen": ("qwen", "qwen3"), "llama3": ("llama3",), "llama2": ("llama2", "default"),
    "mistral": ("mistral",), "gemma": ("gemma",), "unigram": ("default", "vicuna"),
    "wordpiece": ("chatml", "default"),
}  # fmt: skip
"""Of each form the templates that its models are trained with."""


def build(form: str, folder: Path) -> None:
    """Write a tokenizer of a form."""
    made, settings = FORMS[form]()
    folder.mkdir(exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    settings = {"model_max_length": 100_000, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    kinds = {"qwen": "qwen2", "gemma": "gemma", "mistral": "mistral"}
    config = {"model_type": kinds.get(form, "llama")}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")

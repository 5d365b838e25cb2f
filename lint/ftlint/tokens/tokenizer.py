"""A `tokenizer.json` that counts tokens, with the marks that LLaMA Factory adds to it.

Needs the `tokenizers` library (`ftlint[tokens]`), imported only here and only when asked for. A
tokenizer is taken to be what its two files say, as transformers' `PreTrainedTokenizerFast` takes
it; of one whose class builds itself anew, transformers 5 takes vocabulary and merges alone. Source:
transformers `tokenization_utils_fast.py` (4.52 to 4.57), `tokenization_utils_tokenizers.py` (5.6),
LLaMA Factory `model/patcher.py` patch_tokenizer, `data/template.py` fix_special_tokens (0.9.3 to
0.9.5).
"""

from __future__ import annotations

import json

from ftlint.support.disk import ReadFailure
from ftlint.tokens.chat import NotCounted
from ftlint.tokens.writing import Marks
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ftlint.support.disk import Disk
    from ftlint.tokens.chat import Chat
    from ftlint.tokens.writing import Piece

MOST = 64 << 20
"""Bytes of a tokenizer.json; the largest that are published have about 30 MiB."""
REMEMBERED = 512
"""Characters of a text that is remembered with its tokens: slots and system turns come again."""
FEW = 200_000
END = "<|endoftext|>"
ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


REBUILT_SINCE = (5,)
_LLAMA = {
    "fuse_unk": True, "byte_fallback": True, "unk_token": None, "dropout": None,
    "continuing_subword_prefix": None, "end_of_word_suffix": None, "ignore_merges": False,
}  # fmt: skip
"""The model that `LlamaTokenizer` makes of vocabulary and merges."""


class TokenizerFiles(NamedTuple):
    """What a folder says of its tokenizer: `tokenizer.json` and `tokenizer_config.json`."""

    tokenizer: bytes
    config: Mapping[str, Any]

    def rebuilt(self, transformers: tuple[int, ...]) -> TokenizerFiles:
        """Return what a release of transformers makes of them.

        5 asks nobody whether a text begins with a mark: `add_bos_token` counts where there is no
        `tokenizer.json`. A `LlamaTokenizer` splits at spaces, whatever its file says; those of
        Qwen 2 and Gemma build themselves as their files are.
        """
        if transformers < REBUILT_SINCE:
            return self
        config = {key: value for key, value in self.config.items() if key != "add_bos_token"}
        if str(config.get("tokenizer_class")).removesuffix("Fast") != "LlamaTokenizer":
            return self._replace(config=config)
        told = _object(self.tokenizer)
        model = told.get("model")
        if not isinstance(model, dict) or model.get("type") != "BPE":
            raise NotCounted(
                "`tokenizer.json` is not of the class that tokenizer_config.json names"
            )
        first = config.get("add_prefix_space", True) in (True, None)
        scheme = ("always" if config.get("legacy") else "first") if first else "never"
        told["model"] = {**model, **_LLAMA}
        told["normalizer"] = None
        told["pre_tokenizer"] = {
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": False,
        }  # fmt: skip
        return TokenizerFiles(json.dumps(told).encode("utf-8", "surrogatepass"), config)

    def digest(self) -> str:
        """Return what tells this tokenizer from another."""
        from hashlib import sha256

        told = json.dumps(self.config, sort_keys=True, default=str)
        return sha256(self.tokenizer + told.encode("utf-8", "surrogatepass")).hexdigest()


def read_files(folder: str, disk: Disk) -> TokenizerFiles:
    """Return the files of a tokenizer. Raises NotCounted."""
    text = disk.read(f"{folder}/tokenizer.json", MOST + 1)
    if isinstance(text, ReadFailure):
        raise NotCounted(f"`tokenizer.json` of the model: {text.reason}")
    if len(text) > MOST:
        raise NotCounted(f"`tokenizer.json` is larger than {MOST >> 20} MiB")
    said = _object(disk.read(f"{folder}/special_tokens_map.json", MOST))
    return TokenizerFiles(
        text, {**said, **_object(disk.read(f"{folder}/tokenizer_config.json", MOST))}
    )


def _object(text: bytes | ReadFailure) -> dict[str, Any]:
    if isinstance(text, ReadFailure):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class Additions(NamedTuple):
    """What a config adds to its tokenizer."""

    tokens: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    split_special: bool = False


def additions_of(values: Mapping[str, Any]) -> Additions:
    """Return what a config adds. Raises NotCounted."""
    if values.get("new_special_tokens_config"):
        raise NotCounted("`new_special_tokens_config` adds tokens that are not looked at")
    special = values.get("add_special_tokens") or values.get("new_special_tokens")
    return Additions(
        _listed(values.get("add_tokens")), _listed(special),
        bool(values.get("split_special_tokens")),
    )  # fmt: skip


def _listed(value: object) -> tuple[str, ...]:
    found = value.split(",") if isinstance(value, str) else value
    return tuple(str(one).strip() for one in found) if isinstance(found, (list, tuple)) else ()


def has_library() -> bool:
    """Return whether the `tokenizers` library is installed."""
    from importlib.util import find_spec

    return find_spec("tokenizers") is not None


class Bytes:
    """Counts what no tokenizer exceeds: one token for each byte, and one before each text.

    A normalized text may have more bytes than the one that is written.
    """

    marks = Marks("<s>", "</s>", adds_bos=True)

    def count(self, pieces: Sequence[Piece]) -> list[int]:
        """Return the most tokens that each piece can be."""
        return [piece if isinstance(piece, int) else _most(piece) for piece in pieces]


def _most(text: str) -> int:
    size = len(text.encode("utf-8", "surrogatepass"))
    if not text.isascii():
        from unicodedata import normalize

        normal = normalize("NFKD", text).encode("utf-8", "surrogatepass")
        size = max(size, len(normal))
    return size + 1


class Tokenizer:
    """Counts tokens. Raises NotCounted for files that the library does not read."""

    def __init__(self, files: TokenizerFiles, chat: Chat, additions: Additions) -> None:
        try:
            from tokenizers import Tokenizer as Library
        except ImportError as error:
            raise NotCounted("needs tokenizers: pip install 'ftlint[tokens]'") from error
        try:
            self._library = Library.from_str(files.tokenizer.decode("utf-8"))
        except Exception as error:  # the library raises nothing narrower
            raise NotCounted("`tokenizer.json` cannot be read") from error
        self._library.no_truncation()
        self._library.no_padding()
        self._known: dict[str, int] = {}
        named = {role: _content(files.config.get(f"{role}_token")) for role in ROLES}
        self._add_own(files.config, named)
        if additions.tokens:
            self._library.add_tokens(list(additions.tokens))
        if additions.special:
            self._library.add_special_tokens(list(additions.special))
        self.marks = Marks(named["bos"], self._eos(named["eos"], chat),
                           bool(files.config.get("add_bos_token")))  # fmt: skip
        if additions.split_special:
            self._library.encode_special_tokens = True

    def _add_own(self, config: Mapping[str, Any], named: Mapping[str, str | None]) -> None:
        """Add the tokens that tokenizer_config.json names, as those of tokenizer.json are."""
        from tokenizers import AddedToken

        listed = config.get("added_tokens_decoder")
        known = {one.content for one in self._library.get_added_tokens_decoder().values()}
        own = (
            sorted(listed.items(), key=lambda one: int(one[0])) if isinstance(listed, dict) else []
        )
        for _, given in own:
            if given["content"] not in known:
                told = {key: bool(given[key]) for key in _FLAGS if key in given}
                self._add(AddedToken(given["content"], **told))
        more = config.get("additional_special_tokens") or config.get("extra_special_tokens") or ()
        others = [_content(one) for one in more] if isinstance(more, (list, tuple)) else []
        known = {one.content for one in self._library.get_added_tokens_decoder().values()}
        for content in (*named.values(), *others):
            if content is not None and content not in known:
                self._add(AddedToken(content, special=True, normalized=False))

    def _add(self, token: Any) -> None:
        add = self._library.add_special_tokens if token.special else self._library.add_tokens
        add([token])

    def _eos(self, eos: str | None, chat: Chat) -> str:
        """Make the template's stop words tokens, and return the mark that ends a text."""
        from tokenizers import AddedToken

        words, added = list(chat.stop_words), []
        if chat.replace_eos and words:
            first = words.pop(0)
            added += [first] if first != eos else []
            eos = first
        if eos is None:
            eos = END
            added.append(END)
        for word in (*added, *words):
            self._add(AddedToken(word, special=True, normalized=False))
        return eos

    def count(self, pieces: Sequence[Piece]) -> list[int]:
        """Return the tokens of each piece."""
        known = self._known
        new = [piece for piece in dict.fromkeys(pieces)
               if isinstance(piece, str) and piece not in known]  # fmt: skip
        found: dict[str, int] = {}
        if new:
            # Not `encode_batch_fast`: without offsets it takes half as long again (0.22).
            lengths = map(len, self._library.encode_batch(new, add_special_tokens=False))
            found = dict(zip(new, lengths))
            if len(known) < FEW:
                known.update(
                    (text, length) for text, length in found.items() if len(text) <= REMEMBERED
                )
        return [
            piece if isinstance(piece, int) else known[piece] if piece in known else found[piece]
            for piece in pieces
        ]


_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")


def _content(token: object) -> str | None:
    """Return a token that is written as text or as an object."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None

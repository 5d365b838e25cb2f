"""The tokens of a config's datasets: counted, or as they were counted before.

A count is kept under what it rests on: the content of the data files and of the tokenizer, the
template, and the keys that have a part in it. `cutoff_len` has none: it cuts what is kept here.
"""

from __future__ import annotations

from ftlint.datasets.faults import Doubtful, NotLoadable
from ftlint.datasets.files import around
from ftlint.datasets.reading import NoReader
from ftlint.datasets.recorded import sha256_of
from ftlint.tokens.chat import NotCounted, chat_of, known_to
from ftlint.tokens.cutting import Cut
from ftlint.tokens.drawing import drawn_rows, first_rows
from ftlint.tokens.encoding import Encoder, encode
from ftlint.tokens.kept import Store
from ftlint.tokens.tokenizer import (
    Bytes,
    Tokenizer,
    additions_of,
    has_library,
    read_files,
)
from ftlint.tokens.writing import Writer
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ftlint.datasets import Cache, DatasetEntry, DatasetSize
    from ftlint.support.disk import Disk
    from ftlint.target.releases import Target
    from ftlint.tokens.chat import Chat
    from ftlint.tokens.encoding import Encoded
    from ftlint.tokens.tokenizer import Additions, TokenizerFiles

STAGES = {"dpo": "rm"}
"""Stages whose rows are made as those of another."""
MOST = 64 << 20
"""Bytes of a dataset whose tokens are all counted without being asked for a sample."""
AGAIN = 2
"""Of the way in which tokens are counted: what was kept by another way does not count."""


class TokenRequest(NamedTuple):
    """How tokens are to be counted: of so many rows of each dataset, None for all of them.

    `most`: bytes of a dataset of which all rows are counted. `bounds`: without a tokenizer, what no
    tokenizer exceeds. `whole`: also the rows that `max_samples` leaves out. `progress` is told of a
    dataset, the rows of it that are done, and all of them.
    """

    sample: int | None = None
    most: int = MOST
    bounds: bool = True
    whole: bool = False
    progress: Callable[[str, int, int], None] | None = None


ALL = TokenRequest()


class DatasetTokens(NamedTuple):
    """The tokens of one dataset.

    `rows` are those that the run takes of it, `encoded` those that were counted: all of them, or
    with `sampled` some drawn by chance. With `at_most` there was no tokenizer, and a token counted
    for every byte. `redrawn`: the run itself draws rows by `num_samples`, in an order of its own.
    """

    name: str
    rows: int
    encoded: Encoded
    how: Cut
    sampled: bool = False
    at_most: bool = False
    redrawn: bool = False


class Measure:
    """Counts the tokens of datasets for one config. Raises NotCounted."""

    def __init__(
        self, config: Mapping[str, Any], values: Mapping[str, Any], target: Target,
        folder: str | None, disk: Disk, cache: Cache, wanted: TokenRequest = ALL,
    ) -> None:  # fmt: skip
        stage = str(values.get("stage"))
        self.stage = STAGES.get(stage, stage)
        self.values, self.cache, self.wanted = values, cache, wanted
        self.chat: Chat = chat_of(values, target.release)
        known_to(self.chat, self.stage, "cut")
        self.cut = self._cut(config)
        if values.get("train_on_prompt") and self.chat.efficient_eos:
            raise NotCounted("this template does not support `train_on_prompt`")
        self.additions: Additions = additions_of(values)
        reads = folder is not None and has_library()
        self.files: TokenizerFiles | None = None
        if folder and reads:
            self.files = read_files(folder, disk).rebuilt(target.versions[1])
        if self.files is None and not wanted.bounds:
            raise NotCounted(
                "no `tokenizer.json` of the model on this machine, or no `ftlint[tokens]`"
            )
        self.store = Store(cache.where is not None)
        self._tokenizer: Tokenizer | Bytes | None = None

    @property
    def tokenizer(self) -> Tokenizer | Bytes:
        """The tokenizer, loaded when a dataset has to be counted; without one, its bytes."""
        if self._tokenizer is None:
            self._tokenizer = (
                Bytes() if self.files is None else Tokenizer(self.files, self.chat, self.additions)
            )
        return self._tokenizer

    def _cut(self, config: Mapping[str, Any]) -> Cut:
        """Return how rows are cut; packing that is written takes a token off."""
        length = self.values.get("cutoff_len")
        if not isinstance(length, int) or isinstance(length, bool):
            raise NotCounted("`cutoff_len` is not an integer")
        packs = bool(config.get("packing") or config.get("neat_packing"))
        return Cut(
            self.stage, length - packs, self.chat.efficient_eos,
            bool(self.values.get("mask_history")), self._joined,
        )  # fmt: skip

    def of(
        self, size: DatasetSize, where: str, root: str, limit: int | None, disk: Disk
    ) -> DatasetTokens:
        """Return the tokens of a dataset whose rows were counted here."""
        entry = size.entry
        if size.source != "file" or entry is None or size.rows is None:
            raise NotCounted("its rows are not on this machine")
        if size.usable.exact != size.rows:
            raise NotCounted(f"only part of its rows is used, by the split `{entry.split}`")
        known_to(self.chat, str(entry.formatting))
        rows = size.rows if limit is None or self.wanted.whole else min(size.rows, limit)
        sample = self.wanted.sample
        sampled = sample is not None and sample < rows
        most = self.wanted.most
        if sample is None and (size.size or 0) > most:
            raise NotCounted(f"it is larger than {most >> 20} MiB: count a sample of its rows")
        disk = around(where, root, disk)
        key = self._key(size, entry, rows, sample if sampled else None, disk)
        encoded = self.store.get(key)
        if encoded is None:
            encoded = self._count(size, entry, rows, sample if sampled else None, disk)
            self.store.put(key, encoded)
        return DatasetTokens(
            size.name, rows, encoded, self.cut, sampled, self.files is None,
            entry.num_samples is not None,
        )  # fmt: skip

    def _count(
        self, size: DatasetSize, entry: DatasetEntry, rows: int, sample: int | None, disk: Disk
    ) -> Encoded:
        tokenizer = self.tokenizer
        writer = Writer(
            self.chat, tokenizer.marks, self.stage,
            mask_history=bool(self.values.get("mask_history")),
        )  # fmt: skip
        end = END_OF_TEXT if self.values.get("template") == "llama3" else tokenizer.marks.eos
        encoder = Encoder(writer, tokenizer, entry, self.stage, end or "", self._joined)
        try:
            if sample is None:
                found = first_rows(size.files, entry, rows, disk)
            else:
                found = drawn_rows(size.files, entry, rows, sample, disk)
        except (NotLoadable, Doubtful, NoReader, OSError) as error:
            raise NotCounted(f"its rows cannot be read: {error}") from error
        if entry.formatting == "openai":
            from ftlint.tokens.objects import as_loaded

            found = as_loaded(found, entry)
        tell = self.wanted.progress
        name, total = size.name, len(found)
        done = 0

        def progress(more: int) -> None:
            nonlocal done
            done = min(done + more, total)
            assert tell is not None
            tell(name, done, total)

        about = (size.size or 0) * total // max(size.rows or 1, 1)
        return encode(encoder, found, about, None if tell is None else progress)

    @property
    def _joined(self) -> bool:
        return _joins(self.values)

    def _key(
        self, size: DatasetSize, entry: DatasetEntry, rows: int, sample: int | None, disk: Disk
    ) -> str:
        """Return the digest of all that a count rests on."""
        from datetime import date

        try:
            files = [sha256_of(path, disk, self.cache) for path in size.files]
        except OSError as error:
            raise NotCounted(f"its rows cannot be read: {error}") from error
        today = date.today().isoformat() if "llama3" in self.chat.tool_format else ""
        tokenizer = self.files and self.files.digest()
        return _digest([files, tokenizer, entry[3:], rows, sample, self.way, today])

    @property
    def way(self) -> str:
        """What tells this way of writing rows from another one: all but rows and tokenizer."""
        return way_of(self.chat, self.additions, self.values)


def way_of(chat: Chat, additions: Additions, values: Mapping[str, Any]) -> str:
    """Return the digest of how a config's rows are written, as far as no tokenizer decides it."""
    written = chat._replace(code={}, tools=dict(sorted(chat.tools.items())))
    stage = str(values.get("stage"))
    history = bool(values.get("mask_history"))
    template = values.get("template")
    return _digest(
        [AGAIN, written, additions, STAGES.get(stage, stage), history, _joins(values), template]
    )


def _joins(values: Mapping[str, Any]) -> bool:
    return values.get("stage") == "pt" and values.get("packing") is not False


def _digest(told: object) -> str:
    import json
    from hashlib import sha256

    return sha256(json.dumps(told, default=str).encode("utf-8", "surrogatepass")).hexdigest()


END_OF_TEXT = "<|end_of_text|>"
"""What ends a document of stage pt under `template: llama3`."""

"""The rows of a dataset in numbers of tokens, each in the parts that are cut apart from each other.

What is kept here is uncut, so that any `cutoff_len` can be asked of it.
"""

from __future__ import annotations

import os
from array import array

from ftlint.support import pool
from ftlint.tokens.chat import NotCounted
from ftlint.tokens.conversation import convert
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ftlint.datasets.entries import DatasetEntry
    from ftlint.tokens.tokenizer import Bytes, Tokenizer
    from ftlint.tokens.writing import Pieces, Writer

CHUNK = 4 << 20
"""Bytes that are counted together: the library is a third slower with a few texts at a time, and
holds about fifty times as much while it works."""
MOST_ROWS = 4096
"""Rows that are counted together at most."""
WORTH = 2 << 20
"""Bytes that are worth a second process."""


class Encoded(NamedTuple):
    """Tokens of rows: those of row i are `parts[ends[i - 1]:ends[i]]`, none of one left out."""

    parts: array[int]
    ends: array[int]

    def __len__(self) -> int:
        return len(self.ends)

    def rows(self) -> Iterator[Sequence[int]]:
        """Yield the parts of each row."""
        start = 0
        for end in self.ends:
            yield self.parts[start:end]
            start = end


class Encoder(NamedTuple):
    """What makes tokens of the rows of one dataset."""

    writer: Writer
    tokenizer: Tokenizer | Bytes
    entry: DatasetEntry
    stage: str
    end: str = ""
    """What ends a document of stage pt."""
    joined: bool = False
    """Whether such documents are joined to blocks."""

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the tokens of rows. Raises NotCounted."""
        written = [self._written(row) for row in rows]
        pieces = [piece for parts in written for part in parts for piece in part]
        counted = iter(self.tokenizer.count(pieces))
        parts, ends = array("i"), array("q")
        for each in written:
            parts.extend(sum(next(counted) for _ in part) for part in each)
            ends.append(len(parts))
        return Encoded(parts, ends)

    def _written(self, row: Mapping[str, Any]) -> list[Pieces]:
        said = convert(row, self.entry)
        if not said.fits(self.stage):
            return []
        if self.stage == "pt":
            return self.writer.document(said.prompt[0].content, self.end, joined=self.joined)
        return self.writer.parts(said)


def encode(
    encoder: Encoder,
    rows: Sequence[Mapping[str, Any]],
    size: int,
    progress: Callable[[int], None] | None = None,
) -> Encoded:
    """Return the tokens of rows, counted by as many processes as are worth it. Raises NotCounted.

    `size`: about how many bytes the rows have.
    `progress` is told of rows that are done. In several processes the library's own threads are
    off: they cannot be shared, and the rest of the work is the interpreter's.
    """
    count = pool.processes(size, WORTH)
    share = max(-(-size // CHUNK), count)
    chunk = max(min(-(-len(rows) // share), MOST_ROWS), 1)
    starts = range(0, len(rows), chunk)
    parent = os.getpid()

    def work(place: int) -> tuple[bytes, bytes] | NotCounted:
        try:
            found = encoder.encode(rows[place : place + chunk])
        except NotCounted as error:
            return error
        if progress is not None and os.getpid() == parent:  # the others are as far
            progress(min(chunk * count, len(rows)))
        return found.parts.tobytes(), found.ends.tobytes()

    with _Threads(off=count > 1):
        found = pool.spread(work, starts, count)
    parts, ends = array("i"), array("q")
    for start in starts:
        one = found[start]
        if isinstance(one, NotCounted):
            raise one
        before = len(parts)
        parts.frombytes(one[0])
        more = array("q")
        more.frombytes(one[1])
        ends.extend(end + before for end in more)
    return Encoded(parts, ends)


class _Threads:
    """Switches the library's threads off for a while: a process that has had them cannot fork."""

    name = "TOKENIZERS_PARALLELISM"

    def __init__(self, *, off: bool) -> None:
        self.off = off
        self.before: str | None = None

    def __enter__(self) -> None:
        self.before = os.environ.get(self.name)
        if self.off:
            os.environ[self.name] = "false"

    def __exit__(self, *_: object) -> None:
        if not self.off:
            return
        if self.before is None:
            del os.environ[self.name]
        else:
            os.environ[self.name] = self.before

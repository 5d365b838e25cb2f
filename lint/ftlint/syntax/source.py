"""Bytes to text, and offsets to lines.

Every offset in ftlint counts characters of the decoded text as it lies in the file: a carriage
return is a character, and so is a byte order mark (offset 0 of a file that has one).
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

BOM = "\ufeff"


class Position(NamedTuple):
    """A place a person can go to: line and column, both from 1, counted in characters."""

    line: int
    column: int


class Undecodable(NamedTuple):
    """The bytes are not the text the target expects; `offset` counts the bytes before the fault."""

    offset: int
    line: int
    reason: str


class Source(NamedTuple):
    """A text, the path it came from and where its lines begin."""

    path: str
    text: str
    line_starts: tuple[int, ...]

    def position(self, offset: int) -> Position:
        """Return the line and column of `offset`; a byte order mark takes no column."""
        line = self._number(offset)
        start = self.line_starts[line - 1]
        mark = 1 if line == 1 and offset > 0 and self.text.startswith(BOM) else 0
        return Position(line, offset - start + 1 - mark)

    def _number(self, offset: int) -> int:
        from bisect import bisect_right

        return bisect_right(self.line_starts, offset)

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its line end or byte order mark."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        text = self.text[start:end].rstrip("\r\n")
        return text.removeprefix(BOM) if number == 1 else text

    def line_start(self, offset: int) -> int:
        """Return the offset where the line of `offset` begins, a byte order mark included."""
        return self.line_starts[self._number(offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return the offset where the line of `offset` ends, before its line break."""
        number = self._number(offset)
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return start + len(self.text[start:end].rstrip("\r\n"))


class _Later:
    """A `Source` whose text is read when something is asked of it."""

    def __init__(self, path: str, read: Callable[[str], str]) -> None:
        self.path = path
        self._read = read
        self._source: Source | None = None

    def __getattr__(self, name: str) -> Any:
        if self._source is None:
            self._source = of_text(self.path, self._read(self.path))
        return getattr(self._source, name)


def later(path: str, read: Callable[[str], str]) -> Source:
    """Return a source whose text is read when something is asked of it."""
    return _Later(path, read)  # type: ignore[return-value]


def of_text(path: str, text: str) -> Source:
    r"""Index `text`; lines end at \n, \r\n or a lone \r, as YAML counts them."""
    starts = [0]
    if "\r" in text:
        position = 0
        for line in text.replace("\r\n", "\x00\n").replace("\r", "\n").split("\n")[:-1]:
            position += len(line) + 1
            starts.append(position)
    else:
        find, position = text.find, text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = find("\n", position + 1)
    return Source(path, text, tuple(starts))


def decode(path: str, data: bytes) -> Source | Undecodable:
    """Read `data` as the target does: UTF-8, with or without a byte order mark."""
    try:
        return of_text(path, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return Undecodable(0, 1, "it is UTF-16")
        return Undecodable(error.start, line, f"byte 0x{data[error.start]:02x} is not UTF-8")

"""What an editor holds open: texts with versions, and places in them as the protocol counts them.

The protocol counts lines from 0 and columns in units of UTF-16: a character beyond the first plane
takes two. ftlint counts characters. Lines end alike for both: at a line feed, a carriage return, or
both.
"""

from __future__ import annotations

from bisect import bisect_right

from ftlint.syntax.source import Source, of_text
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Json = dict[str, Any]

_WIDE = 0xFFFF
"""The last character that takes one unit of UTF-16."""


class Document(NamedTuple):
    """A text that is open. `path` is where it lies, None for one that is not written yet.

    `sent` is what the editor has, which may hold half of a character for as long as that is typed.
    """

    uri: str
    path: str | None
    version: int
    language: str
    sent: Source
    source: Source

    @property
    def text(self) -> str:
        """What is in it now."""
        return self.source.text

    def offset(self, position: Json) -> int:
        """Return the offset of a position; one behind the end of a line or text is its end."""
        return offset(self.source, position)

    def range(self, start: int, end: int) -> Json:
        """Return the range between two offsets."""
        return span(self.source, start, end)

    def edited(self, version: int, changes: Iterable[Json]) -> Document:
        """Return the document after changes, each made to what came of those before it."""
        sent = self.sent
        for change in changes:
            where, text = change.get("range"), change["text"]
            if where is not None:
                start, end = offset(sent, where["start"]), offset(sent, where["end"])
                text = sent.text[: min(start, end)] + text + sent.text[max(start, end) :]
            sent = of_text(sent.path, text)
        return self._replace(version=version, sent=sent, source=_whole(sent))


def opened(
    uri: str, path: str | None, name: str, version: int, language: str, text: str
) -> Document:
    """Return a document as it was opened; `name` is what it is called while it has no path."""
    sent = of_text(path or name, text)
    return Document(uri, path, version, language, sent, _whole(sent))


def _whole(sent: Source) -> Source:
    """Return a text of whole characters: halves that came apart meet, others have a mark's place.

    Either way it has as many units of UTF-16 as before.
    """
    try:
        sent.text.encode("utf-8")
    except UnicodeEncodeError:
        units = sent.text.encode("utf-16-le", "surrogatepass")
        return of_text(sent.path, units.decode("utf-16-le", "replace"))
    return sent


def offset(source: Source, position: Json) -> int:
    """Return the offset in characters of a line and a column in units of UTF-16."""
    line: int = max(position["line"], 0)
    column: int = max(position["character"], 0)
    starts, text = source.line_starts, source.text
    if line >= len(starts):
        return len(text)
    start = starts[line]
    end = starts[line + 1] if line + 1 < len(starts) else len(text)
    found = text[start:end]
    shown = found.rstrip("\r\n") if line + 1 < len(starts) else found
    if shown.isascii():
        return start + min(column, len(shown))
    units = 0
    for number, letter in enumerate(shown):
        if units >= column:
            return start + number
        units += 1 + (ord(letter) > _WIDE)
    return start + len(shown)


def position(source: Source, offset: int) -> Json:
    """Return line and column, as the protocol counts them, of an offset in characters."""
    line = bisect_right(source.line_starts, offset) - 1
    before = source.text[source.line_starts[line] : offset]
    wide = 0 if before.isascii() else sum(ord(letter) > _WIDE for letter in before)
    return {"line": line, "character": len(before) + wide}


def span(source: Source, start: int, end: int) -> Json:
    """Return a range, as the protocol counts it, of two offsets in characters."""
    return {"start": position(source, start), "end": position(source, end)}

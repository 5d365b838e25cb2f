"""JSON values of a file one after the other, with no more of its text at hand than is needed."""

from __future__ import annotations

import codecs
import json
import re

from ftlint.datasets.faults import Doubtful, NotLoadable
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLANK = " \t\r\n"
_WORDS = ("Inf", "-Inf", "-NaN")
_SPELLED = pattern(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|-NaN|-?Inf(?!inity|i?n?i?t?\Z)', re.S)


class Window:
    """Text of a file, read as far as needed and forgotten behind the current place."""

    def __init__(self, blocks: Iterator[bytes], strict: bool = False) -> None:
        self.blocks = blocks
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text = ""
        self.place = 0
        self.complete = False
        self.strict = strict
        self.odd = False  # whether there may be something in it that not every parser takes

    def more(self, least: int = 1) -> bool:
        """Read `least` characters or more; false at the end of the file."""
        parts = [self.text[self.place :]]
        length = 0
        while length < least and not self.complete:
            block = next(self.blocks, b"")
            self.complete = not block
            try:
                part = self.decoder.decode(block, final=self.complete)
            except UnicodeDecodeError:
                raise NotLoadable("is not UTF-8") from None
            length += len(part)
            parts.append(part)
            self.odd = self.odd or "\\u" in part or "\0" in part
        self.text, self.place = "".join(parts), 0
        return length > 0

    def skip(self, characters: str) -> str:
        """Go on to the first other character, and return what was passed over."""
        passed = ""
        while True:
            text, place, end = self.text, self.place, len(self.text)
            start = place
            while place < end and text[place] in characters:
                place += 1
            self.place = place
            passed += text[start:place]
            if place < end or not self.more():
                return passed

    def take(self, character: str) -> bool:
        """Go on behind a character, if it is the next one."""
        found = self.text.startswith(character, self.place)
        self.place += found
        return found

    def ended(self) -> bool:
        """Return whether the file ends here."""
        return self.place >= len(self.text) and not self.more()

    def value(self, decode: Callable[[str, int], tuple[object, int]]) -> tuple[object, str]:
        """Return the value that begins here, and its text."""
        while True:
            try:  # not JSON, or not all of it yet
                value, end = decode(self.text, self.place)
            except json.JSONDecodeError as error:
                if self.strict and error.doc.startswith(_WORDS, error.pos):
                    text = spelled(error, self.place)
                    if text != self.text:
                        self.text = text
                        continue
                if self.more(len(self.text) - self.place):
                    continue
                raise self._refusal(error) from None
            if end == len(self.text) and not self.complete and self.more(1):
                continue  # a number may go on
            raw, self.place = self.text[self.place : end], end
            return value, raw

    def _refusal(self, error: json.JSONDecodeError) -> Exception:
        what = error.msg.removesuffix(" at")
        if not self.strict and lenient(error):
            return Doubtful(f"is not valid JSON: {what} in a row")
        cut = error.pos >= len(self.text.rstrip()) or what.startswith("Unterminated")
        told = "it ends within a row" if cut else f"{what} in a row"
        return NotLoadable(f"is not valid JSON: {told}")


def spelled(error: json.JSONDecodeError, start: int = 0) -> str:
    """Return a text with numbers that only pyarrow takes as ones of the same length. Raises it."""
    text = error.doc
    if not text.startswith(_WORDS, error.pos):
        raise error
    return text[:start] + _SPELLED.sub(_as_nan, text[start:])


def _as_nan(found: re.Match[str]) -> str:
    word = found[0]
    return word if word.startswith('"') else "NaN".rjust(len(word))


def lenient(error: json.JSONDecodeError) -> bool:
    """Return whether pandas may take what Python refuses: a comma before a brace, 01, 1."""
    at, text = error.pos, error.doc
    before = text[:at].rstrip(BLANK)
    return (
        (text[at : at + 1] == "}" and before.endswith(","))
        or (text[at : at + 1] == "," and text[at + 1 :].lstrip(BLANK)[:1] == "}")
        or (before[-1:].isdigit() and text[at : at + 1] in "0123456789.")
    )  # fmt: skip

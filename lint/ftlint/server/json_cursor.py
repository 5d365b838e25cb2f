"""What stands at a place of a JSON text that is being written.

The text is read up to there, whatever lines it is written in: half-written text has no nodes.
"""

from __future__ import annotations

import re

from ftlint.server.spot import KEY, VALUE, Spot, word_around
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.syntax.source import Source

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_NAME = re.compile(r"[\w.-]*")
_BEHIND_KEY = re.compile(r'"?[ \t]*:')
_IS_FREE = re.compile(r"[ \t]*(?:[\r\n,}\]]|\Z)")
_COLON, _END = "colon", "end"
"""What may come next, besides a key and a value: a colon, or the end of a pair."""


class _State:
    """What was opened and not closed, the key that a value belongs to, and what may come next."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.key = ""
        self.next = KEY

    def take(self, token: str) -> None:
        """Go on behind a token."""
        if token in "{[":
            self.opened.append(token)
            if len(self.opened) == 1:
                self.next = KEY
        elif token in "}]":
            del self.opened[-1:]
            self.next = _END
        elif len(self.opened) != 1:
            return
        elif token == ":":
            self.next = VALUE
        elif token == ",":
            self.next = KEY
        elif self.next == VALUE:
            self.next = _END
        else:
            self.key, self.next = token.strip('"'), _COLON

    def kind(self) -> str | None:
        """Return what a word is that stands here."""
        if len(self.opened) == 2:
            return VALUE if self.opened == ["{", "["] else None
        if self.opened != ["{"]:
            return None
        return VALUE if self.next == VALUE else KEY if self.next in (KEY, _END) else None


def spot(source: Source, offset: int) -> Spot | None:
    """Return what is at an offset; None wherever nothing is to be written."""
    text, state = source.text, _State()
    for token in _TOKEN.finditer(text):
        word = token[0]
        if token.start() >= offset + (word[0] not in '{}[]:,"'):
            break
        closed = len(word) > 1 and word[0] == word[-1] == '"'
        if token.end() >= offset and word not in "{}[]:,":
            kind = state.kind()
            if kind == KEY:
                return _key(text, token.start(), offset)
            if kind is None or (closed and token.end() == offset):
                return None
            return _value(text, state, token.start(), token.end() - closed, offset)
        state.take(word)
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    kind = state.kind()
    if kind == VALUE and _IS_FREE.match(text, offset):
        return _value(text, state, offset, offset, offset)
    if kind == KEY and (state.next == KEY or not line.strip()):
        return _key(text, offset, offset)
    return None


def _key(text: str, start: int, offset: int) -> Spot | None:
    quote = '"' if text[start : start + 1] == '"' else ""
    found = _NAME.match(text, start + len(quote))
    assert found is not None  # the empty name matches
    follows = _BEHIND_KEY.match(text, found.end()) is not None
    typed = text[found.start() : max(offset, found.start())]
    return Spot(KEY, found[0], found.start(), found.end(), typed, quote, follows)


def _value(text: str, state: _State, start: int, end: int, offset: int) -> Spot | None:
    """Return the part of a value around an offset; none right behind the colon of one."""
    if start == offset < end and text[start - 1] == ":":
        return None
    quote = '"' if text[start : start + 1] == '"' else ""
    place = start + len(quote)
    first, last = word_around(text[:end], place, max(offset, place))
    listed = len(state.opened) > 1 or "," in text[place:end]
    return Spot(VALUE, state.key, first, last, text[first:offset], quote, listed=listed)

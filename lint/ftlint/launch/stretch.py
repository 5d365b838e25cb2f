"""A text for a shell that stands in another file, with the place of every character.

Also what reads a script in another language and writes such a text.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence

DEEPEST = 40
"""Levels of blocks; a script of a person has five."""
_MEANT = frozenset('"$`\\')
"""What has a meaning of its own between double quotes."""


class Stretch(NamedTuple):
    """A text for a shell, and where each of its characters stands in the file."""

    text: str
    at: Sequence[int]


class Writing:
    """A stretch in the making."""

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.at: list[int] = []

    def put(self, text: str, place: int) -> None:
        """Write a text that takes effect at one place, wherever its characters are from."""
        self.chars += text
        self.at += [place] * len(text)

    def spread(self, text: str, start: int, end: int) -> None:
        """Write a text for what stands from one place to another."""
        self.put(text, start)
        if len(text) > 1:
            self.at[-1] = end - 1

    def literal(self, text: str, place: int) -> None:
        """Write between double quotes what stands for itself."""
        self.put("".join(f"\\{one}" if one in _MEANT else one for one in text), place)

    def add(self, other: Writing) -> None:
        """Write what was written elsewhere."""
        self.chars += other.chars
        self.at += other.at

    def text(self) -> str:
        """Return what was written."""
        return "".join(self.chars)

    def length(self) -> int:
        """Return how much is written."""
        return len(self.chars)

    def back(self, length: int) -> None:
        """Take back what was written behind the first so many characters."""
        del self.chars[length:], self.at[length:]

    def stretch(self, end: int) -> Stretch:
        """Return what was written, in a file of so many characters."""
        return Stretch(self.text(), [*self.at, end])


class EndError(Exception):
    """What follows cannot be read."""


class Rewriter:
    """A script in another language, how far it is read, and what a shell would be told so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.out = Writing()
        self.whole = 0
        """So much is written of statements at the top that were read to their end."""
        self.depth = 0

    def more(self) -> bool:
        """Pass over what separates statements; return whether one follows."""
        raise NotImplementedError

    def statement(self) -> None:
        """Read one statement."""
        raise NotImplementedError

    def blanks(self) -> None:
        """Pass over what separates words."""
        raise NotImplementedError

    def ended(self) -> bool:
        """Return whether a command ends here."""
        raise NotImplementedError

    def rewritten(self) -> Stretch:
        """Return the commands up to the first that cannot be read. Never raises."""
        try:
            while self.place < len(self.text):
                self.statements()
                self.place += 1  # a bracket that nothing opened
        except (EndError, RecursionError):
            self.out.back(self.whole)
        return self.out.stretch(len(self.text))

    def statements(self) -> None:
        """Read statements up to a bracket that closes, or to the end."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise EndError
        while self.more():
            begin = self.place
            self.statement()
            self.place += self.place == begin
            if self.depth == 1:
                self.whole = self.out.length()
        self.depth -= 1

    def peek(self, *tokens: str) -> bool:
        """Return whether one of these begins here."""
        return self.text.startswith(tokens, self.place)

    def redirected(self, pattern: re.Pattern[str]) -> bool:
        """Pass over redirections; return whether what begins here is the file of one.

        The pattern's first group is what a redirection has in place of a file.
        """
        while (found := pattern.match(self.text, self.place)) is not None:
            self.place = found.end()
            self.blanks()
            if not found[1] and not self.ended():
                return True
        return False

    def put(self, text: str) -> None:
        """Write what takes effect here."""
        self.out.put(text, min(self.place, len(self.text)))

    def aside(self, read: Callable[[], None]) -> Writing:
        """Return what reading something writes, which is not told yet."""
        outer, self.out = self.out, Writing()
        try:
            read()
            return self.out
        finally:
            self.out = outer

"""A text for a shell that stands in another file, with the place of every character."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    def length(self) -> int:
        """Return how much is written."""
        return len(self.chars)

    def back(self, length: int) -> None:
        """Take back what was written behind the first so many characters."""
        del self.chars[length:], self.at[length:]

    def stretch(self, end: int) -> Stretch:
        """Return what was written, in a file of so many characters."""
        return Stretch("".join(self.chars), [*self.at, end])

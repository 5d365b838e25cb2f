"""What the cursor is in, whatever the text around it is written in."""

from __future__ import annotations

import re

from ftschemas.named import NamedTuple

KEY, VALUE = "key", "value"
"""What a spot may be."""
_WORD = re.compile(r"[^\s,\[\]{}\"']*")


class Spot(NamedTuple):
    """What the cursor is in: a key, or a value of one. `start` to `end` is the word around it.

    `typed` is what of the word stands before the cursor, `quote` what encloses it. `follows` tells
    whether a colon stands behind a key.
    """

    kind: str
    key: str
    start: int
    end: int
    typed: str
    quote: str = ""
    follows: bool = False
    listed: bool = False
    """Whether the value is one of several."""


def word_around(line: str, start: int, column: int) -> tuple[int, int]:
    """Return where the word around a column starts and ends, in a value that begins at `start`."""
    words = [one for one in _WORD.finditer(line, start) if one.start() <= column <= one.end()]
    return max((one.span() for one in words), key=lambda span: span[1] - span[0])

"""What ends the reading of a data file: it does not load, or whether it does cannot be told."""

from __future__ import annotations

# What is wrong with an array, told alike by the two ways to count it.
BOM_AND_ARRAY = (
    "is an array behind a byte order mark (BOM), which the loader rejects: save it as UTF-8 "
    "without BOM"
)
LAST_COMMA = "has a comma after its last row, which the loader rejects: delete it"


class NotLoadable(Exception):
    """The file does not load; the text says why, to follow its name."""


class Doubtful(Exception):
    """Whether the file loads, or how many rows it then has, cannot be told; the text says why."""

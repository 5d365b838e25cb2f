"""What a count of the rows of one file says."""

from __future__ import annotations

from ftschemas.named import NamedTuple

BOM = b"\xef\xbb\xbf"


class RowCount(NamedTuple):
    """Rows of a file, or why they cannot be counted, and what the count rests on."""

    rows: int | None
    problem: str = ""
    assumption: str = ""

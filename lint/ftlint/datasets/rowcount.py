"""What a count of the rows of one file says."""

from __future__ import annotations

import sys

from ftschemas.named import NamedTuple

MOST_ROWS = sys.maxsize
"""What rows are counted up to: there is no larger index. More of them are not looked at."""

BOM = b"\xef\xbb\xbf"

NEWER = "it loads with datasets of at least"
OLDER = "which the loader rejects since datasets"
"""What is said, followed by a release, where those that a LLaMA Factory takes do not agree.

It takes 2.16 and newer; what is counted and rejected is what the newest that it takes does.
"""


class RowCount(NamedTuple):
    """Rows of a file, or why they cannot be counted, and what the count rests on.

    `doubt` tells a file that may load after all from one that does not. `tables` are the types of
    what is read of it at a time (`shapes`), None where they were not looked at.
    """

    rows: int | None
    problem: str = ""
    assumption: str = ""
    doubt: bool = False
    tables: tuple[object, ...] | None = None

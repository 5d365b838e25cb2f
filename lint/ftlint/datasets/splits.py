"""Slices of a split: `train[:50%]`, `train[10:20]+train[-5:]`.

Source: datasets `arrow_reader.py` ReadInstruction (4.0).
"""

from __future__ import annotations

from ftlint.steps.counts import Count
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    import re

_PART = pattern(
    r"(?P<split>\w+(?:\.\w+)*)"
    r"(?:\[(?:(?P<low>-?[\d_]+)(?P<low_pct>%)?)?:(?:(?P<high>-?[\d_]+)(?P<high_pct>%)?)?\])?"
    r"(?:\((?P<rounding>[^)]*)\))?"
)
_PLUS = pattern(r"\s*\+\s*")


def sliced(split: object, rows: Count) -> Count | str:
    """Return the rows that `split` takes of a local dataset, or why it takes none."""
    if split is None or split == "train":
        return rows
    if not isinstance(split, str):
        return f"split {split!r} is not a string"
    low, high = 0, None if rows.high is None else 0
    for spec in _PLUS.split(split):
        part = _PART.fullmatch(spec)
        if part is None:
            return f"split {split!r} is not of the form train[from:to]"
        if part["split"] != "train":
            return f"split {part['split']!r} does not exist: local files have train only"
        if rows.exact is None:  # which part of an unknown number is itself unknown
            high = None if high is None or rows.high is None else high + rows.high
            continue
        taken = _taken(part, rows.exact)
        if isinstance(taken, str):
            return taken
        low, high = low + taken, (high or 0) + taken
    return Count(low, high)


def _taken(part: re.Match[str], rows: int) -> int | str:
    start = int(part["low"]) if part["low"] else None
    end = int(part["high"]) if part["high"] else None
    if part["low_pct"] or part["high_pct"]:
        down = part["rounding"] == "pct1_dropremainder"
        if down and rows < 100:
            return "pct1_dropremainder is rejected for fewer than 100 rows"
        start, end = (None if bound is None
                      else bound * (rows // 100) if down
                      else round(bound * rows / 100.0) for bound in (start, end))  # fmt: skip
    first = 0 if start is None else start if start >= 0 else max(rows + start, 0)
    last = rows if end is None else end if end >= 0 else max(rows + end, 0)
    return max(min(last, rows) - min(first, rows), 0)

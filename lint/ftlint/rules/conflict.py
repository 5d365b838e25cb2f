"""Merge-conflict markers, which YAML reports as something else."""

from __future__ import annotations

import re

from ftlint.support.pattern import pattern
from ftlint.syntax.construct import Problem
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKER = pattern(r"^(<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)[^\r\n]*", re.M)


def markers(text: str) -> Iterator[Problem]:
    """Yield each conflict at its opening marker, when the text has a closing one too."""
    found = list(_MARKER.finditer(text))
    if not any(match[1][0] == ">" for match in found):
        return
    for match in found:
        if match[1][0] == "<":
            values: dict[str, object] = {"marker": match[1]}
            yield Problem("conflict", match.start(), match.end(), values)

"""The table of common mistakes names rules that fire, or says why no rule can."""

from __future__ import annotations

import re

from docs.generating.mistakes import MISTAKES, mistakes

from ftlint.rulebook.registry import BUILT_IN


def test_each_of_the_thirty_is_found_or_said_to_be_out_of_reach() -> None:
    rows = mistakes().splitlines()[2:]
    assert len(rows) == len(MISTAKES) == 30
    for row, mistake in zip(rows, MISTAKES, strict=True):
        codes = re.findall(r"\[(FT\d{3,4})\]", row)
        assert all(code in BUILT_IN.rules for code in codes)
        assert bool(codes) != bool(mistake.untold), row

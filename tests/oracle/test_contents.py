"""What ftlint says of definitions and rows is what the real loader and preprocessing do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.oracle.contents import RELEASES, hold
from tests.oracle.contents_drawn import drawn

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("release", RELEASES)
def test_definitions_and_rows_made_by_chance(release: str, tmp_path: Path) -> None:
    held = list(hold(drawn(100, seed=int(release.replace(".", ""))), release, tmp_path))
    assert [one for one in held if one.differs] == []
    codes = Counter(code for one in held for code in one.ours)
    assert codes.keys() >= {"FT702", "FT705", "FT708", "FT732", "FT733", "FT734", "FT735"}
    assert sum("rows" in one.theirs for one in held) > 30

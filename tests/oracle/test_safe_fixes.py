"""Safe fixes leave a run as it is, or as it was plainly meant, by the word of the real parser."""

from __future__ import annotations

import os

import pytest
from tests.oracle import environments
from tests.oracle.safe import check, examples, generated, published

pytestmark = pytest.mark.oracle

COUNT = int(os.environ.get("FTLINT_SAFE_COUNT", "120"))
"""Generated configs a release. All of it takes some 30 s a release on a machine of its own."""
SEED = int(os.environ.get("FTLINT_SCORE_SEED", "7"))


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_safe_fixes_are_safe(release: str) -> None:
    subjects = [*published(), *examples(), *generated(release, SEED, COUNT)]
    sheet = check(release, subjects)
    assert sheet.counts["fixed"] > 100, "the fixes are not what they were"
    assert sheet.counts["same"] > 50
    assert sheet.counts["mended"] > 10
    assert not sheet.breaches, str(sheet)

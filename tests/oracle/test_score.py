"""ftlint against the real programs: the figures that the product promises."""

from __future__ import annotations

import os
import time

import pytest
from tests.oracle import environments
from tests.oracle.score import Sheet, score_corpus, score_generated

pytestmark = pytest.mark.oracle

CORPUS_RECALL = 1.0
CORPUS_PRECISION = 0.98
FIXED_BAR, FRESH_BAR = 0.985, 0.96
"""Least recall and precision on generated configs. Of 200 some 90 are refused: a seed that nobody
has seen may show up to three new kinds of mistake, one that is known one."""
COUNT = 200
FRESH = int(os.environ.get("FTLINT_SCORE_SEED", str(time.time_ns() % 1_000_000)))
"""Another seed each run; a failure names it, and the variable repeats it."""


def listed(sheet: Sheet) -> str:
    return "\n  ".join([str(sheet), *(str(one) for one in sheet.disagreements)])


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_published_configs(release: str) -> None:
    sheet = score_corpus(release)
    assert sheet.refused > 40, "the corpus is not what it was"
    assert sheet.recall >= CORPUS_RECALL, listed(sheet)
    assert sheet.precision >= CORPUS_PRECISION, listed(sheet)


@pytest.mark.parametrize(("seed", "bar"), [(7, FIXED_BAR), (FRESH, FRESH_BAR)], ids=["7", "fresh"])
@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_generated_configs(release: str, seed: int, bar: float) -> None:
    sheet = score_generated(release, seed=seed, count=COUNT)
    assert sheet.refused > COUNT / 10, "the generator makes too few bad configs"
    assert sheet.recall >= bar, listed(sheet)
    assert sheet.precision >= bar, listed(sheet)

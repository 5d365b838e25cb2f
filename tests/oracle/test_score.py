"""ftlint against the real programs: the figures that the product promises."""

from __future__ import annotations

import pytest
from tests.oracle import environments
from tests.oracle.score import Sheet, score_corpus, score_generated

pytestmark = pytest.mark.oracle

CORPUS_RECALL = 1.0
CORPUS_PRECISION = 0.98
GENERATED_RECALL = 0.95
GENERATED_PRECISION = 0.95
COUNT = 200


def listed(sheet: Sheet) -> str:
    return "\n  ".join([str(sheet), *(str(one) for one in sheet.disagreements)])


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_published_configs(release: str) -> None:
    sheet = score_corpus(release)
    assert sheet.refused > 40, "the corpus is not what it was"
    assert sheet.recall >= CORPUS_RECALL, listed(sheet)
    assert sheet.precision >= CORPUS_PRECISION, listed(sheet)


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_generated_configs(release: str) -> None:
    sheet = score_generated(release, seed=7, count=COUNT)
    assert sheet.refused > COUNT / 10, "the generator makes too few bad configs"
    assert sheet.recall >= GENERATED_RECALL, listed(sheet)
    assert sheet.precision >= GENERATED_PRECISION, listed(sheet)

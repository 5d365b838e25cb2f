"""Published configs, in every form of the file: single edits by the thousand, and whole fixes.

A sample that takes seconds; `python -m tests.fixes.corpus` tries every edit of every file in every
form.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fixes.corpus import FILES, RELEASES, Edits, edits_of, fixes_of
from tests.fixes.sweep import FORMS
from tests.searches import stride
from tests.shared import CORPUS

pytestmark = pytest.mark.shared


def test_the_corpus_is_there() -> None:
    assert len(FILES) > 300, f"no corpus at {CORPUS}: set FTLINT_CORPUS"


@pytest.mark.search
def test_single_edits_do_what_they_mean_to_and_nothing_else() -> None:
    found = Edits(Counter(), Counter(), ())
    for number, path in [*enumerate(FILES)][:: stride(5)]:
        found += edits_of(path, [FORMS[number % len(FORMS)]], 32, number)
    assert not found.failures
    assert found.total("done") > 200


@pytest.mark.search
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("release", RELEASES)
def test_fixed_files_keep_all_else_and_stay_fixed(release: str, unsafe: bool) -> None:
    changed = 0
    for number, path in [*enumerate(FILES)][:: stride(3)]:
        found = fixes_of(path, release, unsafe, [FORMS[number % len(FORMS)]])
        assert not found.failures
        changed += found.counts["changed"]
    assert changed > 10

"""Published configs, in every form of the file: single edits by the thousand, and whole fixes.

A sample that takes seconds; `python -m tests.fixes.corpus` tries every edit of every file in every
form, and FTLINT_FULL=1 does here.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.fixes.corpus import FILES, RELEASES, Edits, edits_of, fixes_of
from tests.fixes.sweep import FORMS
from tests.shared import CORPUS

pytestmark = pytest.mark.shared

FULL = bool(os.environ.get("FTLINT_FULL"))


def test_the_corpus_is_there() -> None:
    assert len(FILES) > 300, f"no corpus at {CORPUS}: set FTLINT_CORPUS"


def test_single_edits_do_what_they_mean_to_and_nothing_else() -> None:
    found = Edits(Counter(), Counter(), ())
    for number, path in enumerate(FILES):
        forms = FORMS if FULL else [FORMS[number % len(FORMS)]]
        found += edits_of(path, forms, 1 if FULL else 32, number)
    assert not found.failures
    assert found.total("done") > (100_000 if FULL else 1_000)


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("release", RELEASES)
def test_fixed_files_keep_all_else_and_stay_fixed(release: str, unsafe: bool) -> None:
    changed = 0
    for number, path in enumerate(FILES):
        if FULL or release == RELEASES[0] or not number % 3:
            forms = FORMS if FULL else [FORMS[number % len(FORMS)]]
            found = fixes_of(path, release, unsafe, forms)
            assert not found.failures
            changed += found.counts["changed"]
    assert changed > 10

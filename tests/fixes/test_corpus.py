"""Published configs, in every form of the file: single edits by the thousand, and whole fixes.

By default a sample that takes seconds; FTLINT_FULL=1 tries every edit of every file in every form.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ftlint.engine import Options, decode
from ftlint.fixes.apply import fix
from ftlint.source import Source, of_text
from ftlint.target import resolve_target
from tests.fixes.held import first_shown, hold
from tests.fixes.sweep import FORMS, in_form, pages, single_edits
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.shared

FULL = bool(os.environ.get("FTLINT_FULL"))
FILES = sorted(CORPUS.glob("files/*"))
TARGETS = ("0.9.5", "0.9.3", "0.9.1")


def test_the_corpus_is_there() -> None:
    assert len(FILES) > 300, f"no corpus at {CORPUS}: set FTLINT_CORPUS"


def readable() -> Iterator[tuple[int, Path, str]]:
    for number, path in enumerate(FILES):
        source = decode(path.name, path.read_bytes())
        if isinstance(source, Source):
            yield number, path, source.text


def test_single_edits_do_what_they_mean_to_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    failures: list[str] = []
    for number, path, text in readable():
        forms = FORMS if FULL else [FORMS[number % len(FORMS)]]
        for form, page in pages(path, text, forms):
            for outcome in single_edits(page, 1 if FULL else 32, number):
                counts[outcome.verdict] += 1
                if outcome.verdict == "refused":
                    reasons[outcome.reason.replace(outcome.name, "…")] += 1
                if outcome.verdict == "failed":
                    failures.append(f"{path.name} as {form}: {outcome}")
    with capsys.disabled():
        tried = sum(counts.values())
        print(f"\nsingle edits: {tried} tried, {counts['done']} made, {counts['failed']} failures, "
              f"{counts['refused']} refused: {dict(reasons.most_common(5))}")  # fmt: skip
    assert not failures
    assert counts["done"] > (100_000 if FULL else 1_000)


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("release", TARGETS)
def test_fixed_files_keep_all_else_and_stay_fixed(
    release: str, unsafe: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Options(resolve_target(release))
    counts: Counter[str] = Counter()
    for number, path, text in readable():
        if not FULL and release != TARGETS[0] and number % 3:
            continue
        for form in FORMS if FULL else [FORMS[number % len(FORMS)]]:
            source = of_text(path.name, in_form(text, form))
            fixed = fix(source, options, unsafe)
            counts["files"] += 1
            counts["changed"] += bool(fixed.applied)
            counts["fixes"] += len(fixed.applied)
            counts["withheld"] += len(fixed.withheld)
            hold(source, fixed, options, unsafe)
            counts["shown for the first time"] += len(first_shown(source, fixed, options, unsafe))
    with capsys.disabled():
        print(f"\nfixes for {release}, {'unsafe too' if unsafe else 'safe only'}: {dict(counts)}")

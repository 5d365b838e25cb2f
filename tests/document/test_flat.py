"""The flat reader against the parser: where it reads at all, the same nodes, spans and comments."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.syntax import composer, fast_path
from tests.document.drawn import LINES, MARKED, written
from tests.searches import tries
from tests.shared import CORPUS

SIMPLE = st.lists(
    st.sampled_from(
        """a: 1|b_2: two words|c:|c: # why|- x|  - y # z|  - 'q'|# c|   # c||d: "e f"|d: 'e'  #f|---
        |g: a#b|h: -1|i: - 1|j: a: b|k: a:b|l: http://x/y|m: [1]|n: 'it''s'|o: "\\n"|p: 한 😀|q:r
        |s : 1|  t: 1|u: ~|v: <<|w: ?x|x: x?|y: a  b   |é: 1|z: |a-b: 1|: 1|aa: a, b]""".split("|")
    ),
    max_size=10,
)


def agrees(text: str) -> bool:
    made = fast_path.read(text)
    if made is not None:
        assert made == composer.compose(text)
    return made is not None


@pytest.mark.shared
def test_on_every_file_of_the_corpus() -> None:
    texts = [path.read_bytes().decode("utf-8", "replace") for path in CORPUS.rglob("*.yaml")]
    read = sum(map(agrees, texts))
    assert read > 0.8 * len(texts)


@pytest.mark.search
@settings(max_examples=tries(400), derandomize=True)
@given(SIMPLE, st.sampled_from(["\n", "", "\n\n", " "]))
def test_on_lines_that_are_flat_or_nearly(lines: list[str], end: str) -> None:
    agrees("\n".join(line.strip("\n") for line in lines) + end)


@pytest.mark.search
@settings(max_examples=tries(200), derandomize=True)
@given(st.one_of(LINES.map("\n".join), st.text(st.sampled_from(MARKED + "\n\n  abc"))))
def test_on_any_text(text: str) -> None:
    agrees(text)


@pytest.mark.parametrize("seed", range(100))
def test_on_written_documents_and_mutations_of_the_corpus(seed: int) -> None:
    agrees(written(seed).text)
    r = random.Random(seed)
    paths = sorted(CORPUS.rglob("*.yaml"))
    for _ in range(10 if paths else 0):
        text = r.choice(paths).read_bytes().decode("utf-8", "replace")
        place = r.randrange(len(text) + 1)
        agrees(text[:place] + r.choice(MARKED) + text[place + r.randrange(3) :])

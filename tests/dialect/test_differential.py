"""Our reading against the real loaders: every difference is one that is named here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, Dialect
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose, tabs
from tests.dialect.generated import texts
from tests.dialect.loaders import LOADERS
from tests.searches import stride, tries
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterable

REFUSED = "refused"

EXPLAINED = {
    "a mapping that contains itself: PyYAML builds it, no config can mean it": (
        (PYYAML, PYYAML_CONTAINERS),
        re.compile(r"&a\b[\s\S]*\*a\b"),
    ),
    "ruamel's libyaml is 0.1: flow text with a colon is read by its Python parser instead, which"
    " differs on tabs, on a colon before a bracket and on tagged keys": (
        (PYYAML, PYYAML_CONTAINERS, OMEGACONF),
        re.compile(r"[\[{,][^\n]*[^\s,\[{]:([^\s]|$)|[\[{,][^\n]*[^\s]:\s*[,\]}]|[\[{][^\n]* :x"),
    ),
    "a lone `!` before nothing": ((OMEGACONF,), re.compile(r"! ?(\s|[,\]}#]|$)")),
    "a block scalar whose first line starts with a tab: libyaml refuses, PyYAML does not": (
        (PYYAML, PYYAML_CONTAINERS),
        re.compile(r"[|>]-?\r?\n\s*\t"),
    ),
}
if yaml.safe_load("<<: {a: 1, a: 2}") == {"a": 1}:
    EXPLAINED["a key twice in a mapping that is merged: the first counts from PyYAML 6.0.4 on"] = (
        (PYYAML, PYYAML_CONTAINERS),
        re.compile(r"<<: *\{"),
    )


def same(ours: object, theirs: object) -> bool:
    """Compare values by type and content: 1, 1.0 and True are three things; NaN equals itself."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(v, theirs[k]) for k, v in ours.items())
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs or (ours != ours and theirs != theirs)


def ours(text: str, dialect: Dialect) -> object:
    document = compose(text)
    if isinstance(document, Broken):
        return REFUSED
    made = construct(document.root, dialect)
    harmless = {"overridden-key", "key-not-text"}
    if any(problem.kind not in harmless for problem in made.problems):
        return REFUSED
    return REFUSED if not dialect.tabs and tabs(text, document) else made.value


def theirs(text: str, dialect: Dialect) -> object:
    try:
        return LOADERS[dialect](text)
    except Exception:
        return REFUSED


def differences(cases: Iterable[str]) -> tuple[int, list[tuple[str, str, object, object]]]:
    """Return how many texts were compared and the differences that no entry above explains."""
    compared, open_ones = 0, []
    for text in cases:
        for dialect in LOADERS:
            compared += 1
            mine, real = ours(text, dialect), theirs(text, dialect)
            if same(mine, real):
                continue
            if not any(dialect in at and why.search(text) for at, why in EXPLAINED.values()):
                open_ones.append((dialect.name, text, mine, real))
    return compared, open_ones


@pytest.mark.search
def test_generated_scalars_and_documents_read_as_the_real_loaders_read_them() -> None:
    scalars, documents = tries(1400), tries(350)
    compared, unexplained = differences(texts(20261122, scalars, documents))
    assert compared == 3 * (scalars + documents)
    assert unexplained == []


@pytest.mark.search
@pytest.mark.shared
def test_corpus_files_read_as_the_real_loaders_read_them() -> None:
    files = sorted(CORPUS.glob("files/*"))
    assert len(files) > 250, f"corpus not found at {CORPUS.resolve()}"
    tried = files[:: stride(3)]
    compared, unexplained = differences(path.read_text(encoding="utf-8") for path in tried)
    assert compared == 3 * len(tried)
    assert unexplained == []


@pytest.mark.parametrize("dialect", LOADERS, ids=lambda dialect: dialect.name)
def test_the_comparison_can_fail(dialect: Dialect) -> None:
    """A resolver that read `yes` as text would be caught."""
    assert not same("yes", theirs("key: yes\n", dialect))
    assert not same({"key": "yes"}, theirs("key: yes\n", dialect))
    assert same({"key": True}, theirs("key: yes\n", dialect))

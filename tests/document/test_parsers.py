"""ruamel's C parser and its Python one, which stands in where no wheel fits: the same tree."""

from __future__ import annotations

import json
import random
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.syntax.nodes import Broken, Document, Scalar, Sequence
from ftlint.syntax.parse import compose
from tests.document.drawn import LINES, comments_of_ruamel, written
from tests.document.nodes import composed, stands
from tests.searches import tries
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ftlint.syntax.nodes import Node

FILES = sorted(CORPUS.glob("files/*"))

EXPLAINED: dict[str, Callable[[str], bool]] = {
    "the targets break lines at NEL, LS and PS (YAML 1.1); ruamel's Python parser reads 1.2": (
        lambda text: any(one in text for one in "\x85\u2028\u2029")
    ),
    "the Python parser takes a tab for white space where libyaml refuses it, and a lone tab line": (
        lambda text: "\t" in text
    ),
    "the Python parser takes a mapping that begins with its colon: `: v` has an empty key": (
        lambda text: any(line.lstrip(" -?").startswith(":") for line in text.splitlines())
    ),
    "a %YAML line in the wrong place": lambda text: "%YAML" in text,
    "behind `...` the Python parser looks for a document, libyaml for a `---`": (
        lambda text: "..." in text
    ),
}


def by_python(text: str) -> Document | Broken:
    """Compose as on a platform without the C extension: its import fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "_ruamel_yaml", None)
        return compose(text)


def test_the_c_parser_is_really_there_and_really_gone() -> None:
    """NEL tells the two apart: libyaml ends the line at it, the Python parser does not."""
    text = "a: x\x85b: 2\n"
    assert isinstance(compose(text), Document)
    assert isinstance(by_python(text), Broken)


@pytest.mark.shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_both_parsers_give_one_tree_of_every_corpus_file(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    fast, slow = compose(text), by_python(text)
    if isinstance(fast, Broken) or isinstance(slow, Broken):
        assert isinstance(fast, Broken)
        assert isinstance(slow, Broken)
        assert fast.kind == slow.kind
    else:
        assert fast == slow
        head = text.removeprefix("\ufeff").replace("\r\n", "\n")
        assert [one.text.strip() for one in fast.comments] == list(comments_of_ruamel(head))


@pytest.mark.shared
def test_the_corpus_is_there() -> None:
    assert len(FILES) == 308, f"corpus not found at {CORPUS.resolve()}"
    assert sum(isinstance(compose(path.read_text("utf-8")), Document) for path in FILES) > 290


@pytest.mark.search
@settings(max_examples=tries(30), derandomize=True)
@given(st.integers(0, 10**9))
def test_both_parsers_give_one_tree_of_written_documents(seed: int) -> None:
    text = written(seed).text
    assert compose(text) == by_python(text)


@pytest.mark.search
@settings(max_examples=tries(60), derandomize=True)
@given(LINES.map("\n".join))
def test_both_parsers_agree_on_odd_documents(text: str) -> None:
    fast, slow = compose(text), by_python(text)
    if any(explains(text) for explains in EXPLAINED.values()):
        return
    assert isinstance(fast, Broken) == isinstance(slow, Broken), (fast, slow)
    if not isinstance(fast, Broken):
        assert fast == slow


def value_of(r: random.Random, depth: int = 0) -> object:
    """Return a random JSON value."""
    kind = r.randrange(8 if depth < 4 else 6)
    if kind < 3:
        return "".join(r.choices('ab한é"\\/ #:{,\n\t', k=r.randrange(6)))
    if kind < 6:
        return r.choice([None, True, False, 0, -7, 12345678901234567890, 0.5, -1e300, 1e-9])
    items = [value_of(r, depth + 1) for _ in range(r.randrange(4))]
    if kind == 6:
        return items
    return {"".join(r.choices("abc한_ ", k=3)): item for item in items}


@pytest.mark.search
@settings(max_examples=tries(60), derandomize=True)
@given(
    st.integers(0, 10**9),
    st.sampled_from([None, 1, 4]), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]),
)  # fmt: skip
def test_json_has_spans_that_read_back_as_its_values(
    seed: int, indent: int | None, ascii_only: bool, separators: tuple[str, str]
) -> None:
    r = random.Random(seed)
    data = {f"key{number}": value_of(r) for number in range(r.randint(1, 6))}
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only, separators=separators)
    root = composed(text).root
    assert root is not None
    assert same(text, root, data)


def same(text: str, node: Node, value: object) -> bool:
    """Return whether each node's span, read as JSON, is the value it stands for."""
    raw = text[node.start : node.end]
    if isinstance(node, Scalar):
        return bool(json.loads(raw) == value) and (not isinstance(value, str) or node.text == value)
    if isinstance(node, Sequence):
        assert isinstance(value, list)
        return len(node.items) == len(value) and all(
            same(text, item, one) for item, one in zip(node.items, value)
        )
    assert isinstance(value, dict)
    names = [json.loads(text[key.start : key.end]) for key, _ in node.pairs]  # type: ignore[union-attr]
    return names == list(value) and all(
        same(text, item, one)
        for (_, item), one in zip(node.pairs, value.values())  # type: ignore[union-attr]
    )


@pytest.mark.shared
def test_random_bytes_of_the_corpus_leave_both_parsers_standing() -> None:
    """Mutated files: neither raises, and the kind of trouble is told by both or by none."""
    r = random.Random(7)
    for path in r.sample(FILES, 40):
        text = path.read_text("utf-8")[:1500]
        for _ in range(3):
            place = r.randrange(len(text) or 1)
            text = text[:place] + r.choice("#:-?'\"[]{}&*!|>\t \n,한") + text[place + 1 :]
        for document in (compose(text), by_python(text)):
            if isinstance(document, Broken):
                assert 0 <= document.start <= document.end <= len(text)
            elif document.root is not None:
                assert list(stands(document.root))

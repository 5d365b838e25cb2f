"""Any document, written or random: spans and comments are exact, and nothing raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from ftlint.syntax.nodes import Alias, Broken, Document, Mapping, Scalar, Sequence, deref, walk
from ftlint.syntax.parse import compose, tabs  # fmt: skip
from tests.document.drawn import LINES, MARKED, comments_of_ruamel, written
from tests.document.nodes import composed, stands
from tests.searches import tries

if TYPE_CHECKING:
    from ftlint.syntax.nodes import Node

MANY = settings(max_examples=300, deadline=None, derandomize=True)

TEXTS = st.builds(str.__add__, st.sampled_from(["", "\ufeff"]), st.text(st.sampled_from(MARKED)))


def check_tree(text: str, node: Node, lowest: int = 0) -> None:
    """Hold what is true of every tree: children in order and inside, raw text as it was read."""
    assert lowest <= node.start <= node.end <= len(text)
    children: list[Node] = []
    if isinstance(node, Scalar):
        raw = text[node.start : node.end]
        if node.style == "plain" and not any(one in raw for one in "\n\r\x85\u2028"):
            assert raw == node.text
        elif node.style in ("single", "double"):
            assert raw[0] == raw[-1] == {"single": "'", "double": '"'}[node.style]
        elif node.style in ("literal", "folded"):
            assert raw[0] == {"literal": "|", "folded": ">"}[node.style]
        assert raw == raw.strip(" \t\r\n")
    elif isinstance(node, Alias):
        assert text[node.start : node.end] == f"*{node.name}"
        assert deref(node).start < node.start
    elif isinstance(node, Sequence):
        children = list(node.items)
    elif isinstance(node, Mapping):
        children = [part for pair in node.pairs for part in pair]
    reached = node.start
    for child in children:
        check_tree(text, child, reached)
        assert child.end <= node.end
        reached = child.end


@MANY
@given(st.integers(0, 10**9))
def test_nodes_and_comments_stand_where_they_were_written(seed: int) -> None:
    writer = written(seed)
    document = composed(writer.text)
    assert document.root is not None
    assert sorted(stands(document.root)) == sorted(writer.nodes)
    assert [(one.start, one.end) for one in document.comments] == sorted(writer.comments)
    assert [one.text for one in document.comments] == [
        writer.text[start:end] for start, end in sorted(writer.comments)
    ]


def test_the_comparison_of_written_documents_can_fail() -> None:
    """The writer makes every kind of node, and one blank moves what stands behind it."""
    kinds: set[str] = set()
    for seed in range(60):
        writer = written(seed)
        kinds |= {one.kind for one in writer.nodes}
        head = len(writer.text) - len(writer.text.lstrip("\ufeff"))
        moved = composed(writer.text[:head] + "# moved\n" + writer.text[head:])
        assert moved.root is not None
        assert sorted(stands(moved.root)) != sorted(writer.nodes)
    assert kinds == {
        "plain", "single", "double", "literal", "folded", "alias", "mapping", "sequence",
    }  # fmt: skip


@pytest.mark.search
@settings(max_examples=tries(300), derandomize=True)
@given(st.one_of(TEXTS, LINES.map("\n".join), LINES.map("\r\n".join)))
@example("a: ! \n")
@example("{a: &x, b: [*x, *x]}")
@example("&a : 1")
@example("\ufeff\ufeffa: 1")
@example("- - - -")
@example("? ? ?\n")
@example('"')
@example("a: |")
@example("\x00")
def test_any_text_gives_a_sound_tree_or_a_place(text: str) -> None:
    document = compose(text)
    if isinstance(document, Broken):
        assert 0 <= document.start <= document.end <= len(text)
        assert document.reason
        return
    if document.root is not None:
        check_tree(text, document.root)
    for comment in document.comments:
        assert text[comment.start : comment.end] == comment.text
        assert comment.text.startswith("#")
    for start, end in tabs(text, document):
        assert set(text[start:end]) == {"\t"}


@MANY
@given(st.integers(0, 10**9))
def test_comments_are_those_of_ruamels_own_tokens(seed: int) -> None:
    text = written(seed).text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    ours = [one.text.strip() for one in composed(text).comments]
    assert sorted(ours) == sorted(comments_of_ruamel(text))


@MANY
@given(LINES.map("\n".join))
def test_comments_of_odd_documents_are_those_of_ruamels_own_tokens(text: str) -> None:
    document = compose(text)
    try:
        theirs = list(comments_of_ruamel(text))
    except YAMLError:
        return
    if isinstance(document, Document):
        assert sorted(one.text.strip() for one in document.comments) == sorted(theirs)


def test_a_hash_is_a_comment_only_behind_white_space_and_outside_of_scalars() -> None:
    text = "a: b#c  # one\nd: '# no'  # two\ne: |  # three\n  # no\n# four\nf: [1, # five\n  2]\n#"
    found = [one.text for one in composed(text).comments]
    assert found == ["# one", "# two", "# three", "# four", "# five", "#"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a:\t1\n", [2]),
        ("a: 1\t\n", [4]),
        ("a: 1 #\t\n", []),
        ("a: 'x\ty'\n", []),
        ("a: x\ty\n", [4]),
        ("a: |\n  x\ty\n", []),
        ("a: |\t\n  x\n", [4]),
        ("a: [\t1,\n\t2]\n", [4, 8]),
        ("a: \"x\ty\"\t# \t\nb:\t\tc\n", [8, 15]),
    ],
)  # fmt: skip
def test_tabs_are_found_between_tokens_and_in_plain_text(text: str, places: list[int]) -> None:
    found = tabs(text, composed(text))
    assert [start for start, _ in found] == places
    assert sum(end - start for start, end in found) == len(places) + ("\t\t" in text)


def test_walk_visits_every_node_once() -> None:
    root = composed("a: &x {b: [1, 2]}\nc: *x\n").root
    assert root is not None
    kinds = [type(node).__name__ for node in walk(root)]
    assert kinds == [
        "Mapping", "Scalar", "Mapping", "Scalar", "Sequence", "Scalar", "Scalar", "Scalar", "Alias",
    ]  # fmt: skip

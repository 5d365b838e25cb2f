"""Where every key and value of a hand-written text stands: line, column, raw text, style."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from ftlint.syntax.nodes import Alias, Mapping, Scalar, Sequence, deref
from ftlint.syntax.source import of_text
from tests.document.nodes import composed, stands

CASES = {
    "plain and quoted": (
        """\
        a: 1
        "b c": 'it''s'
        'd': "x\\ny"  # not part
        """,
        "1:1 a | 1:4 1 | 2:1 “b c” | 2:8 'it''s' | 3:1 'd' | 3:6 “x\\ny”",
    ),
    "nothing behind the colon": (
        "a:\nb:   \nc: # why\n# more\nd:",
        "1:1 a | 1:3  | 2:1 b | 2:3  | 3:1 c | 3:3  | 5:1 d | 5:3 ",
    ),
    "nothing behind anchor and tag": (
        "a: &x\nb: !!str  # c\nc: &y !!null\nd: !!null &z\n",
        "1:1 a | 1:6  | 2:1 b | 2:9  | 3:1 c | 3:13  | 4:1 d | 4:13 ",
    ),
    "nothing in a list": (
        "a:\n-\n- \n- # c\n- 1\n",
        "1:1 a | 2:2  | 3:2  | 4:2  | 5:3 1",
    ),
    "nothing in brackets": (
        "a: {x: , y, z: 1}\nb: [1, ]\n",
        "1:1 a | 1:5 x | 1:7  | 1:10 y | 1:11  | 1:13 z | 1:16 1 | 2:1 b | 2:5 1",
    ),
    "anchors, tags and comments before the node": (
        "a: &x 1\nb: !!str &y two\nc: &z !<tag:yaml.org,2002:str> 'q'\nd: !!seq # c\n  - *x\n",
        "1:1 a | 1:7 1 | 2:1 b | 2:13 two | 3:1 c | 3:32 'q' | 4:1 d | 5:5 *x",
    ),
    "an anchor on a key, an alias as a key": (
        "&k a: 1\n*k : 2\n",
        "1:4 a | 1:7 1 | 2:1 *k | 2:6 2",
    ),
    "merge keys": (
        "base: &b\n  x: 1\nrun:\n  <<: *b\n  <<: [*b, *b]\n",
        "1:1 base | 2:3 x | 2:6 1 | 3:1 run | 4:3 << | 4:7 *b | 5:3 << | 5:8 *b | 5:12 *b",
    ),
    "explicit keys": (
        "? k\n: v\n? 'l'  # c\n:\n? m\n",
        "1:3 k | 2:3 v | 3:3 'l' | 4:2  | 5:3 m | 5:4 ",
    ),
    "several lines": (
        "a: one\n  two # c\nb: 'x\n\n  y'\nc: \"p\\\n  q\"\n",
        "1:1 a | 1:4 one\\n  two | 3:1 b | 3:4 'x\\n\\n  y' | 6:1 c | 6:4 “p\\\\n  q”",
    ),
    "brackets over several lines": (
        "a: {x: 1, # c\n  y: [2,\n   3],\n  \"z\":4}\nb: 5\n",
        "1:1 a | 1:5 x | 1:8 1 | 2:3 y | 2:7 2 | 3:4 3 | 4:3 “z” | 4:7 4 | 5:1 b | 5:4 5",
    ),
    "block scalars end at their last line": (
        "a: |\n  x\n\n  y  \n\n\nb: >-\n  f\nc: |+\n  k\n\n# no\n"
        "d: |2-  # c\n    # in\n\ne: >1+\n  z",
        "1:1 a | 1:4 |\\n  x\\n\\n  y | 7:1 b | 7:4 >-\\n  f | 9:1 c | 9:4 |+\\n  k"
        " | 13:1 d | 13:4 |2-  # c\\n    # in | 16:1 e | 16:4 >1+\\n  z",
    ),
    "block scalars of nothing": (
        "a: |\nb: >-  # c\n\nc: |+\n\n\nd: 1\n",
        "1:1 a | 1:4 | | 2:1 b | 2:4 >- | 4:1 c | 4:4 |+ | 7:1 d | 7:4 1",
    ),
    "a directive, a start and an end": (
        "%YAML 1.1\n# head\n--- # c\na: 1\n...\n",
        "4:1 a | 4:4 1",
    ),
    "Korean, Chinese and astral text": (
        "한글: 값  # 주석\n'数据': 😀x\nb: {😀: 🧨}\n",
        "1:1 한글 | 1:5 값 | 2:1 '数据' | 2:7 😀x | 3:1 b | 3:5 😀 | 3:8 🧨",
    ),
    "JSON": (
        '{\n  "a": 1, "b": [1.0, null],\n\t"c": {"d":"x\\"y"}, "e": {}\n}\n',
        "2:3 “a” | 2:8 1 | 2:11 “b” | 2:17 1.0 | 2:22 null | 3:2 “c” | 3:8 “d”"
        " | 3:12 “x\\“y” | 3:21 “e”",
    ),
}  # fmt: skip


def shown(text: str) -> list[str]:
    """Return `line:column raw` of each scalar and alias, in the order of the file."""
    source = of_text("c.yaml", text)
    root = composed(text).root
    assert root is not None
    leaves = {
        (one.start, one.end) for one in stands(root) if one.kind not in ("mapping", "sequence")
    }
    entries = []
    for start, end in sorted(leaves):
        line, column = source.position(start)
        raw = re.sub(r"\r\n|\r|\n", r"\\n", text[start:end]).replace('"', "“")
        entries.append(f"{line}:{column} {raw}")
    return entries


def expected(listed: str) -> list[str]:
    return re.split(r" \| (?=\d+:)", listed.replace("”", "“"))


@pytest.mark.parametrize("name", CASES)
def test_every_key_and_value_stands_where_it_is_written(name: str) -> None:
    text, listed = CASES[name]
    assert shown(dedent(text)) == expected(listed)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ["crlf", "lone cr", "bom", "no final newline"])
def test_the_form_of_the_file_moves_nothing(name: str, form: str) -> None:
    text, listed = CASES[name]
    text = dedent(text)
    if form == "crlf":
        text = text.replace("\n", "\r\n")
    elif form == "lone cr":
        text = text.replace("\n", "\r")
    elif form == "bom":
        text = "\ufeff" + text
    else:
        text = text.rstrip("\n")
    assert shown(text) == expected(listed)


def test_styles_tags_and_anchors_are_told() -> None:
    text = (
        "a: p\nb: 's'\nc: \"d\"\nd: |\n  l\ne: >\n  f\ng: &n !!int 5\nh: !mine {x: 1}\ni: &s [1]\n"
    )
    root = composed(text).root
    assert isinstance(root, Mapping)
    values = {key.text: value for key, value in root.pairs if isinstance(key, Scalar)}
    styles = {name: node.style for name, node in values.items() if isinstance(node, Scalar)}
    assert styles == {
        "a": "plain", "b": "single", "c": "double", "d": "literal", "e": "folded", "g": "plain",
    }  # fmt: skip
    tagged, mapping, sequence = values["g"], values["h"], values["i"]
    assert isinstance(tagged, Scalar)
    assert (tagged.tag, tagged.anchor, tagged.text) == ("tag:yaml.org,2002:int", "n", "5")
    assert isinstance(mapping, Mapping)
    assert (mapping.tag, mapping.flow) == ("!mine", True)
    assert isinstance(sequence, Sequence)
    assert (sequence.anchor, sequence.flow) == ("s", True)
    assert not root.flow


def test_collections_end_with_their_last_child_or_bracket() -> None:
    text = "a:\n  x: 1\n\n  # c\n\nb:\n  - 1\n  -\n\nc: [ 1 ]  # c\nd: {}\n"
    root = composed(text).root
    assert isinstance(root, Mapping)
    raw = [text[value.start : value.end] for _, value in root.pairs]
    assert raw == ["x: 1", "- 1\n  -", "[ 1 ]", "{}"]
    assert text[root.start : root.end] == text.rstrip("\n")


def test_an_alias_knows_its_target_and_keeps_its_own_place() -> None:
    text = "a: &x {k: 1}\nb: *x\n"
    root = composed(text).root
    assert isinstance(root, Mapping)
    (_, first), (_, second) = root.pairs
    assert isinstance(second, Alias)
    assert text[second.start : second.end] == "*x"
    assert deref(second) is first
    assert deref(first) is first


@pytest.mark.parametrize(
    "text", ["", "\ufeff", "\n\n", "# only\n", "---\n", "---\n...\n", "  \n#x"]
)
def test_a_file_without_content_has_no_root(text: str) -> None:
    document = composed(text)
    assert document.root is None
    assert len(document.comments) == text.count("#")

"""Arguments behind a config come to what OmegaConf's own command line makes of them."""

from __future__ import annotations

import random

import pytest
from omegaconf import OmegaConf, __version__

from ftlint.syntax.construct import Constructed, construct
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.dotlist import OUTSIDE, BadArgument, overridden, read
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose
from tests.dialect.generated import scalar

KEYS = ["a", "b", "a.b", "a.b.c", "a[b]", "a.0", "a.1", "a[-1]", "a.2.x", "lr", "--lr", "[b].c", ""]
VALUES = [
    "[1, 2]", "[a, {b: 1}]", "{b: 1}", "{b: {c: 2}, d: []}", "[]", "{}", "null", "", "???", "- 1",
    "b: c", "{1: x}", "[1,", "{a: 1, a: 2}", "'x", '"5"', "5 # five", "# nothing", "a=b", "x, y",
]  # fmt: skip
FILES = ["{}", "a: 1", "a: [1, 2]", "a: {b: 1, c: 2}", "a: null\nb: {c: {d: 1}}", "a: {b: [1]}"]
HAND_MADE = [
    ["max_steps=50"], ["learning_rate=1e-4"], ["a=1_000", "b=010", "c=1:30", "d=0x1F", "e=.5"],
    ["a=yes", "b=Off", "c=~", "d='no'"], ["a=2024-01-01"], ["a"], ["--a", "1e-4"],
    ["a==b", "b=c=d"], ["a=[1]", "a=[2]"], ["a={x: 1}", "a={y: 2}"], ["a=[1]", "a={x: 1}"],
    ["a=5", "a.b=1"], ["a.b=1", "a.c=2"], ["a=[1,2]", "a.0=9"], ["a=[1,2]", "a.5=9"],
    ["a=[1,2]", "a.-1=9"], ["a=[1]", "a.0.b=2"], ["a=[1]", "a.x=2"], ["a={1: x}", "a.1=y"],
    ["a[b=1"], ["a..b=1"], [".a=1"], ["a b=c"], ["a:b=c"], ["a=${b}", "b=1"], ["a=${"], ["a=@x"],
    ["a=*x"], ["a=---"], ["a=1\n---\n2"], ["a=x\ny"], ["a=&x 5"], ["a=!x 5"], ["a=!!str 5"],
    ["a={<<: {x: 1}, y: 2}"], ["a={null: 1}"], ["a.b=???"], ["a=???"], ["a=null", "a.b=1"],
    ["keys=5", "get=1"], ["a=<<"], ["a=="], ["a=\t5"],
]  # fmt: skip
ESCAPED = [["a\\.b=1"], ["a\\=b=1"], ["a\\[0\\]=1"], ["a\\b=1"], ["a.b\\.c=1"], ["[a\\]b]=1"]]
LOST = object()
"""The result of what is refused."""


def drawn() -> list[tuple[str, list[str]]]:
    r = random.Random(24)
    cases = [(text, arguments) for arguments in HAND_MADE for text in FILES[:1]]
    if __version__ >= "2.4":
        cases += [("{}", arguments) for arguments in ESCAPED]
    for _ in range(600):
        arguments = [
            f"{r.choice(KEYS)}={r.choice(VALUES) if r.random() < 0.6 else scalar(r)}"
            for _ in range(r.choice([1, 1, 1, 2, 3]))
        ]
        cases.append((r.choice(FILES), arguments))
    return cases


def theirs(text: str, arguments: list[str]) -> object:
    try:
        over = OmegaConf.from_cli(arguments)
        return OmegaConf.to_container(OmegaConf.merge(OmegaConf.create(text), over))
    except Exception:
        return LOST


def of_file(text: str) -> Constructed:
    document = compose(text)
    assert not isinstance(document, Broken)
    return construct(document.root, OMEGACONF)


def ours(text: str, arguments: list[str]) -> object:
    found = read(arguments)
    if isinstance(found, BadArgument):
        return LOST
    made = overridden(of_file(text), found)
    if made.problems:
        return LOST
    return {name: entry.value for name, entry in made.entries.items()}


def test_arguments_come_to_what_omegaconf_makes_of_them() -> None:
    cases = drawn()
    told = [(ours(*case), theirs(*case)) for case in cases]
    assert [case for case, (a, b) in zip(cases, told) if repr(a) != repr(b)] == []
    lost = sum(b is LOST for _, b in told)
    assert 50 < lost < len(cases) - 300


def test_what_goes_too_deep_is_not_read() -> None:
    deep = ".".join("a" * 100_000)
    for argument in (f"{deep}=1", f"a={'[' * 100_000}"):
        assert isinstance(read([argument]), BadArgument)
    assert not isinstance(read([".".join("a" * 50) + "=1"]), BadArgument)


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        (["a=1e-4"], "a", "1e-4"),
        (["b=x", "a.c='y z'"], "a.c", "'y z'"),
        (["b={x: 1}", "a=[1,  2] # c"], "a", "[1,  2]"),
    ],
)
def test_spans_are_those_of_the_argument(arguments: list[str], key: str, value: str) -> None:
    found = read(arguments)
    assert not isinstance(found, BadArgument)
    entry = found.entries["a"]
    assert entry.key.start >= OUTSIDE
    assert found.text(entry.key.start, entry.key.end) == key
    assert found.text(entry.node.start, entry.node.end) == value
    assert found.at(entry.key.start) == found.arguments[-1]
    assert found.at(3) is None

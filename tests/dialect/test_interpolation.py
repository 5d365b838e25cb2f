"""Texts with `${` against the real OmegaConf, loaded as LLaMA Factory loads a config."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import GrammarParseError

from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, Dialect
from ftlint.syntax.interpolation import DEEPEST, is_readable
from ftlint.syntax.nodes import Document
from ftlint.syntax.parse import compose
from tests.searches import tries

PARTS = (
    *"${ ${ } } { [ ] : , . \\ ' \" ( ) a b-c _x 1 0.5 1e3 / = | ? % é < > # & $ + @ ; ! ~".split(),
    *("^", " ", "\t", "\n", "oc.env", "null", "A_B", "\\$", "\\}", "\\:", "${oc.env:X}", "${a.b}"),
)
INSIDE = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)
TEXTS = (
    INSIDE | INSIDE.map("${{{}}}".format) | INSIDE.map("${{a:{}}}".format)
    | INSIDE.map("s3://${{b}}/{}-${{a.b:{{}}}}".format)
)  # fmt: skip


def loads(text: str) -> bool:
    """Return whether the real one takes a value, by the calls of LLaMA Factory's read_args."""
    try:
        made = OmegaConf.merge(OmegaConf.create({"key": text}), OmegaConf.from_cli([]))
        assert OmegaConf.to_container(made) == {"key": text}
    except GrammarParseError:
        return False
    return True


@pytest.mark.search
@settings(max_examples=tries(600))
@given(TEXTS)
@example("${{ inputs.dir }}")
@example("${oc.env:HOME,'a}b'}")
@example("${a:\n}")
@example("${a: b,\nc}")
@example("${.a[b].c}")
@example("${a[b]:c}")
@example("${a:{b:[1,,2],c: d e},'x'}")
@example("\\${ \\\\${a}")
@example("${a\\]b}")
def test_a_reference_is_read_as_omegaconf_reads_it(text: str) -> None:
    assert is_readable(text) == loads(text)


def test_both_verdicts_are_drawn() -> None:
    """A generator of nonsense alone would prove little."""
    found = {True: 0, False: 0}

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(TEXTS)
    def draw(text: str) -> None:
        found[loads(text)] += "${" in text

    draw()
    assert min(found.values()) > 30, found


@pytest.mark.parametrize("text", ["${" * 40_000, "${a:" + "[" * 50_000, "${a." * 20_000])
def test_what_is_too_deep_is_not_judged(text: str) -> None:
    assert is_readable(text)


@pytest.mark.parametrize("depth", [2, DEEPEST - 1])
def test_what_is_deep_is(depth: int) -> None:
    fits = "${a:" * depth + "b" + "}" * depth
    assert (is_readable(fits), loads(fits)) == (True, True)
    assert (is_readable(fits[:-1]), loads(fits[:-1])) == (False, False)


@pytest.mark.parametrize(
    ("dialect", "stops"), [(PYYAML, False), (PYYAML_CONTAINERS, True), (OMEGACONF, True)]
)
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a: 1\nb: ${{ x.y }}\n", "b"),
        ("a: 1\nb: '${x'\n", "b"),
        ('a: 1\nb: {c: [1, "${}"]}\n', "b"),
        ("a: ${x}\n${{b}}: ${oc.env:HOME}/runs\n", None),  # keys are not looked at
    ],
)
def test_a_broken_reference_is_told_at_its_key(
    text: str, key: str | None, dialect: Dialect, stops: bool
) -> None:
    document = compose(text)
    assert isinstance(document, Document)
    found = [one.values.get("name") for one in construct(document.root, dialect).problems
             if one.kind == "broken-reference"]  # fmt: skip
    assert found == ([key] if stops and key else [])

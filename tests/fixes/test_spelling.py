"""What is spelled is read back as the same value, by every loader there is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.edits.page import NoEdit, Page, read_page
from ftlint.edits.spelling import fit, read, spell
from ftlint.fixes.oracle import same
from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, Dialect
from ftlint.syntax.source import of_text

LOADERS = [PYYAML, PYYAML_CONTAINERS, OMEGACONF]
LETTERS = st.characters(
    codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff", exclude_categories=["Cc"]
)
TRAPS = [
    *"no null 1e-4 0755 1:30 2024-01-01 a: [a = ${a ' \" ~ y 1_000 .5 - a,b {x} *a &a".split(),
    *"!a|%a|@a|`a|?|<<|:a|/a/b|$HOME/a|--flag|-1x|a b|a: b|a #b|- a|true |? a|--- a|".split("|"),
]
WORDS = st.text(LETTERS) | st.sampled_from(TRAPS)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(WORDS, SCALARS, max_size=3)


def page(text: str, dialect: Dialect, path: str = "c.yaml") -> Page:
    made = read_page(of_text(path, text), dialect)
    assert isinstance(made, Page)
    return made


@given(VALUES, st.sampled_from(LOADERS))
def test_a_spelled_value_is_read_back(value: object, dialect: Dialect) -> None:
    found = read(page("a: 1\n", dialect), spell(value, dialect))
    if isinstance(found, NoEdit):  # OmegaConf takes no interpolation that is not closed
        assert "${" in str(value)
    else:
        assert same(value, found, set())


@given(VALUES, st.sampled_from(["a: 1\n", "{a: 1}", '{"a": 1}']), st.sampled_from(LOADERS))
def test_a_value_fits_into_any_style_of_file(value: object, text: str, dialect: Dialect) -> None:
    made = page(text, dialect)
    fitted = fit(made, spell(value, dialect))
    if isinstance(fitted, NoEdit):
        assert "${" in str(value) or (made.is_json and "infinite" in fitted.reason)
        return
    again = read_page(of_text("c.yaml", text.replace("1", fitted)), dialect)
    assert isinstance(again, Page), fitted
    assert same(again.constructed.value, {"a": value}, set())


@pytest.mark.parametrize("text", ["lora", "1.0e-4", "[a, 'b']", "{a: 1}", "~", "0x10", "'x'"])
def test_json_gets_json(text: str) -> None:
    made = page('{"a": 1}', OMEGACONF, "c.json")
    fitted = fit(made, text)
    assert isinstance(fitted, str)
    assert same(json.loads(fitted), read(made, text), set())


def test_a_float_is_one_to_every_loader() -> None:
    spelled = {spell(1e-05, dialect) for dialect in LOADERS}
    assert spelled == {"1.0e-5"}
    assert spell(0.1, PYYAML) == "0.1"
    assert spell(float("-inf"), PYYAML) == "-.inf"

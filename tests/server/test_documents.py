"""Columns in units of UTF-16, lines as editors count them, and changes one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.server.documents import offset, opened, position
from ftlint.syntax.source import of_text
from tests.server.client import applied
from tests.server.conftest import BASE

if TYPE_CHECKING:
    from tests.server.client import Client

TEXTS = st.text(st.sampled_from("ab: \n\r\té한😀𝔘\ufeff\ud800"), max_size=40)


def place(text: str, at: int) -> dict[str, int]:
    """Return a place as an editor has it, counted another way."""
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    line = before.rpartition("\n")[2]
    units = len(line.encode("utf-16-le", "surrogatepass")) // 2
    return {"line": before.count("\n"), "character": units}


@given(TEXTS)
def test_places_and_offsets(text: str) -> None:
    source = of_text("a.yaml", text)
    for at in range(len(text) + 1):
        if text[at - 1 : at + 1] == "\r\n":
            continue  # one line end, in which there is no place
        assert position(source, at) == place(text, at)
        assert offset(source, place(text, at)) == at


@given(TEXTS, st.integers(0, 50), st.integers(0, 50))
def test_any_place_is_somewhere(text: str, line: int, character: int) -> None:
    found = offset(of_text("a.yaml", text), {"line": line, "character": character})
    assert 0 <= found <= len(text)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), TEXTS), max_size=6))
def test_changes_come_to_what_an_editor_has(text: str, edits: list[tuple[int, int, str]]) -> None:
    document = opened("file:///a.yaml", "/a.yaml", "", 1, "yaml", text)
    changes: list[dict[str, Any]] = []
    for one, other, new in edits:
        start, end = sorted((min(one, len(text)), min(other, len(text))))
        if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
            continue
        where = {"start": place(text, start), "end": place(text, end)}
        changes.append({"range": where, "text": new})
        text = applied(text, [{"range": where, "newText": new}])
    after = document.edited(2, changes)
    assert after.sent.text == text
    assert units(after.text) == units(text)
    after.text.encode("utf-8")


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_halves_that_meet_are_one_character() -> None:
    document = opened("file:///a.yaml", "/a.yaml", "", 1, "yaml", "a: \ud83d")
    assert document.text == "a: \ufffd"
    at = {"line": 0, "character": 4}
    after = document.edited(2, [{"range": {"start": at, "end": at}, "text": "\ude00"}])
    assert after.text == "a: \U0001f600"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_finding_lies_where_an_editor_shows_it(editor: Client, end: str, bom: str) -> None:
    text = bom + BASE + "# 한국어 😀\nrun_name: '한국어 😀 x'\nreport_to: '😀'\n"
    text = (text + "flow: 1\n").replace("\n", end)
    name = f"places{ord(end[0])}{len(end)}{len(bom)}.yaml"
    found = {one["code"]: one["range"] for one in editor.open(name, text)}
    line = text.replace("\r\n", "\n").replace("\r", "\n").split("\n").index("flow: 1")
    assert found["FT101"]["start"] == {"line": line, "character": 0}
    assert found["FT101"]["end"] == {"line": line, "character": 4}


def test_a_column_behind_wide_characters(editor: Client) -> None:
    flow = '{"model_name_or_path": "😀/한", "stage": "sft", "template": "qwen3", "bad_kee": 1}\n'
    found = [one for one in editor.open("wide.yaml", flow) if one["code"] == "FT101"]
    at = len('{"model_name_or_path": "😀/한", "stage": "sft", "template": "qwen3", ') + 1
    assert [one["range"]["start"] for one in found] == [{"line": 0, "character": at}]
    told = editor.ask("textDocument/hover", editor.at("wide.yaml", 0, at + 1))
    assert "bad_kee" in told["contents"]["value"]

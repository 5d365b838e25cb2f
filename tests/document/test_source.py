"""Bytes to text, and offsets to lines and columns and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ftlint.syntax.source import Source, Undecodable, decode, of_text

TEXTS = st.text(st.sampled_from("\r\n\x85\u2028 ab#:한😀\ufeff\t"), max_size=40)


@given(TEXTS)
@example("\ufeff")
@example("\r\n\r\r\n\n\ufeff")
def test_positions_lead_back_to_their_offset(text: str) -> None:
    source = of_text("c.yaml", text)
    lines = re.split(r"\r\n|\r|\n", text)
    assert len(source.line_starts) == len(lines)
    seen = set()
    for offset in range(len(text) + 1):
        line, column = source.position(offset)
        mark = 1 if line == 1 and text.startswith("\ufeff") and offset > 0 else 0
        assert source.line_starts[line - 1] + column - 1 + mark == offset
        assert line == len(re.findall(r"\r\n|\r|\n", text[:offset])) + 1 or text[offset - 1] == "\r"
        seen.add(line)
    assert seen == set(range(1, len(lines) + 1))


@given(TEXTS)
def test_lines_are_the_text_without_line_ends(text: str) -> None:
    source = of_text("c.yaml", text)
    lines = re.split(r"\r\n|\r|\n", text)
    lines[0] = lines[0].removeprefix("\ufeff")
    found = [source.line(number) for number in range(1, len(source.line_starts) + 1)]
    assert found == lines


@given(TEXTS, st.data())
def test_the_line_end_is_the_break_that_follows(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        return  # inside a line break there is no line to end
    match = re.compile(r"\r|\n|\Z").search(text, offset)
    assert match is not None
    assert of_text("c.yaml", text).line_end(offset) == match.start()


def test_columns_count_characters_and_not_bytes_or_halves() -> None:
    source = of_text("c.yaml", "한😀é: 1\n")
    assert source.position(source.text.index(":")) == (1, 4)


def test_a_byte_order_mark_takes_no_column() -> None:
    source = of_text("c.yaml", "\ufeffab\nc")
    assert [source.position(offset) for offset in range(5)] == [
        (1, 1), (1, 1), (1, 2), (1, 3), (2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "offset", "line", "reason"),
    [
        (b"a: 1\nb: \xe9\n", 8, 2, "byte 0xe9 is not UTF-8"),
        (b"a: 1\r\nb: 1\r\n\xff", 12, 3, "byte 0xff is not UTF-8"),
        ("a: 1".encode("utf-16"), 0, 1, "it is UTF-16"),
        (b"\xfe\xff\x00a", 0, 1, "it is UTF-16"),
        (b"a: \xed\xa0\x80", 3, 1, "byte 0xed is not UTF-8"),  # a lone surrogate
    ],
)
def test_what_is_no_utf8_is_named_with_its_place(
    data: bytes, offset: int, line: int, reason: str
) -> None:
    assert decode("c.yaml", data) == Undecodable(offset, line, reason)


@pytest.mark.parametrize("text", ["", "\ufeffa: 한\r\n", "a\x00b\x7f"])
def test_utf8_is_taken_as_it_is(text: str) -> None:
    source = decode("c.yaml", text.encode())
    assert isinstance(source, Source)
    assert (source.path, source.text) == ("c.yaml", text)

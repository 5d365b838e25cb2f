"""Counting JSON values without parsing them agrees with parsing them."""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.datasets import jsonflat, jsonlines, jsonscan, parallel
from ftlint.datasets.faults import BOM_AND_ARRAY, NotLoadable
from ftlint.datasets.jsonload import JsonFile
from ftlint.datasets.rowcount import RowCount
from ftlint.support.disk import Disk
from tests.searches import tries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NASTY = [
    '"', "\\", '\\"', "\\\\", "{", "}", "[", "]", "}{", "} {", '"}', '{"a": 1}', "},\n  {",
    "\n", "\r\n", "\t", ",", ":", "\u2028", "\x0b", "한국어", "é", "\U0001f600", "\\u007b", "/",
]  # fmt: skip

texts = st.one_of(
    st.text(max_size=12),
    st.lists(st.sampled_from(NASTY), max_size=8).map("".join),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
rows_of_texts = st.lists(st.dictionaries(texts, texts, max_size=4), min_size=1, max_size=12)
rows_of_objects = st.lists(st.dictionaries(texts, values, max_size=4), min_size=1, max_size=12)
blocks = st.sampled_from([3, 7, 16, 61, 1 << 19])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json")


def counted(folder: Path, data: bytes) -> RowCount:
    path = folder / "rows.json"
    path.write_bytes(data)
    return jsonscan.count_json(str(path), Disk())


@contextmanager
def in_blocks_of(size: int) -> Iterator[None]:
    """Read as few bytes at a time as that, so that small files reach over the edges, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonscan, "BLOCK", size)
        patch.setattr(jsonlines, "WINDOW", size)
        patch.setattr(parallel, "BLOCK", size)
        yield


@contextmanager
def in_parts(parts: int) -> Iterator[None]:
    """Cut every file into so many ranges, all of them scanned by this process."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (jsonscan, jsonlines, jsonflat):
            patch.setattr(module, "shares", lambda size: parts)
            patch.setattr(module, "spread", lambda work, ranges: [work(*one) for one in ranges])
        yield


def parsed(folder: Path, data: bytes) -> list[dict[str, object]]:
    path = folder / "rows.json"
    path.write_bytes(data)
    return list(JsonFile(str(path), Disk()).rows())


@pytest.mark.search
@settings(max_examples=tries(40))
@given(
    rows_of_objects, st.sampled_from([None, 0, 2, "\t"]), st.booleans(), st.booleans(), blocks,
    st.sampled_from(["", "\n", "\r\n", "  "]),
)  # fmt: skip
def test_an_array(
    folder: Path, rows: list[Any], indent: Any, ascii_only: bool, bom: bool, block: int, end: str
) -> None:
    text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only) + end
    data = b"\xef\xbb\xbf" * bom + text.encode("utf-8", "surrogatepass")
    with in_blocks_of(block):
        count = counted(folder, data)
    assert count == RowCount(None, BOM_AND_ARRAY) if bom else RowCount(len(rows))


@pytest.mark.search
@settings(max_examples=tries(40))
@given(rows_of_texts, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_an_array_is_read_as_it_was_written(
    folder: Path, rows: list[Any], indent: Any, ascii_only: bool
) -> None:
    text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    assert parsed(folder, text.encode("utf-8", "replace")) == json.loads(
        text.encode("utf-8", "replace")
    )


@pytest.mark.search
@settings(max_examples=tries(40))
@given(
    st.lists(
        st.tuples(
            st.dictionaries(texts, texts, max_size=4),
            st.sampled_from([None, None, None, 2]),
            st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", " \n", "", " ", "\n \t\n  "]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
    blocks,
)
def test_values_after_each_other(folder: Path, rows: list[Any], bom: bool, block: int) -> None:
    """One a line, several on a line, one over several lines, blank lines between."""
    text = "".join(json.dumps(row, indent=indent) + end for row, indent, end in rows)
    data = b"\xef\xbb\xbf" * bom + text.encode()
    with in_blocks_of(block):
        assert counted(folder, data) == RowCount(len(rows))
    assert parsed(folder, data) == [row for row, _, _ in rows]


flat_rows = st.lists(
    st.dictionaries(
        st.one_of(texts, st.sampled_from(["instruction", "a"])),
        st.one_of(texts, st.integers(), st.none(), st.lists(texts, max_size=2)),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.search
@settings(max_examples=tries(80))
@given(
    flat_rows, st.sampled_from([None, 0, 1, 2, 7, "\t"]), st.booleans(),
    st.sampled_from([300, 500, 1 << 18]), st.integers(1, 4),
)  # fmt: skip
def test_an_array_of_flat_objects(
    folder: Path, rows: list[Any], indent: Any, ascii_only: bool, block: int, parts: int
) -> None:
    """By the opening braces alone: the right number, or the matter is left to the other way."""
    data = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    path = folder / "flat.json"
    path.write_bytes(data.encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch, in_parts(parts):
        patch.setattr(jsonflat, "BLOCK", block)
        found = jsonflat.count_flat(str(path), 0, path.stat().st_size, Disk())
    plain = all(key[:1].isalpha() for row in rows for key in list(row)[:1])
    assert found == len(rows) or (found is None and not plain)


@pytest.mark.search
@settings(max_examples=tries(40))
@given(rows_of_objects, st.sampled_from([None, 0, 2]), st.sampled_from([300, 1 << 18]))
def test_an_array_that_may_be_flat(folder: Path, rows: list[Any], indent: Any, block: int) -> None:
    path = folder / "perhaps.json"
    path.write_bytes(json.dumps(rows, indent=indent).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonflat, "BLOCK", block)
        found = jsonflat.count_flat(str(path), 0, path.stat().st_size, Disk())
    assert found in (None, len(rows))


@pytest.mark.parametrize(
    "data",
    [
        b'[{"a": 1}, 5, {"b": 2}]', b'[{"a": {"b": 1}}]', b'[{"a": [{"b": 1}, {"b": 2}]}]',
        b'[{"a": 1}, {}]', b"[{}]", b'[{"a": 1}, 5]', b'[[1], {"a": 1}]', b'[{" a": 1}]',
        b'[{"a": 1}, {" b": 1}]', b'[{"a": 1},' + b" " * 400 + b'{"a": 1}]]', b'[{"a": 1}] x',
        b'[{"a": "x}]',
    ],
)  # fmt: skip
def test_left_to_the_other_way(folder: Path, data: bytes) -> None:
    path = folder / "other.json"
    path.write_bytes(data)
    assert jsonflat.count_flat(str(path), 0, len(data), Disk()) is None


@pytest.mark.search
@settings(max_examples=tries(30))
@given(rows_of_objects, st.sampled_from([None, 2]), st.integers(2, 5), blocks)
def test_cut_into_ranges(
    folder: Path, rows: list[Any], indent: Any, parts: int, block: int
) -> None:
    """A scan shared among processes adds up to the scan of one, also of arrays on one line."""
    array = json.dumps(rows, indent=indent).encode()
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    with in_parts(parts), in_blocks_of(block):
        assert counted(folder, array).rows == len(rows)
        assert counted(folder, lines).rows == len(rows)


LINES = st.tuples(
    st.one_of(
        st.dictionaries(texts, values, max_size=4).map(json.dumps),
        st.dictionaries(texts, values, max_size=2).map(lambda row: json.dumps(row, indent=1)),
        st.sampled_from(["", " ", "\t", "{", "}", "{}", "{}}", "[{}]", "{} {}", "5", '"}"', "{}x"]),
    ),
    st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", " \n", "\n\n", ""]),
)


def by_line(data: bytes) -> int | None:
    """Return the lines that start and end with a brace, None when another one is not blank."""
    lines = [line.strip(b" \t\r\n") for line in data.split(b"\n")]
    if any(line and not (line[:1] == b"{" and line[-1:] == b"}") for line in lines):
        return None
    return sum(map(bool, lines))


@pytest.mark.search
@settings(max_examples=tries(40))
@given(st.lists(LINES, max_size=12), st.integers(1, 4), st.sampled_from([1, 3, 16, 1 << 18]))
def test_lines_read_and_mapped(folder: Path, pieces: Any, parts: int, window: int) -> None:
    """Good and bad lines, blank ones, any line end or none, over the edges of every window."""
    data = "".join(text + end for text, end in pieces).encode()
    path = folder / "lines.jsonl"
    path.write_bytes(data)
    wanted = by_line(data)
    with path.open("rb") as file, in_parts(parts), in_blocks_of(window):
        assert jsonlines.count_lines(file.fileno(), 0, len(data)) == wanted
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jsonlines, "MAPPED", window)
            patch.setattr(os, "getpid", iter(range(10_000)).__next__)  # never the parent's again
            assert jsonlines.count_lines(file.fileno(), 0, len(data)) == wanted


def test_a_line_too_long_to_hold(folder: Path) -> None:
    """It is left to the other way, wherever in the file it is."""
    short, long = b'{"a": 1}\n', b'{"a": "' + b"x" * 5000 + b'"}\n'
    for data in (long + short, short * 9 + long + short, short + long, short + long[:-1]):
        path = folder / "long.jsonl"
        path.write_bytes(data)
        with path.open("rb") as file, pytest.MonkeyPatch.context() as patch:
            patch.setattr(jsonlines, "LONGEST", 1000)
            patch.setattr(jsonlines, "WINDOW", 64)
            patch.setattr(parallel, "BLOCK", 64)
            tail = data.endswith(long[:-1])
            wanted = 2 if tail and len(data) <= 64 + 1000 else None
            assert jsonlines.count_lines(file.fileno(), 0, len(data)) == wanted
            assert counted(folder, data).rows == data.count(b"{")


def test_cut_into_processes(folder: Path) -> None:
    rows = [{"text": "}{\n" * 50, "number": number} for number in range(3000)]
    with pytest.MonkeyPatch.context() as patch:
        for module in (jsonscan, jsonlines, jsonflat):
            patch.setattr(module, "shares", lambda size: 4)
        patch.setattr(jsonlines, "MAPPED", 1 << 15)
        for indent in (None, 1):
            array = json.dumps(rows, indent=indent).encode()
            assert counted(folder, array).rows == 3000
            nested = json.dumps([{"rows": [row, row]} for row in rows], indent=indent).encode()
            assert counted(folder, nested).rows == 3000
        lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        assert counted(folder, lines).rows == 3000


def test_a_file_that_shrinks_while_it_is_mapped(folder: Path) -> None:
    """It kills the processes that look at it, and is read by this one: as short as it is now."""
    path = folder / "shrinks.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 100_000)
    parent, size, real = os.getpid(), path.stat().st_size, mmap.mmap

    def cut_short(*arguments: Any, **options: Any) -> mmap.mmap:
        assert os.getpid() != parent
        faulthandler.disable()  # it would tell of the death that is meant
        mapped = real(*arguments, **options)
        os.truncate(path, 9 * 1000)
        return mapped

    with path.open("rb") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonlines, "shares", lambda size: 2)
        patch.setattr(mmap, "mmap", cut_short)
        assert jsonlines.count_lines(file.fileno(), 0, size) == 1000


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b'{"data": [{"a": 1}, {"a": 2}]}', 1),
        (b'{"a": [1, 2, 3]}', 1),
        (b"[]", 0),
        (b" \n[ ]\n", 0),
        (b'{"a":1}{"a":2}\n{"a":3}', 3),
        (b'{"a":"\\\\"}\n{"a":"}{"}\n', 2),
        (b'[{"a":"\\\\\\""},{"b":"]"}]', 2),
    ],
)
def test_shapes(folder: Path, data: bytes, rows: int) -> None:
    assert counted(folder, data) == RowCount(rows)


@pytest.mark.parametrize(
    "data",
    [b"", b"  \n", b"\xef\xbb\xbf", b"[1, 2]", b'["a{b"]', b'"text"', b"12", b'{"a": 1',
     b'[{"a": 1}', b'[{"a": "x}]', b'{"a": "x', b'}{"a": 1}', b"[{}][{}]", b"[" * 300,
     "[{}]".encode("utf-16")],
)  # fmt: skip
def test_nothing_to_count(folder: Path, data: bytes) -> None:
    count = counted(folder, data)
    assert count.rows is None
    assert count.problem


@pytest.mark.parametrize(
    "data",
    [b'[{"a": 1}', b'[{"a": 1} {"a": 2}]', b'[{"a": 1}] x', b'{"a": 1},\n{"a": 2}\n',
     b'{"a": 1}\n[1]\n', b'{"a": }\n', b'{"a": 1}}', b'[{"a": "\xff"}]', b"[" + b'{"a":' * 100_000],
)  # fmt: skip
def test_not_readable(folder: Path, data: bytes) -> None:
    with pytest.raises(NotLoadable):
        parsed(folder, data)


def test_a_line_longer_than_a_block(folder: Path) -> None:
    long = {"text": "x" * (3 << 20)}
    data = b"".join(json.dumps(row).encode() + b"\n" for row in [long, {"a": 1}, long])
    assert counted(folder, data) == RowCount(3)
    assert parsed(folder, data) == [long, {"a": 1}, long]


def test_a_big_file_says_what_it_rests_on(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonscan, "PROVED", 10)
        count = counted(folder, b'{"a": 1}\n{"a": 2}\n')
    assert count == RowCount(2, assumption=jsonscan.ONE_A_LINE)


def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        jsonscan.count_json(str(tmp_path / "none.json"), Disk())

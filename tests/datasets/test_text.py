"""Lines of text files, records of CSV files."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.datasets import count_rows, textscan
from ftlint.datasets.reading import rows_of
from ftlint.datasets.shapes import NULLS
from ftlint.support.disk import Disk
from tests.searches import tries

if TYPE_CHECKING:
    from pathlib import Path

characters = st.sampled_from([*'ab"",\n\r\t |;', "\r\n", "한", "\u2028", "\x0b", "''"])
cells = st.lists(characters, max_size=6).map("".join)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text") / "file"


@pytest.mark.search
@settings(max_examples=tries(100))
@given(st.lists(cells, max_size=12), st.sampled_from([1, 2, 5, 1 << 19]))
def test_lines(path: Path, pieces: list[str], block: int) -> None:
    text = "\n".join(pieces)
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textscan, "BLOCK", block)
        found = count_rows(str(path), "text", Disk()).rows
    assert found == len(io.StringIO(text, newline=None).readlines())


@pytest.mark.search
@settings(max_examples=tries(100))
@given(
    st.lists(st.lists(cells, min_size=2, max_size=2), max_size=12), st.booleans(),
    st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(0, 12),
)  # fmt: skip
def test_records(
    path: Path, records: list[list[str]], bom: bool, end: str, last: bool, blank: int
) -> None:
    """As many as were written, whatever is in the cells; blank lines are none."""
    out = io.StringIO(newline="")
    # A carriage return on its own is not quoted by every release unless all is.
    quoted = any("\r" in cell for record in records for cell in record)
    quoting: Any = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, lineterminator=end, quoting=quoting)
    writer.writerow(["instruction", 'the "output"'])
    for number, record in enumerate(records):
        if number == blank:
            out.write(end + " \t" + end)
        writer.writerow(record)
    text = out.getvalue() if last else out.getvalue().removesuffix(end)
    path.write_bytes(b"\xef\xbb\xbf" * bom + text.encode())
    assert count_rows(str(path), "csv", Disk()).rows == len(records)
    read = list(rows_of(str(path), "csv", (), Disk()))
    names = ("instruction", 'the "output"')
    assert read == [
        {name: None if cell in NULLS else cell for name, cell in zip(names, record, strict=True)}
        for record in records
    ]


@pytest.mark.parametrize(
    ("data", "rows"),
    [(b"", None), (b"a,b\n", 0), (b"a,b", 0), (b"\n\na,b\n1,2", 1), (b'a\n""\n', 1),
     (b"a\r1\r2\r", 2), (b'a,b\n"1\n\n2",3\n', 1),
     (b'a,b\n5" screen,x\n', 1), (b"a\n\xff\n", None)],
)  # fmt: skip
def test_shapes_of_csv(path: Path, data: bytes, rows: int | None) -> None:
    path.write_bytes(data)
    assert count_rows(str(path), "csv", Disk()).rows == rows


def test_a_long_field(path: Path) -> None:
    path.write_text("a\n" + "x" * 300_000 + "\n", encoding="utf-8")
    limit = csv.field_size_limit()
    assert count_rows(str(path), "csv", Disk()).rows == 1
    assert csv.field_size_limit() == limit

"""Parquet and Arrow files, read without a package for either.

tables/ was written by pyarrow, see make_tables.py; known.json is what pyarrow says of each.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.datasets import count_rows
from ftlint.datasets.arrowipc import read_table
from ftlint.datasets.parquet import read_footer

TABLES = Path(__file__).parent / "tables"
KNOWN = json.loads((TABLES / "known.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known(name: str) -> None:
    rows, columns = KNOWN[name]
    read = read_footer if name.endswith("parquet") else read_table
    found = read(str(TABLES / name))
    assert not isinstance(found, str)
    assert found[:2] == (rows, tuple(columns))
    if rows:
        coded = {"tag": 0} if name.endswith("parquet") else {}  # as a dictionary in Arrow
        nulls = {"instruction": 0, "output": 5} if name.startswith("alpaca") else coded
        assert dict(found.nulls) == nulls
    assert count_rows(str(TABLES / name), name.rsplit(".")[-1]).rows == rows


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(sorted(KNOWN)), st.integers(0, 100_000), st.binary(max_size=12),
    st.booleans(),
)  # fmt: skip
def test_a_broken_file_is_said_to_be_one(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: int, noise: bytes, cut: bool
) -> None:
    data = (TABLES / name).read_bytes()
    place %= len(data) + 1
    data = data[:place] if cut else data[:place] + noise + data[place + len(noise) :]
    path = tmp_path_factory.getbasetemp() / f"broken.{name.rsplit('.')[-1]}"
    path.write_bytes(data)
    for kind in ("parquet", "arrow"):
        count = count_rows(str(path), kind)
        assert count.rows is None or count.rows >= 0
        assert (count.rows is None) == bool(count.problem)


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"x" * 100, b"ARROW1\0\0", b"\xff" * 64, b"\0" * 64]
)
def test_something_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    for kind in ("parquet", "arrow"):
        assert count_rows(str(path), kind).problem


def test_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    path.write_bytes(b"PARE" + b"\0" * 20 + b"PARE")
    assert "encrypted" in count_rows(str(path), "parquet").problem

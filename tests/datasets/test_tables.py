"""Parquet and Arrow files, read without a package for either.

tables/ and odd/ were written by pyarrow, see make_tables.py; known.json is what it says of each.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.datasets import Cache, DatasetSize, Question, count_rows, measure
from ftlint.datasets.arrowipc import read_table
from ftlint.datasets.parquet import read_footer
from ftlint.datasets.rowcount import NEWER, OLDER
from ftlint.support.disk import Disk

TABLES = Path(__file__).parent / "tables"
ODD = TABLES.with_name("odd")
KNOWN = json.loads((TABLES / "known.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known(name: str) -> None:
    rows, columns = KNOWN[name]
    read = read_footer if name.endswith("parquet") else read_table
    found = read(str(TABLES / name), Disk())
    assert not isinstance(found, str)
    assert found[:2] == (rows, tuple(columns))
    if rows:
        coded = {"tag": 0} if name.endswith("parquet") else {}  # as a dictionary in Arrow
        nulls = {"instruction": 0, "output": 5} if name.startswith("alpaca") else coded
        assert dict(found.nulls) == nulls
    assert count_rows(str(TABLES / name), name.rsplit(".")[-1], Disk()).rows == rows


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
        count = count_rows(str(path), kind, Disk())
        assert count.rows is None or count.rows >= 0
        assert (not count.rows) >= bool(count.problem) >= (count.rows is None)


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"x" * 100, b"ARROW1\0\0", b"\xff" * 64, b"\0" * 64]
)
def test_something_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    for kind in ("parquet", "arrow"):
        assert count_rows(str(path), kind, Disk()).problem


def test_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    path.write_bytes(b"PARE" + b"\0" * 20 + b"PARE")
    assert "encrypted" in count_rows(str(path), "parquet", Disk()).problem


def together(folder: Path, kind: str, names: str, workers: int = 1) -> DatasetSize:
    data = folder / "x"
    data.mkdir()
    for number, name in enumerate(names.split("+")):
        (data / f"{number}.{kind}").write_bytes((ODD / f"{name}.{kind}").read_bytes())
    (folder / "dataset_info.json").write_text('{"x": {"file_name": "x"}}')
    (found,) = measure(["x"], dataset_dir=str(folder), cwd=str(folder), cache=Cache(None),
                       question=Question("pt", workers=workers), disk=Disk())  # fmt: skip
    return found


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("map", "has the column `a`, which is a map"), ("maps", "the column `a`, which is a map"),
        ("twice", "has the column `a` twice"),
        ("twice-inside", "has the column `a.x` twice"), ("text+list", "`a` is "),
        ("list+record", "`a` is "), ("nulls+record", "`a` is "),
    ],
)  # fmt: skip
def test_tables_that_the_loader_rejects(tmp_path: Path, kind: str, names: str, says: str) -> None:
    found = together(tmp_path, kind, names, workers=2)
    assert found.rows is None
    assert found.trouble is not None
    assert found.trouble.what == "unreadable"
    assert says in found.trouble.text


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("names", "rows"),
    [("two+turned", 2), ("text+large+coded", 6), ("text+text", 6), ("time+time", 2), ("wider", 1)],
)
def test_tables_that_load_together(tmp_path: Path, kind: str, names: str, rows: int) -> None:
    assert together(tmp_path, kind, names, workers=2).rows == rows


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize(
    "names", ["fixed", "text+whole", "whole+fraction", "bytes+text", "short+whole"]
)
def test_what_depends_on_values_is_left_open(tmp_path: Path, kind: str, names: str) -> None:
    found = together(tmp_path, kind, names)
    assert found.trouble is not None
    assert found.trouble.what == "doubtful"


@pytest.mark.parametrize(
    ("names", "rows"),
    [("text+empty-last", 6), ("text+no-groups", 3), ("text+rowless", None), ("empty-first", None)],
)
def test_a_parquet_file_that_begins_with_no_rows(
    tmp_path: Path, names: str, rows: int | None
) -> None:
    found = together(tmp_path, "parquet", names)
    assert found.rows == rows
    if rows is None:
        assert found.trouble is not None
        assert "begins with a row group of no rows" in found.trouble.text


@pytest.mark.parametrize("name", sorted(name for name in KNOWN if name.startswith("alpaca")))
def test_a_file_cut_at_an_end_is_refused_and_one_without_its_first_word_is_not(
    tmp_path: Path, name: str
) -> None:
    data = (TABLES / name).read_bytes()
    path = tmp_path / name
    kind = name.rsplit(".", maxsplit=1)[-1]
    for cut in (data[20:], data[:-9] if "stream" not in name else data[:-300]):
        path.write_bytes(cut)
        assert count_rows(str(path), kind, Disk()).problem
    if "stream" not in name:
        path.write_bytes(bytes(4) + data[4:])
        assert count_rows(str(path), kind, Disk()).rows == KNOWN[name][0]


def test_a_parquet_page_that_is_none(tmp_path: Path) -> None:
    """Only the head of the page tells it, as the footer is whole."""
    data = bytearray((ODD / "text.parquet").read_bytes())
    path = tmp_path / "file.parquet"
    for place in (4, 5):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        assert "broken pages" in count_rows(str(path), "parquet", Disk()).problem


ARROW_SCHEMA = b"ARROW:schema"


@pytest.mark.parametrize("name", [name for name in sorted(KNOWN) if name.endswith("parquet")])
@pytest.mark.parametrize("damage", ["no base64", "no message", "cut", "no name"])
def test_a_footer_that_pyarrow_refuses_is_not_counted(
    name: str, damage: str, tmp_path: Path
) -> None:
    """Run with pyarrow 26, which opens none of them."""
    data = (TABLES / name).read_bytes()
    place = data.index(ARROW_SCHEMA) + len(ARROW_SCHEMA) + 4
    if damage == "no base64":
        data = data[:place] + b"!" + data[place + 1 :]
    elif damage == "no message":
        data = data[:place] + b"AAAA" * 8 + data[place + 32 :]
    elif damage == "cut":  # its length is told anew, so that the end alone is missing
        length = int.from_bytes(data[-8:-4], "little") - 9
        data = data[:-17] + length.to_bytes(4, "little") + data[-4:]
    else:  # the key of what the writer adds is of another type: what must be there is missing
        head = place - len(ARROW_SCHEMA) - 6
        assert data[head] == 0x18
        data = data[:head] + b"\x28" + data[head + 1 :]
    path = tmp_path / "damaged.parquet"
    path.write_bytes(data)
    count = count_rows(str(path), "parquet", Disk())
    assert (count.rows, count.problem) == (None, "is a Parquet file with a broken footer")


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("alpaca-stream-plain.arrow", ""), ("alpaca-2.6-snappy.parquet", ""),
        ("nested-stream-plain.arrow", "2.20"), ("nested-2.6-snappy.parquet", "2.20"),
        ("alpaca-file-plain.arrow", "2.21"), ("nested-file-zstd.arrow", "2.21"),
    ],
)  # fmt: skip
def test_what_older_datasets_do_not_read_is_told(name: str, since: str) -> None:
    """A dictionary for a column, and the file format of Arrow; run with 2.16 to 4.0."""
    said = count_rows(str(TABLES / name), name.rsplit(".")[-1], Disk()).assumption
    assert said == (since and f"{NEWER} {since}")


def test_what_older_datasets_read_is_told(tmp_path: Path) -> None:
    found = together(tmp_path, "parquet", "empty-first")
    assert found.trouble is not None
    assert f"{OLDER} 2.18" in found.trouble.text

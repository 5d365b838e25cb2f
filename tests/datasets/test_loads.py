"""What the real loader refuses is refused, and what it takes is counted, each told as what it is.

tests/oracle/test_loaders.py holds hundreds of such files against `datasets` itself.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.datasets import NOT_LOCAL, Cache, DatasetSize, Question, measure
from ftlint.datasets.jsonload import BLOCK, JsonFile
from ftlint.datasets.jsonwindow import Window
from ftlint.datasets.placeholders import is_pointer, packing_of
from ftlint.datasets.rowcount import OLDER
from ftlint.datasets.shapes import DOUBT, FITS, Conflict, Record, cast, frozen, orders
from ftlint.support.disk import Disk

COLUMNS = {"prompt": "a"}
DIGITS = "1" * 5000
"""A number that Python's own `int` does not read."""


def size(folder: Path, *files: str | bytes, kind: str = "json", workers: int = 1) -> DatasetSize:
    data = folder / "data" / "x"
    data.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(files):
        path = data / f"part{number}.{kind}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    info = {"x": {"file_name": "x", "columns": COLUMNS}}
    (folder / "data" / "dataset_info.json").write_text(json.dumps(info))
    (found,) = measure(["x"], dataset_dir="data", cwd=str(folder), cache=Cache(None),
                       question=Question("pt", workers=workers), disk=Disk())  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'\xef\xbb\xbf[{"a": "x"}]', "byte order mark"),
        ('[{"a": "x"},]', "a comma after its last row"),
        ('[{"a": "x"}, {"a": 5}]', "row 2: `a` is a number, and a string in rows before"),
        ('{"a": 5}\n{"a": "x"}\n', "line 2: `a` is a string, and a number in rows before"),
        ('[{"a": {"b": 1}}, {"a": "x"}]', "row 2: `a` is a string, and an object in rows before"),
        (
            '{"a": [{"b": "x"}]}\n{"a": [{"b": ["x"]}]}\n',
            "line 2: `a[].b` is a list, and a string in rows before",
        ),
        ('{"a": "x\ty"}\n{"a": "z"}\n', "control character"),
        ('{"a": "x", "a": "y"}\n{"a": "z"}\n', "line 1: an object has `a` twice"),
        ('{"b": 1}\n{\n"a": 1, "a": 2}\n', "row 2: an object has `a` twice"),
        ('{"a": 1}\n{"a": 1e999}\n', "line 2: the number 1e999 is too large"),
        ('{"a": "\\ud800"}\n{"a": "z"}\n', "half a character"),
        ('[{"a": 1000000000000000000000000000000}]', "does not fit into 64 bits"),
        ('{"a": "x"},\n{"a": "y"}\n', "is not valid JSON"),
        ('{"a": "x"}\n["y"]\n', "no JSON object in line 2"),
        ('[{"a": "x"}, "y"]', "not a JSON object: row 2"),
        (
            '{"a": "x"}\n' + '{\n"b": 1,\n"a": "x"\n}\n' * 20_000,
            "objects that go over several lines",
        ),
        (b'{"a": "\xff"}\n{"a": "x"}\n', "not UTF-8 in line 1"),
        (f'[{{"a": {DIGITS}}}]', "does not fit into 64 bits"),
        (f'{{"a": "x\ty", "b": {DIGITS}}}', "control character"),
        (('{"a": ' * 64 + "1" + "}" * 64 + "\n") * 2, "nests its values too deep"),
        (('{"a": ' + "[" * 63 + "]" * 63 + "}\n") * 2, "nests its values too deep"),
        ('{"a": +Inf}\n', "is not valid JSON"),
        ('[{"a": Inf}]', "is not valid JSON"),
    ],
)
def test_json_that_is_refused(tmp_path: Path, content: str | bytes, says: str) -> None:
    found = size(tmp_path, content)
    assert found.rows is None
    assert found.trouble is not None
    assert found.trouble.what == "unreadable"
    assert says in found.trouble.text


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('[{"a": null}, {"a": "x"}]', 2), ('{"a": 1}\n{"a": 2.5}\n', 2), ('[{"a": "x\ty"}]', 1),
        (b'\xef\xbb\xbf{"a": "x"}\n', 1), ('{"a": {"b": 1}}\n{"a": {"c": "x"}}\n', 2),
        ('[{"a": [], "b": "x"}, {"a": ["x"]}]', 2), ('["x", "y"]', 2), ('[{"a": 1, "a": 2}]', 1),
        ('{"a": 1000000000000000000000000000000}\n', 1), ('{"a": "x"}\nnull\n', 2),
        ('{"a": "x"} {"a": "y"}\n{\n"a": "z"\n}', 3), (f'{{"a": {DIGITS}}}\n{{"a": 1}}\n', 2),
        ('{"a": -Inf}\n{"a": 1}\n', 2),
        ('{"a": [Inf, -NaN, Infinity], "b": "Inf \\" -NaN"}\n', 1), ('{"a": Inf} {"a": -NaN}', 2),
        ('{"a": ' * 63 + "1" + "}" * 63, 1),
    ],
)  # fmt: skip
def test_json_that_loads(tmp_path: Path, content: str | bytes, rows: int) -> None:
    assert size(tmp_path, content).rows == rows


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\nx,y\nx,y,z\n", "has 3 fields in line 3, where 2 are expected"),
        ('a,b\nx,y\nx,"y\n', "a quote that is never closed"),
        (
            "a\n" + "1\n" * 10_000 + "x\n",
            "`a` is a number in the rows that come first, and a string later",
        ),
        ("a,b\n" + ",x\n" * 10_000 + "y,x\n", "`a` is a number or empty in the rows"),
        ("", "is empty"),
    ],
)
def test_csv_that_is_refused(tmp_path: Path, content: str, says: str) -> None:
    found = size(tmp_path, content, kind="csv")
    assert found.trouble is not None
    assert found.trouble.what == "unreadable"
    assert says in found.trouble.text


def test_csv_that_loads(tmp_path: Path) -> None:
    assert size(tmp_path, "a,b\n" + "x,1\n" * 10_000 + "2,\n", kind="csv").rows == 10_001


def test_csv_with_a_number_of_many_digits_may_load(tmp_path: Path) -> None:
    found = size(tmp_path, f"a,b\nx,{DIGITS}\n", kind="csv")
    assert found.trouble is not None
    assert found.trouble.what == "doubtful"


@pytest.mark.parametrize("blocks", [[b"[-In", b"f]"], [b"[-Inf", b"inity]"], [b"[-NaN", b"]"]])
def test_a_number_that_only_pyarrow_takes_may_be_cut_by_a_block(blocks: list[bytes]) -> None:
    window = Window(iter([*blocks, b""]), strict=True)
    window.skip(" ")
    value, raw = window.value(json.JSONDecoder().raw_decode)
    assert isinstance(value, list)
    assert isinstance(value[0], float)
    assert len(raw) == sum(map(len, blocks))


def test_blanks_in_quotes_are_a_record_and_a_blank_line_is_none(tmp_path: Path) -> None:
    assert size(tmp_path, 'a\nx\n" "\n  \n"\t"\n\n""\ny\n', kind="csv").rows == 5


def test_fields_without_a_name_shift_the_others(tmp_path: Path) -> None:
    found = size(tmp_path, "a,b\n1,x,y\n2,z,w\n", kind="csv")
    assert found.rows == 2
    assert [caution.what for caution in found.cautions] == ["shifted"]


def test_text_that_is_not_utf_8_far_behind_its_head(tmp_path: Path) -> None:
    found = size(tmp_path, b"x\n" * 400_000 + b"\xe9\n", kind="txt")
    assert found.trouble is not None
    assert found.trouble.text == "part0.txt is not UTF-8"


class TestShards:
    def test_of_which_one_has_another_column(self, tmp_path: Path) -> None:
        """Which of them the file system lists first decides, and what it comes to is said once."""
        found = size(tmp_path, '{"a": "x"}\n', '{"a": "y", "b": 1}\n', kind="jsonl")
        first = os.listdir(tmp_path / "data" / "x")[0]  # noqa: PTH208
        loads = first == "part1.jsonl"
        assert [caution.what for caution in found.cautions] == ["order"] * loads
        assert (found.rows is None) == (found.trouble is not None) == (not loads)
        told = found.trouble or found.cautions[0]
        assert "part1.jsonl: `b` is not in the rows that come first" in told.text
        assert ("(part0.jsonl is listed first on this machine); give all files" in told.text) == (
            not loads
        )

    def test_that_load_in_no_order(self, tmp_path: Path) -> None:
        found = size(tmp_path, '{"a": "x", "c": 1}\n', '{"a": "y", "b": 1}\n', kind="jsonl")
        assert found.trouble is not None
        assert found.trouble.what == "unreadable"
        assert found.cautions == ()

    def test_an_empty_array_among_others(self, tmp_path: Path) -> None:
        found = size(tmp_path, '[{"a": "x"}]', "[]")
        first = os.listdir(tmp_path / "data" / "x")[0]  # noqa: PTH208
        assert found.rows == (1 if first == "part0.json" else None)

    @pytest.mark.parametrize(
        ("first", "second", "since"),
        [
            ('{"a": null}', '{"a": "x"}', True),
            ('{"a": []}', '{"a": [{"b": 1}]}', True),
            ('{"a": {"c": null}}', '{"a": {"c": "x"}}', True),
            ('{"a": null, "b": 1}', '{"a": "x", "b": "y"}', False),
            ('{"a": null, "b": 1.5}', '{"a": "x", "b": 1}', False),
        ],
    )
    def test_a_file_without_values_beside_workers(
        self, first: str, second: str, since: bool
    ) -> None:
        """datasets 2.16 takes it where nothing else differs; run with 2.16, 2.17, 3.6 and 4.0."""
        tables = []
        for row in (first, second):
            record = Record()
            record.see(json.loads(row))
            tables.append((record.type(),))
        found = orders(tables, apart=True)[0]
        assert found is not None
        assert (OLDER in found.why) == since

    def test_an_empty_file_beside_workers(self, tmp_path: Path) -> None:
        assert size(tmp_path, '{"a": "x"}\n', "", kind="jsonl").rows == 1
        assert size(tmp_path, '{"a": "x"}\n', "", kind="jsonl", workers=2).rows is None

    def test_types_that_become_each_other(self, tmp_path: Path) -> None:
        found = size(tmp_path, '{"a": "x"}\n', '{"a": "y", "b": null}\n', kind="jsonl", workers=16)
        assert found.cautions or found.trouble


class TestPlaceholders:
    POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 77\n"

    @pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "txt", "parquet", "arrow"])
    def test_a_pointer_is_no_data_and_not_broken(self, tmp_path: Path, kind: str) -> None:
        found = size(tmp_path, self.POINTER, kind=kind)
        assert found.trouble is not None
        assert found.trouble.what == "pointer"
        assert found.trouble.what in NOT_LOCAL
        assert found.trouble.text == f"part0.{kind} is a Git LFS pointer"

    def test_a_text_about_git_lfs_is_data(self, tmp_path: Path) -> None:
        assert size(tmp_path, "a\nversion https://git-lfs.github.com\n", kind="txt").rows == 2

    @pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "arrow"])
    def test_a_packed_file_is_told_as_one(self, tmp_path: Path, kind: str) -> None:
        found = size(tmp_path, gzip.compress(b'{"a": "x"}\n'), kind=kind)
        assert found.trouble is not None
        assert (found.trouble.what, "gzip" in found.trouble.text) == ("packed", True)

    def test_nothing_of_either(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"")
        assert not is_pointer(str(path), Disk())
        assert packing_of(str(path), Disk()) == ""


# Types --------------------------------------------------------------------------------------------

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.floats(0, 9), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=6,
)
rows = st.lists(st.dictionaries(st.sampled_from("pq"), values, max_size=2), max_size=6)


def learnt(given_rows: list[dict[str, object]]) -> object:
    record = Record()
    try:
        for row in given_rows:
            record.see(row)
    except Conflict:
        return None
    return record.type()


def fresh(given_rows: list[dict[str, object]]) -> object:
    """The same without layouts that are remembered: every value is taken anew."""
    record = Record()
    try:
        for row in given_rows:
            record._known.clear()
            for field in record.fields.values():
                field.held.clear()
            record.see(row)
    except Conflict:
        return None
    return record.type()


@settings(max_examples=300, deadline=None)
@given(rows)
def test_what_is_remembered_changes_nothing(given_rows: list[dict[str, object]]) -> None:
    assert learnt(given_rows) == fresh(given_rows)
    assert (learnt(given_rows) is None) == (learnt(given_rows[::-1]) is None)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_a_type_survives_the_cache_and_fits_itself(given_rows: list[dict[str, object]]) -> None:
    kind = learnt(given_rows)
    if kind is not None:
        assert frozen(json.loads(json.dumps(kind))) == kind
        assert cast(kind, kind) == FITS  # type: ignore[arg-type]


def test_two_kinds_in_blocks_of_their_own_are_left_open(tmp_path: Path) -> None:
    """pyarrow takes them, refuses them or dies, by which block it comes to first."""
    line = '{{"p": "{}", "a": {}}}\n'
    head = line.format("x" * 1000, 1)
    text = head * (BLOCK // len(head) - 1)
    text += line.format("x" * (1000 + BLOCK - len(text) - len(head)), 1)
    found = size(tmp_path, text + line.format("y", '"z"') * 3, kind="jsonl")
    assert found.trouble is not None
    assert found.trouble.what == "doubtful"


def test_batches_are_tables_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"p": "%s", "a": null}\n' % ("x" * 10_000) * 1100 + '{"p": "y", "a": "z"}\n')
    file = JsonFile(str(path), Disk())
    assert sum(1 for _ in file.rows()) == 1101
    assert len(file.tables) == 2
    found = size(tmp_path, path.read_bytes(), kind="jsonl")
    assert found.trouble is not None
    assert "`a` is null in the rows that come first, and a string later" in found.trouble.text


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [("whole", "text", FITS), ("text", "whole", "a string later"), ("numeral", "whole", DOUBT),
     ("whole", "number", FITS), ("number", "whole", DOUBT), ("null", "text", FITS),
     ("text", "null", "is null"), (("list", "null"), ("list", "text"), FITS),
     (("list", "text"), "text", "a list later"), ("time", "text", FITS)],
)  # fmt: skip
def test_casts(source: object, target: object, says: str) -> None:
    found = cast(source, target, "a")  # type: ignore[arg-type]
    assert found == says if says in (FITS, DOUBT) else says in found


def test_the_first_file_decides() -> None:
    small, large = (("struct", (("a", "text"),)),), (("struct", (("a", "text"), ("b", "text"))),)
    first, second = orders([small, large])  # type: ignore[list-item]
    assert first is not None
    assert (first.file, second) == (1, None)


@pytest.mark.parametrize("file", ["alpaca-2.6-snappy.parquet", "alpaca-stream-plain.arrow"])
def test_what_a_table_says_of_its_answers_settles_the_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as where it is not installed
    name = f"x.{file.rsplit('.', maxsplit=1)[-1]}"
    (tmp_path / name).write_bytes((Path(__file__).parent / "tables" / file).read_bytes())
    columns = {"prompt": "instruction", "response": "output"}
    info = {"x": {"file_name": name, "columns": columns}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    (found,) = measure(["x"], dataset_dir=str(tmp_path), cwd=str(tmp_path), question=Question(),
                       cache=Cache(None), disk=Disk())  # fmt: skip
    assert (found.rows, found.dropped.exact) == (23, 5)

"""From the names in a config to the rows of its datasets."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.datasets import (
    NOT_LOCAL,
    Cache,
    DatasetEntry,
    DatasetSize,
    Question,
    Trouble,
    define,
    measure,
    read_info,
    samples,
    sizes,
    tokenized,
)
from ftlint.datasets import cache as cached
from ftlint.datasets.entries import Columns, Tags
from ftlint.datasets.splits import sliced
from ftlint.steps import UNKNOWN, Count, exactly
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from pathlib import Path

ALPACA = [{"instruction": "i", "input": "", "output": "o"}] * 7


class Data:
    """A working directory with a data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "data"
        self.folder.mkdir()
        self.info: dict[str, Any] = {}

    def add(self, name: str, rows: list[Any] | str | bytes = ALPACA, /, **entry: Any) -> Data:
        file = str(entry.setdefault("file_name", f"{name}.json"))
        if isinstance(rows, list):
            rows = json.dumps(rows)
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        self.info[name] = entry
        return self

    def entry(self, name: str, **entry: Any) -> Data:
        self.info[name] = entry
        return self

    def sizes(
        self, *names: str, cache: Cache | None = None, **more: Any
    ) -> tuple[DatasetSize, ...]:
        (self.folder / "dataset_info.json").write_text(json.dumps(self.info), encoding="utf-8")
        declared = more.pop("declared", None)
        folder = more.pop("dataset_dir", "data")
        return measure(
            names, dataset_dir=folder, cwd=str(self.root), question=Question(**more),
            declared=declared, cache=cache, disk=Disk()
        )  # fmt: skip

    def size(self, name: str, **more: Any) -> DatasetSize:
        return self.sizes(name, **more)[0]

    def trouble(self, name: str, **more: Any) -> Trouble:
        found = self.size(name, **more).trouble
        assert found is not None
        return found


class Forgetful(dict[Any, Any]):
    """Keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


class TestDefinitions:
    def test_columns_that_are_not_named_become_null(self, data: Data) -> None:
        data.add("a", columns={"prompt": "q"}, tags={"role_tag": "role"})
        entry = data.size("a").entry
        assert entry is not None
        assert entry.columns == Columns("q", *[None] * 12)
        assert entry.tags == Tags("role", *[None] * 6)
        plain = data.add("b").size("b").entry
        assert plain == DatasetEntry("b", "file", "b.json")

    @pytest.mark.parametrize(
        ("entry", "modelscope", "openmind", "source"),
        [
            ({"hf_hub_url": "h", "ms_hub_url": "m", "file_name": "f"}, False, False, "hf_hub"),
            ({"hf_hub_url": "h", "ms_hub_url": "m"}, True, False, "ms_hub"),
            ({"hf_hub_url": "h", "om_hub_url": "o"}, False, True, "om_hub"),
            ({"ms_hub_url": "m", "om_hub_url": "o"}, False, False, "ms_hub"),
            ({"om_hub_url": "o"}, False, False, "om_hub"),
            ({"script_url": "s", "file_name": "f"}, False, False, "script"),
            ({"cloud_file_name": "s3://b/f.json", "file_name": "f"}, False, False, "cloud_file"),
        ],
    )
    def test_where_rows_come_from(
        self, data: Data, entry: dict[str, str], modelscope: bool, openmind: bool, source: str
    ) -> None:
        found = data.entry("a", **entry).size("a", modelscope=modelscope, openmind=openmind)
        assert found.entry is not None
        assert found.entry.load_from == source
        assert found.usable == UNKNOWN
        assert found.trouble is not None
        assert found.trouble.what in NOT_LOCAL

    def test_a_repository_hides_a_file_beside_it(self, data: Data) -> None:
        data.add("a", hf_hub_url="org/data")
        assert data.size("a").usable == UNKNOWN

    def test_online(self, tmp_path: Path) -> None:
        info = read_info("ONLINE", str(tmp_path), Disk())
        found = define("org/data", info)
        assert isinstance(found, DatasetEntry)
        assert found.load_from == "hf_hub"
        remote = read_info("REMOTE:org/info", str(tmp_path), Disk())
        assert remote.elsewhere

    @pytest.mark.parametrize("entry", [{}, {"columns": {}}, [], "a.json", None])
    def test_no_definition(self, data: Data, entry: Any) -> None:
        data.info["a"] = entry
        assert data.trouble("a").what == "undefined"

    def test_undefined(self, data: Data) -> None:
        trouble = data.add("a").trouble("b")
        assert trouble.what == "undefined"
        assert "'b'" in trouble.text

    @pytest.mark.parametrize("text", ["{", "[]", '{"a": }', "\xff"])
    def test_a_table_that_does_not_read(self, data: Data, text: str) -> None:
        (data.folder / "dataset_info.json").write_bytes(text.encode("latin-1"))
        found = measure(
            ["a"], dataset_dir="data", cwd=str(data.root), question=Question(), disk=Disk()
        )
        assert found[0].trouble is not None
        assert found[0].trouble.what == "info"

    def test_no_table(self, tmp_path: Path) -> None:
        found = measure(
            ["a"], dataset_dir="data", cwd=str(tmp_path), question=Question(), disk=Disk()
        )
        assert found[0].trouble is not None
        assert found[0].trouble.what == "info"

    def test_a_folder_of_another_machine(self, tmp_path: Path) -> None:
        for folder in ("/no/such/folder", "$DATA/sets"):
            found = measure(
                ["a"], dataset_dir=folder, cwd=str(tmp_path), question=Question(), disk=Disk()
            )
            assert found[0].trouble is not None
            assert found[0].trouble.what in NOT_LOCAL

    @pytest.mark.parametrize("folder", [None, 3, ["data"], {"a": {"file_name": "a.json"}}])
    def test_dataset_dir_of_another_type(self, data: Data, folder: object) -> None:
        data.add("a")
        assert data.size("a", dataset_dir=folder).usable == UNKNOWN


class TestFiles:
    @pytest.mark.parametrize(
        ("file", "rows"),
        [
            ("a.json", json.dumps(ALPACA)),
            ("a.jsonl", "\n".join(map(json.dumps, ALPACA))),
            ("lines.json", "\n\n".join(map(json.dumps, ALPACA)) + "\n"),
            ("array.jsonl", json.dumps(ALPACA, indent=2)),
            ("a.csv", "instruction,input,output\n" + "i,,o\n" * 7),
        ],
    )
    def test_rows(self, data: Data, file: str, rows: str) -> None:
        found = data.add("a", rows, file_name=file).size("a")
        assert (found.rows, found.usable, found.dropped) == (7, exactly(7), exactly(0))
        assert found.columns == ("instruction", "input", "output")
        assert (found.source, found.trouble) == ("file", None)

    def test_text(self, data: Data) -> None:
        data.add("a", "one\n\nthree\n", file_name="a.txt", columns={"prompt": "text"})
        found = data.size("a", stage="pt")
        assert (found.usable, found.columns) == (exactly(3), ("text",))

    def test_a_folder_is_all_of_its_files(self, data: Data) -> None:
        data.add("x", file_name="set/1.json").add("y", file_name="set/2.jsonl")
        assert data.entry("a", file_name="set").size("a").usable == exactly(14)
        (data.folder / "set" / ".DS_Store").write_bytes(b"")
        assert data.trouble("a").what == "kind"

    def test_a_folder_of_two_kinds(self, data: Data) -> None:
        data.add("x", file_name="set/1.json").add("y", "a\n1\n", file_name="set/2.csv")
        assert "mixes" in data.entry("a", file_name="set").trouble("a").text

    def test_an_empty_folder(self, data: Data) -> None:
        (data.folder / "set").mkdir()
        assert data.entry("a", file_name="set").trouble("a").what == "empty"

    @pytest.mark.parametrize("file", ["a.tsv", "a.JSON", "a.json.gz", "a"])
    def test_kinds_that_are_not_read(self, data: Data, file: str) -> None:
        assert data.add("a", "x", file_name=file).trouble("a").what == "kind"

    @pytest.mark.parametrize("file", ["none.json", "*.json", "set/none.json"])
    def test_missing(self, data: Data, file: str) -> None:
        data.add("x")
        assert data.entry("a", file_name=file).trouble("a").what == "missing"

    @pytest.mark.parametrize("file", [None, 3, "", ["a.json"]])
    def test_no_name(self, data: Data, file: object) -> None:
        assert data.entry("a", file_name=file).trouble("a").what == "name"

    def test_outside(self, data: Data) -> None:
        (data.root.parent / "secret.json").write_text("[{}]", encoding="utf-8")
        for file in ("../../secret.json", str(data.root.parent / "secret.json")):
            assert data.entry("a", file_name=file).trouble("a").what == "outside"
        (data.root / "near.json").write_text(json.dumps(ALPACA), encoding="utf-8")
        for file in ("../near.json", str(data.root / "near.json")):
            assert data.entry("a", file_name=file).size("a").usable == exactly(7)

    @pytest.mark.parametrize("rows", ["", "[]", "[{}]", "[{]", '{"a": 1},\n{"a": 2}', "a,b\n"])
    def test_no_rows(self, data: Data, rows: str) -> None:
        file = "a.csv" if "," in rows and "{" not in rows else "a.json"
        found = data.add("a", rows, file_name=file).size("a")
        assert found.usable == UNKNOWN
        assert found.trouble is not None
        assert found.trouble.what in ("empty", "unreadable")


class TestSplit:
    @pytest.mark.parametrize(
        ("split", "rows"),
        [("train", 7), ("train[:3]", 3), ("train[:50%]", 4), ("train[-2:]", 2), ("train[5:100]", 2),
         ("train[10%:20%]", 0), ("train[:20%]+train[-1:]", 2), ("train[4:2]", 0), ("train[:]", 7),
         (None, 7), ("train[1_0:]", 0)],
    )  # fmt: skip
    def test_slices_of_seven(self, split: str | None, rows: int) -> None:
        assert sliced(split, exactly(7)) == exactly(rows)

    @pytest.mark.parametrize("split", ["test", "train[", "train[a:b]", 3, "", "train[:5%](x"])
    def test_refused(self, split: object) -> None:
        assert isinstance(sliced(split, exactly(7)), str)

    def test_dropping_the_remainder(self) -> None:
        assert sliced("train[:50%](pct1_dropremainder)", exactly(199)) == exactly(50)
        assert isinstance(sliced("train[:50%](pct1_dropremainder)", exactly(99)), str)

    def test_of_a_dataset(self, data: Data) -> None:
        found = data.add("a", split="train[:3]").size("a")
        assert (found.rows, found.usable, found.dropped) == (7, exactly(3), exactly(0))
        bad = [{"instruction": "i", "output": None}] * 2
        found = data.add("b", ALPACA + bad, split="train[:8]").size("b")
        assert (found.usable, found.dropped) == (exactly(8), Count(0, 2))


class TestDropped:
    def test_of_the_first_max_samples(self, data: Data) -> None:
        rows = [
            {"instruction": "i", "input": "", "output": None if at < 3 else "o"} for at in range(9)
        ]
        data.add("a", rows)
        assert data.size("a").dropped == exactly(3)
        assert data.size("a", max_samples=2).dropped == exactly(2)
        assert data.size("a", max_samples=1 << 64).dropped == exactly(3)
        assert data.size("a", stage="pt").dropped == exactly(0)

    def test_over_files_of_a_folder(self, data: Data) -> None:
        bad = [{"instruction": "i", "input": "", "output": 3}] * 4
        data.add("x", file_name="set/1.json").add("y", bad, file_name="set/2.json")
        found = data.entry("a", file_name="set").size("a")
        assert (found.usable, found.dropped) == (exactly(11), exactly(4))
        # The program takes the files in the order in which the file system lists them.
        found = data.size("a", max_samples=9)
        assert (found.usable, found.dropped) == (exactly(11), Count(2, 4))
        assert "order" in " ".join(found.notes)

    def test_bigger_files_are_bounded(self, data: Data) -> None:
        found = data.add("a").size("a", kept_up_to=10)
        assert (found.usable, found.dropped) == (exactly(7), Count(0, 7))
        assert found.columns == ("instruction", "input", "output")
        assert any("too large" in note for note in found.notes)

    def test_a_row_that_stops_the_conversion(self, data: Data) -> None:
        found = data.add("a", ALPACA, formatting="sharegpt").size("a")
        assert found.trouble is not None
        assert found.trouble.what == "unconvertible"
        assert (found.rows, found.dropped) == (7, Count(0, 7))

    def test_answers_that_are_numbers(self, data: Data) -> None:
        found = data.add("a", "instruction,output\ni,1\nj,2\n", file_name="a.csv").size("a")
        assert found.dropped == Count(0, 2)
        found = data.add("a", "instruction,output\ni,1\nj,x\n", file_name="a.csv").size("a")
        assert found.dropped == exactly(0)
        found = data.add("a", "instruction,output\ni,NA\nj,x\n", file_name="a.csv").size("a")
        assert found.dropped == exactly(1)

    def test_columns_whose_type_pandas_guesses(self, data: Data) -> None:
        """Answers of a pair, and the truth values of kto, which are no text in a CSV file."""
        columns = {"prompt": "p", "chosen": "c", "rejected": "r"}
        for text, dropped in (("x,y", exactly(0)), ("x,1", Count(0, 2)), ("2,y", Count(0, 2))):
            data.add("a", f"p,c,r\ni,{text}\nj,{text}\n", file_name="a.csv", ranking=True,
                     columns=columns)  # fmt: skip
            assert data.size("a", stage="dpo").dropped == dropped
        data.add("k", "instruction,input,output,label\ni,,o,True\ni,,o,False\n",
                 file_name="k.csv", columns={"kto_tag": "label"})  # fmt: skip
        found = data.size("k", stage="kto")
        assert (found.trouble, found.dropped) == (None, Count(0, 2))


class TestDeclared:
    def test_a_name_wins_over_its_files(self, data: Data) -> None:
        found = data.add("a", split="train[:1]", num_samples=3).size("a", declared={"a": 500})
        assert (found.usable, found.dropped, found.source) == (exactly(500), exactly(0), "declared")
        assert samples([found]).datasets[0].num_samples is None

    def test_the_only_dataset_needs_no_name(self, data: Data) -> None:
        assert data.entry("a", hf_hub_url="x").size("a", declared={"": 9}).usable == exactly(9)

    def test_several_datasets_as_one(self, data: Data) -> None:
        sizes = data.add("a").add("b").sizes("a", "b", declared={"": 9})
        assert sizes[0].usable == exactly(7)
        assert samples(sizes, {"": 9}).merged == exactly(9)

    def test_a_name_that_is_not_defined(self, tmp_path: Path) -> None:
        found = measure(["a"], dataset_dir="none", cwd=str(tmp_path), question=Question(),
                        declared={"a": 4}, disk=Disk())  # fmt: skip
        assert found[0].usable == exactly(4)


def test_names_count_once(data: Data) -> None:
    assert len(data.add("a").sizes("a", "a")) == 1


def test_what_is_unknown_is_said(data: Data) -> None:
    known = samples(data.entry("a", hf_hub_url="org/data").sizes("a"))
    assert known.datasets[0].rows == UNKNOWN
    assert not known.datasets[0].local
    assert "Hugging Face" in known.datasets[0].note


class TestTokenized:
    def test_rows(self, data: Data) -> None:
        from .test_tables import TABLES

        folder = data.root / "cache" / "train"
        folder.mkdir(parents=True)
        for part in ("data-00000-of-00002", "data-00001-of-00002"):
            table = (TABLES / "alpaca-stream-plain.arrow").read_bytes()
            (folder / f"{part}.arrow").write_bytes(table)
        assert tokenized("cache", str(data.root), Disk()) == exactly(46)
        (folder / "data-00001-of-00002.arrow").write_bytes(b"x")
        assert tokenized("cache", str(data.root), Disk()) == UNKNOWN

    def test_not_there_yet(self, tmp_path: Path) -> None:
        assert tokenized("cache", str(tmp_path), Disk()) is None
        (tmp_path / "cache").mkdir()
        assert tokenized("cache", str(tmp_path), Disk()) is None
        assert tokenized("/no/such/cache", str(tmp_path), Disk()) == UNKNOWN


def test_a_size_is_known_until_the_file_changes(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.add("a")
    path = data.folder / "a.json"
    os.utime(path, (1, 1))
    counted: list[str] = []
    count = sizes._of_files

    def counting(name: str, *rest: Any) -> DatasetSize:
        counted.append(name)
        return count(name, *rest)

    monkeypatch.setattr(sizes, "_of_files", counting)
    assert [data.size("a").rows, data.size("a").rows, counted] == [7, 7, ["a"]]
    assert data.size("a", stage="dpo").dropped != data.size("a").dropped
    assert len(counted) == 3, "another question is another answer"
    path.write_text(path.read_text("utf-8").replace('"o"}, {', '"o"},{}', 1), "utf-8")
    os.utime(path, (2, 2))  # of the same length
    assert data.size("a").rows != 7
    assert len(counted) == 4


def test_a_size_that_may_change_unseen_is_counted_again(data: Data) -> None:
    data.add("a")
    path = data.folder / "a.json"
    before = path.stat()
    assert data.size("a").rows == 7
    path.write_text(json.dumps(ALPACA[:6]).ljust(before.st_size), "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert data.size("a").rows == 6


class TestCache:
    @pytest.fixture(autouse=True)
    def forgetful(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep nothing in the process, so that the cache is asked."""
        monkeypatch.setattr(sizes, "_sizes", Forgetful())

    @pytest.fixture
    def old(self, data: Data) -> Data:
        """A file big enough to be remembered, last changed an hour ago."""
        data.add("a", [{"instruction": "i", "input": "x" * 1000, "output": "o"}] * 1200)
        self.age(data, 3600)
        return data

    @staticmethod
    def age(data: Data, seconds: float) -> None:
        path = data.folder / "a.json"
        changed = path.stat().st_mtime - seconds
        os.utime(path, (changed, changed))

    def test_counts_are_remembered(self, old: Data, tmp_path: Path) -> None:
        cache = Cache(str(tmp_path / "cache"))
        first = old.size("a", cache=cache)
        kept = sorted((tmp_path / "cache").iterdir())
        assert len(kept) == 2  # the rows, and those dropped
        for path in kept:
            state, answer, digest = json.loads(path.read_text(encoding="utf-8"))
            assert digest == cached._digest(state, answer)
            answer[0] = 77
            path.write_text(json.dumps([state, answer, digest]), encoding="utf-8")
        assert old.size("a", cache=cache) == first, "what was changed is not believed"
        for path in kept:
            state, answer, _ = json.loads(path.read_text(encoding="utf-8"))
            answer[0] = 77
            text = json.dumps([state, answer, cached._digest(state, answer)])
            path.write_text(text, encoding="utf-8")
        assert old.size("a", cache=cache).rows == 77
        assert old.size("a", cache=Cache(None)) == first

    def test_a_change_is_seen(self, old: Data, tmp_path: Path) -> None:
        cache = Cache(str(tmp_path / "cache"))
        old.size("a", cache=cache)
        before = (old.folder / "a.json").read_bytes()
        (old.folder / "a.json").write_bytes(before.replace(b"[", b"[ ", 1)[:-1] + b" ]")
        assert old.size("a", cache=cache).rows == 1200
        self.age(old, 10)
        (old.folder / "a.json").write_bytes(before.replace(b"}, {", b"}\n,{", 1))
        assert old.size("a", cache=cache).rows == 1200

    def test_a_file_just_changed_is_not_remembered(self, old: Data, tmp_path: Path) -> None:
        (old.folder / "a.json").touch()
        old.size("a", cache=Cache(str(tmp_path / "cache")))
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize("content", ["", "{", "[]", "[1, 2]", "null"])
    def test_a_broken_answer_is_none(self, old: Data, tmp_path: Path, content: str) -> None:
        cache = Cache(str(tmp_path / "cache"))
        old.size("a", cache=cache)
        for path in (tmp_path / "cache").iterdir():
            path.write_text(content, encoding="utf-8")
        assert old.size("a", cache=cache).rows == 1200

    def test_a_place_that_is_not_writable(self, old: Data, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        assert old.size("a", cache=Cache(str(tmp_path / "file" / "cache"))).rows == 1200

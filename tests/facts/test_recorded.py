"""`ftlint record`: what is written where the data are, and judged by where they are not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from ftlint.cli.commands import cli
from ftlint.facts.layers import COUNTED, RECORDED
from ftlint.facts.recorded import MAX_BYTES, FactsFile, load
from ftlint.support.disk import Disk
from ftschemas.form import schema_of
from tests.planning.helpers import HEAD

FACTS = "ftlint-facts.json"
OURS = ("--select", "FT1,FT2,FT3,FT7")
ROW = {"instruction": "secret", "input": "", "output": "o"}


def ftlint(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def codes(*arguments: str) -> list[str]:
    done = ftlint("check", "--output-format", "json", "--no-cache", "c.yaml", *OURS, *arguments)
    return [one["code"] for one in json.loads(done.stdout)["diagnostics"]]


def plan() -> dict[str, Any]:
    done = ftlint("steps", "--gpus", "1", "--output-format", "json", "c.yaml")
    return json.loads(done.stdout)[0]  # type: ignore[no-any-return]


def facts(file: Path = Path(FACTS)) -> dict[str, Any]:
    return json.loads(file.read_text("utf-8"))  # type: ignore[no-any-return]


def write_rows(name: str, count: int, empty: int = 0) -> None:
    rows = [ROW] * (count - empty) + [{**ROW, "output": None}] * empty
    Path("data", name).write_text("\n".join(map(json.dumps, rows)), "utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    (tmp_path / ".git").mkdir()
    (tmp_path / "data").mkdir()
    definition = {"faq": {"file_name": "faq.jsonl"}, "hub": {"hf_hub_url": "a/b"}}
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(definition), "utf-8")
    write_rows("faq.jsonl", 5000)
    (tmp_path / "c.yaml").write_text(HEAD, "utf-8")
    return tmp_path


def pointer(of: bytes) -> str:
    content = hashlib.sha256(of).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{content}\nsize {len(of)}\n"


def test_what_is_written_names_the_data_and_shows_no_row(project: Path) -> None:
    done = ftlint("record", "c.yaml")
    assert (done.exit_code, done.stdout) == (
        0, "faq: 5,000 rows in 1 file\nWrote 1 dataset to ftlint-facts.json.\n"
    )  # fmt: skip
    data = (project / "data" / "faq.jsonl").read_bytes()
    (written,) = facts()["datasets"].values()
    assert written["files"] == [
        {"name": "faq.jsonl", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    ]
    assert (written["rows"], written["columns"]) == (5000, list(ROW))
    text = (project / FACTS).read_text("utf-8")
    assert "secret" not in text
    assert str(project) not in text
    Draft202012Validator(schema_of("facts.schema.json")).validate(facts())


def test_without_the_data_configs_are_judged_by_what_was_recorded(project: Path) -> None:
    assert ftlint("record").exit_code == 0
    (project / "data" / "faq.jsonl").unlink()
    found = plan()
    assert (found["samples"]["total"], found["sources"]) == (
        5000, {"gpus": "command line", "rows": {"faq": RECORDED}}
    )  # fmt: skip
    date = facts()["datasets"]["faq"]["recorded"]
    assert f"dataset faq: recorded on {date}, not checked" in found["assumptions"]
    assert ftlint("check", "c.yaml", *OURS).stdout.startswith("Clean: 1 config")
    (project / "c.yaml").write_text(HEAD + "num_train_epochs: 6\n", "utf-8")
    assert codes() == ["FT301"]
    assert codes("--dataset-size", "faq=500") == ["FT306"]  # the command line stands above
    (project / "data" / "dataset_info.json").unlink()
    assert codes() == ["FT301"]


def test_files_that_are_here_are_counted(project: Path) -> None:
    ftlint("record")
    assert plan()["sources"]["rows"] == {"faq": COUNTED}
    assert codes() == []


def test_a_pointer_of_git_lfs_is_held_against_what_was_recorded(project: Path) -> None:
    ftlint("record")
    data = project / "data" / "faq.jsonl"
    content = data.read_bytes()
    data.write_text(pointer(content), "utf-8")
    assert codes() == []
    assert any("its Git LFS pointer agrees" in one for one in plan()["assumptions"])
    data.write_text(pointer(content + b"\n"), "utf-8")
    assert codes() == ["FT714", "FT750"]
    assert plan()["samples"]["total"] is None


def test_a_pointer_in_the_place_of_definitions_leaves_what_was_recorded(project: Path) -> None:
    ftlint("record")
    info = project / "data" / "dataset_info.json"
    info.write_text(pointer(info.read_bytes()), "utf-8")
    assert codes() == []
    assert plan()["samples"]["total"] == 5000


@pytest.mark.parametrize("what", ["rows", "content", "definition", "files"])
def test_what_has_changed_is_told_and_not_used(project: Path, what: str) -> None:
    ftlint("record")
    (project / "c.yaml").write_text(HEAD + "num_train_epochs: 6\n", "utf-8")
    data, info = project / "data" / "faq.jsonl", project / "data" / "dataset_info.json"
    if what == "rows":
        write_rows("faq.jsonl", 500)
    elif what == "content":
        data.write_text(data.read_text("utf-8").replace("secret", "SECRET", 1), "utf-8")
    elif what == "definition":
        info.write_text(info.read_text("utf-8").replace("faq.jsonl", "faq.jsonl/"), "utf-8")
        data.unlink()
    else:
        data.unlink()
        data.mkdir()
        write_rows("faq.jsonl/a.jsonl", 500)
    assert "FT750" in codes()
    assert ("FT301" in codes()) == (what == "content")  # 5,000 rows are there, and counted
    assert ftlint("record").exit_code == (0 if what != "definition" else 2)
    assert ("FT750" in codes()) == (what == "definition")


def test_what_a_parser_or_loader_rejects_is_told_all_the_same(project: Path) -> None:
    ftlint("record")
    data = project / "data" / "faq.jsonl"
    data.write_text('{"instruction": 1}\n{"instruction"\n', "utf-8")
    assert "FT704" in codes()
    data.unlink()
    (project / "c.yaml").write_text(HEAD + "seeed: 1\n", "utf-8")
    assert codes() == ["FT101"]
    (project / "c.yaml").write_text(HEAD + "val_size: 9000\n", "utf-8")
    assert "FT204" in codes()


def test_stages_and_configs_are_merged(project: Path) -> None:
    write_rows("faq.jsonl", 40, empty=3)
    definitions = {"faq": {"file_name": "faq.jsonl"}, "pairs": {"file_name": "pairs.jsonl"}}
    Path("data/dataset_info.json").write_text(json.dumps(definitions), "utf-8")
    write_rows("pairs.jsonl", 7)
    ftlint("record", "c.yaml")
    Path("d.yaml").write_text(HEAD.replace("stage: sft", "stage: pt\npacking: false"), "utf-8")
    Path("e.yaml").write_text(HEAD.replace("dataset: faq", "eval_dataset: pairs"), "utf-8")
    before = facts()
    before["models"] = {"later": 1}
    before["datasets"]["faq"]["later"] = {"later": 1}
    Path(FACTS).write_text(json.dumps(before), "utf-8")
    assert ftlint("record", "d.yaml", "e.yaml").exit_code == 0
    after = facts()
    assert (after["models"], after["datasets"]["faq"]["later"]) == ({"later": 1}, {"later": 1})
    assert after["datasets"]["faq"]["dropped"].keys() == {"sft", "pt"}
    assert after["datasets"]["pairs"]["rows"] == 7
    write_rows("faq.jsonl", 41)
    ftlint("record", "c.yaml")
    assert "later" not in facts()["datasets"]["faq"]  # those of other data
    assert facts()["datasets"]["faq"]["rows"] == 41


def test_it_lies_beside_the_nearest_settings(project: Path) -> None:
    (project / "team").mkdir()
    (project / "team" / "ftlint.toml").write_text('dataset-dir = "../data"\n', "utf-8")
    (project / "team" / "c.yaml").write_text(HEAD, "utf-8")
    assert ftlint("record", "team/c.yaml").exit_code == 0
    assert facts(project / "team" / FACTS)["datasets"]["faq"]["rows"] == 5000
    assert not (project / FACTS).exists()
    (project / "data" / "faq.jsonl").unlink()
    assert ftlint("check", "team/c.yaml", *OURS).stdout.startswith("Clean")
    assert "Not judged" in ftlint("check", "c.yaml").stdout


def test_what_cannot_be_counted_is_told(project: Path) -> None:
    Path("c.yaml").write_text(HEAD.replace("dataset: faq", "dataset: faq,hub,x"), "utf-8")
    done = ftlint("record", "c.yaml")
    assert done.exit_code == 2
    assert "hub: not recorded: a/b comes from Hugging Face" in done.stderr
    assert "x: not recorded: " in done.stderr
    assert list(facts()["datasets"]) == ["faq"]


def test_steps_are_judged_by_what_is_bounded(project: Path) -> None:
    write_rows("faq.jsonl", 900, empty=10)
    text = HEAD + "val_size: 0.1\nper_device_train_batch_size: 1\nnum_train_epochs: 8\n"
    Path("c.yaml").write_text(text + "gradient_accumulation_steps: 1\n", "utf-8")
    ftlint("record")
    Path("data/faq.jsonl").unlink()
    rows = plan()
    assert rows["samples"]["total"] is None  # some that are left out may be held out
    assert rows["bounds"]["samples"] == [800, 810]
    assert codes() == ["FT306"]
    given = facts()
    given["datasets"]["faq"].update(rows=100_000)
    Path(FACTS).write_text(json.dumps(given), "utf-8")
    assert codes() == ["FT301", "FT304"]


GOOD = {
    "recorded": "2026-01-01", "definition": "0" * 64, "rows": 3,
    "files": [{"name": "a", "bytes": 1, "sha256": "0" * 64}], "columns": ["a"],
    "dropped": {"sft": 0}, "later": {"later": [1]},
}  # fmt: skip
HOSTILE: dict[str, object] = {
    "a list": [], "no version": {"datasets": {}}, "version 2": {"version": 2, "datasets": {}},
    "version true": {"version": True, "datasets": {}}, "no datasets": {"version": 1},
    "a list of datasets": {"version": 1, "datasets": []},
    "a newline in a name": {"version": 1, "datasets": {"a\n::error::b": GOOD}},
    "an escape in a name": {"version": 1, "datasets": {"a\x1b[31m": GOOD}},
    "a long name": {"version": 1, "datasets": {"a" * 201: GOOD}},
    "a dataset of text": {"version": 1, "datasets": {"a": "5000"}},
    **{
        f"{key}: {value!r}": {"version": 1, "datasets": {"a": {**GOOD, key: value}}}
        for key, value in [
            ("rows", "3"), ("rows", -1), ("rows", True), ("rows", 2.5), ("rows", 10**16),
            ("rows", None), ("recorded", "now"), ("recorded", "2026-01-01\n"), ("definition", 1),
            ("files", {}), ("files", [1]), ("files", [{"name": "a\nb"}]), ("columns", "a"),
            ("columns", [1]), ("dropped", {"sft": -1}), ("dropped", []), ("dropped", {"a\nb": 1}),
        ]
    },
}  # fmt: skip
TEXTS: dict[str, str | bytes] = {
    "no JSON": "{", "nothing": "", "too large": " " * MAX_BYTES + "{}",
    "100,000 lists inside one another": "[" * 100_000,
    "no UTF-8": b"\xff\xfe{}", "a number of 5,000 digits": '{"version": ' + "1" * 5000 + "}",
}  # fmt: skip


@pytest.mark.parametrize("name", [*HOSTILE, *TEXTS])
def test_a_file_that_cannot_be_used_gets_one_line(project: Path, name: str) -> None:
    content = TEXTS[name] if name in TEXTS else json.dumps(HOSTILE[name])
    data = content if isinstance(content, bytes) else content.encode()
    Path(FACTS).write_bytes(data)
    if name in HOSTILE:  # the published schema says the same
        assert not Draft202012Validator(schema_of("facts.schema.json")).is_valid(HOSTILE[name])
    (project / "data" / "faq.jsonl").unlink()
    done = ftlint("check", "c.yaml", "c.yaml")
    assert done.exit_code == 0
    (line,) = done.stderr.splitlines()
    assert f"{FACTS}: not used: " in line
    assert line.isprintable()
    assert len(line) < 400 + len(str(project))
    write_rows("faq.jsonl", 3)
    again = ftlint("record")
    assert again.exit_code == 2
    assert "not written" in again.stderr
    assert Path(FACTS).read_bytes() == data


def test_what_later_versions_add_is_left_alone(project: Path) -> None:
    Path(FACTS).write_text(json.dumps({"version": 1, "datasets": {"faq": GOOD}, "models": {}}))
    found = load(FACTS, Disk())
    assert isinstance(found, FactsFile)
    (one,) = found.datasets
    assert (one.name, one.rows, one.dropped) == ("faq", 3, (("sft", 0),))
    Draft202012Validator(schema_of("facts.schema.json")).validate(facts())


def test_a_link_out_of_the_project_is_neither_read_nor_written(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / FACTS
    outside.write_text(json.dumps({"version": 1, "datasets": {"faq": GOOD}}), "utf-8")
    (project / FACTS).symlink_to(outside)
    before = outside.read_bytes()
    (project / "data" / "faq.jsonl").unlink()
    assert "not used: it is a link to outside the project" in ftlint("check", "c.yaml").stderr
    write_rows("faq.jsonl", 3)
    done = ftlint("record")
    assert done.exit_code == 2
    assert "not written: it is a link to outside the project" in done.stderr
    assert outside.read_bytes() == before


def test_rows_left_out_of_other_stages_are_bounds(project: Path) -> None:
    columns = {"prompt": "instruction", "response": "output", "kto_tag": "label"}
    definition = {"faq": {"file_name": "faq.jsonl", "columns": columns}}
    (project / "data" / "dataset_info.json").write_text(json.dumps(definition), "utf-8")
    rows = [{**ROW, "label": number % 2 == 0} for number in range(5000)]
    (project / "data" / "faq.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    ftlint("record")
    (project / "data" / "faq.jsonl").unlink()
    Path("c.yaml").write_text(HEAD.replace("stage: sft", "stage: kto"), "utf-8")
    assert plan()["bounds"]["samples"] == [1, 5000]


@pytest.mark.parametrize("template", ["", "template: nosuch\n"])
def test_rows_are_recorded_under_an_unknown_template(project: Path, template: str) -> None:
    lines = [line for line in HEAD.splitlines(keepends=True) if not line.startswith("template:")]
    (project / "c.yaml").write_text("".join(lines) + template, "utf-8")
    assert ftlint("record", "c.yaml").exit_code == 0
    assert facts()["datasets"]["faq"]["rows"] == 5000

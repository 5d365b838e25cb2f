"""Settings nearest to a file count wholly, from wherever ftlint is started."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ftlint.cli.commands import cli

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
WARNED = HEAD + "do_train: true\ndataset: d\noutput_dir: o\nval_size: 0.1\n"
NESTED = "target = '0.9.3'\nfail-on = 'error'\nexclude = ['old']\nbaseline = 'known.json'\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings of its own, `sub`, in one with others."""
    (tmp_path / "ftlint.toml").write_text("target = '0.9.5'\nexclude = ['draft.yaml']\n", "utf-8")
    for name, text in {
        "top.yaml": HEAD + "foo: 1\n", "draft.yaml": HEAD + "foo: 1\n",
        "sub/a.yaml": HEAD + "foo: 1\n", "sub/draft.yaml": HEAD + "bar: 1\n",
        "sub/deep/b.yaml": HEAD + "baz: 1\nstage: sft\n", "sub/old/c.yaml": HEAD + "qux: 1\n",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "sub" / "ftlint.toml").write_text(NESTED, "utf-8")
    monkeypatch.chdir(tmp_path / "sub")
    assert CliRunner().invoke(cli, ["check", "--write-baseline", "a.yaml"]).exit_code == 0
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(cli, ["check", "--output-format", "json", *arguments])
    return done.exit_code, json.loads(done.stdout)


def found(report: dict[str, Any], below: str) -> list[tuple[str, str, str]]:
    """Return path from `below`, code and target of each finding there."""
    return [
        (one["path"].removeprefix(below), one["code"], one["target"])
        for one in report["diagnostics"]
        if one["path"].startswith(below)
    ]


def test_a_folder_is_judged_alike_from_inside_and_from_above(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = told("sub")
    above = told(".")
    monkeypatch.chdir(project / "sub")
    inside = told(".")
    wanted = found(inside[1], "")
    assert {path for path, _, _ in wanted} == {"draft.yaml", "deep/b.yaml"}
    assert found(below[1], "sub/") == found(above[1], "sub/") == wanted
    assert below[0] == inside[0]
    assert below[1]["target"] == inside[1]["target"]
    assert below[1]["target"]["llamafactory"] == "0.9.3"
    (known,) = below[1]["baselines"]
    assert known == below[1]["baseline"] == inside[1]["baseline"]
    assert known["hidden"] == 1
    assert [below[1]["summary"], below[1]["files"]] == [inside[1]["summary"], inside[1]["files"]]


def test_what_is_above_keeps_its_own(project: Path) -> None:
    status, report = told(".")
    assert status == 1
    assert [path for path, _, _ in found(report, "top")] == [".yaml"]
    assert not found(report, "draft")
    versions = [one["llamafactory"] for one in report["targets"]]
    assert sorted(versions) == ["0.9.3", "0.9.5"]
    of_target = {one["id"]: one["llamafactory"] for one in report["targets"]}
    by_path = {one["path"]: of_target[one["target"]] for one in report["diagnostics"]}
    assert by_path["top.yaml"] == "0.9.5"
    assert by_path["sub/draft.yaml"] == "0.9.3"


@pytest.mark.parametrize(("least", "status"), [("error", 0), ("warning", 1)])
def test_what_counts_is_for_the_settings_of_each_file(
    project: Path, least: str, status: int
) -> None:
    for path in project.rglob("*.yaml"):
        path.unlink()
    (project / "sub" / "w.yaml").write_text(WARNED, "utf-8")
    (project / "sub" / "ftlint.toml").write_text(f"fail-on = '{least}'\n", "utf-8")
    severities = {one["severity"] for one in told("sub")[1]["diagnostics"]}
    assert severities
    assert "error" not in severities
    assert told("sub")[0] == told(".")[0] == told("sub/w.yaml")[0] == status
    assert told("--fail-on", "error", ".")[0] == 0
    assert told("--fail-on", "info", ".")[0] == 1


def test_a_folder_is_passed_over_by_the_settings_above_it(project: Path) -> None:
    (project / "ftlint.toml").write_text("exclude = ['sub']\n", "utf-8")
    assert {path for path, _, _ in found(told(".")[1], "")} == {"top.yaml", "draft.yaml"}
    assert found(told("sub/draft.yaml")[1], "sub/")


def test_faulty_settings_matter_where_a_file_is_judged_by_them(project: Path) -> None:
    (project / "empty").mkdir()
    (project / "empty" / "ftlint.toml").write_text("xyz = 1\n", "utf-8")
    assert told(".")[0] == 1
    (project / "empty" / "c.yaml").write_text(HEAD, "utf-8")
    assert CliRunner().invoke(cli, ["check", "."]).exit_code == 2


def test_the_text_names_every_target(project: Path) -> None:
    last = CliRunner().invoke(cli, ["check", "."]).stdout.splitlines()
    (summary,) = [line for line in last if line.startswith("Found ")]
    named = re.findall(r"LLaMA Factory ([0-9.]+), transformers [0-9.]+[0-9]", summary)
    assert sorted(named) == ["0.9.3", "0.9.5"]

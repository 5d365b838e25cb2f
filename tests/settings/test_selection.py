"""What settings and options make of findings: ignored by file, weighed, extended, left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.project.reading import load
from ftlint.project.request import BadSettings
from tests.cli.calls import HEAD, invoke, write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = HEAD + "foo: 1\nseed: 042\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def lines(*arguments: str | Path) -> list[str]:
    """Return `path severity CODE` of each finding, as the concise report shows them."""
    done = invoke("check", "--output-format", "concise", *arguments)
    assert done.status in (0, 1), done.err
    found = (line.split() for line in done.out.splitlines())
    return [f"{place.partition(':')[0]} {severity} {code}" for place, severity, code, *_ in found]


def test_rules_are_ignored_in_some_files(folder: Path) -> None:
    for name in ("a.yaml", "old/b.yaml", "old/sub/c.yaml"):
        write(folder / name, CONFIG)
    write(folder / "ftlint.toml", '[per-file-ignores]\n"old/*" = ["FT1"]\n"a.yaml" = ["FT015"]\n')
    assert lines() == [
        "a.yaml error FT101", "old/b.yaml warning FT015", "old/sub/c.yaml warning FT015",
    ]  # fmt: skip
    assert lines("old/b.yaml") == ["old/b.yaml warning FT015"]
    # A whole code weighs more than a family, as on the command line.
    assert "old/b.yaml error FT101" in lines("--extend-select", "FT101", "old/b.yaml")
    assert "old/b.yaml error FT101" in lines("--isolated", "old/b.yaml")


def test_what_is_piped_in_is_ignored_by_its_name(folder: Path) -> None:
    write(folder / "ftlint.toml", '[per-file-ignores]\n"old/*" = ["ALL"]\n')
    for name, status in (("old/x.yaml", 0), ("new/x.yaml", 1)):
        assert invoke("check", "-", "--stdin-filename", name, stdin=CONFIG).status == status


def test_a_rule_has_the_severity_that_settings_give_it(folder: Path) -> None:
    write(folder / "a.yaml", CONFIG)
    write(folder / "ftlint.toml", 'severity = {FT1 = "info", unknown-key = "warning"}\n')
    assert lines("a.yaml") == ["a.yaml warning FT101", "a.yaml warning FT015"]
    assert invoke("a.yaml").status == 1
    write(folder / "ftlint.toml", 'severity = {FT101 = "info", FT015 = "error"}\n')
    assert lines("a.yaml") == ["a.yaml info FT101", "a.yaml error FT015"]
    assert invoke("a.yaml").status == 1
    write(folder / "ftlint.toml", 'severity = {ALL = "info"}\n')
    assert invoke("a.yaml").status == 0


@pytest.mark.parametrize(
    "table", ["severity = {FT999 = 'info'}", "per-file-ignores = {a = ['X1']}"]
)
def test_a_rule_that_is_none_is_told(folder: Path, table: str) -> None:
    write(folder / "a.yaml", CONFIG)
    write(folder / "ftlint.toml", table)
    done = invoke("a.yaml")
    assert done.status == 2
    assert "ftlint.toml: unknown rule" in done.err


def test_settings_over_others(folder: Path) -> None:
    write(folder / "base" / "ftlint.toml", """
extend = "deeper.toml"
ignore = ["FT015"]
exclude = ["old", "../sub/late/x.yaml"]
policies = ["policy/*.yaml"]
dataset-dir = "data"
severity = {FT101 = "info", FT102 = "info"}
per-file-ignores = {"../sub/b.yaml" = ["FT1"]}
""")  # fmt: skip
    write(folder / "base" / "deeper.toml", 'target = "./fork"\ngpus = 8\nfail-on = "error"\n')
    own = write(folder / "sub" / "ftlint.toml", """
extend = "../base/ftlint.toml"
fail-on = "warning"
severity = {FT101 = "warning"}
""")  # fmt: skip
    found = load(str(own))
    assert found.root == str(folder / "sub")
    assert found.target == "../base/fork"
    assert (found.gpus, found.fail_on, found.ignore) == (8, "warning", ("FT015",))
    assert found.exclude == ("old", "./late/x.yaml")
    assert found.policies == ("../base/policy/*.yaml",)
    assert found.dataset_dir == "../base/data"
    assert found.severity == (("FT101", "warning"), ("FT102", "info"))
    assert found.per_file_ignores == (("./b.yaml", ("FT1",)),)
    assert found.extend is None


def test_what_is_extended_lies_in_the_project(folder: Path) -> None:
    project = folder / "project"
    (project / ".git").mkdir(parents=True)
    write(folder / "outside.toml", "gpus = 8\n")
    (project / "link.toml").symlink_to(folder / "outside.toml")
    for name, why in (
        ("../outside.toml", "outside the project"), ("link.toml", "outside the project"),
        ("none.toml", "no such file"), ("ftlint.toml", "it extends itself"),
    ):  # fmt: skip
        own = write(project / "ftlint.toml", f'extend = "{name}"\n')
        with pytest.raises(BadSettings, match=why):
            load(str(own))


def test_the_fault_of_what_is_extended_is_told_with_its_file(folder: Path) -> None:
    base = write(folder / "base.toml", "gpus = 0\n")
    own = write(folder / "ftlint.toml", 'extend = "base.toml"\n')
    with pytest.raises(BadSettings) as caught:
        load(str(own))
    assert str(caught.value).startswith(f"{base}: gpus = 0 must be")


def test_named_files_are_left_out_where_that_is_forced(folder: Path) -> None:
    for name in ("a.yaml", "old/b.yaml", "old/sub/c.yaml"):
        write(folder / name, CONFIG)
    write(folder / "ftlint.toml", 'exclude = ["old"]\n')
    named = ("a.yaml", "old/b.yaml", str(folder / "old/sub/c.yaml"))
    assert len({line.split()[0] for line in lines(*named)}) == 3
    assert {line.split()[0] for line in lines("--force-exclude", *named)} == {"a.yaml"}
    write(folder / "ftlint.toml", 'exclude = ["old"]\nforce-exclude = true\n')
    assert {line.split()[0] for line in lines(*named)} == {"a.yaml"}
    assert lines("old") == []
    shown = invoke("check", "--show-files", *named).out
    assert "old/b.yaml: skipped: excluded by 'old' of" in shown


def test_the_command_line_leaves_out_more(folder: Path) -> None:
    for name in ("a.yaml", "b.yaml", "old/c.yaml"):
        write(folder / name, CONFIG)
    write(folder / "ftlint.toml", 'exclude = ["old"]\n')
    assert {line.split()[0] for line in lines("--exclude", "b.yaml")} == {"a.yaml"}
    assert {line.split()[0] for line in lines("--exclude", "a.yaml,b*")} == set()
    assert "b.yaml: skipped: excluded by 'b.yaml' of --exclude" in invoke(
        "check", "--show-files", "--exclude", "b.yaml"
    ).out  # fmt: skip


def test_settings_are_shown_with_where_they_come_from(folder: Path) -> None:
    write(folder / "a.yaml", CONFIG)
    file = write(folder / "ftlint.toml", 'ignore = ["FT1"]\nfail-on = "error"\n')
    done = invoke("check", "--show-settings", "--gpus", "8", "--ignore", "FT2", "a.yaml")
    assert done.status == 0
    shown = done.out.splitlines()
    assert f"# settings: {file}" in shown
    assert "gpus = 8  # command line" in shown
    assert 'ignore = ["FT1", "FT2"]  # settings and command line' in shown
    assert 'fail-on = "error"  # settings' in shown
    assert "# baseline is not set" in shown
    assert "launch = true  # default" in shown
    try:
        import tomllib
    except ImportError:
        import tomli as tomllib
    assert tomllib.loads(done.out)["ignore"] == ["FT1", "FT2"]

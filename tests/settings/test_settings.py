"""Settings: which file counts for which config, what it may say, what is said when it errs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from ftlint.project.options import OptionsResolver
from ftlint.project.reading import json_schema, load
from ftlint.project.request import BadSettings, CliOptions, Settings, UsageError
from ftlint.run.session import CLEAN, FINDINGS, run
from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
CONFIG = HEAD + "foo: 1\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def codes(*paths: Path, **request: Any) -> list[str]:
    report, _ = run(CliOptions(tuple(map(str, paths)), **request), bytes, lambda done, total: None)
    assert report.failures == ()
    return [one.code for result in report.results for one in result.diagnostics]


def refusal(*paths: Path, **request: Any) -> str:
    with pytest.raises(UsageError) as caught:
        run(CliOptions(tuple(map(str, paths)), **request), bytes, lambda done, total: None)
    return str(caught.value)


# Which file


def find(folder: str) -> str | None:
    return OptionsResolver(CliOptions()).settings.file(folder)


def test_the_nearest_file_above_counts(tmp_path: Path) -> None:
    own = write(tmp_path / "a" / "ftlint.toml", "")
    shared = write(tmp_path / "pyproject.toml", "[tool.ftlint]\n")
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "d").mkdir()
    assert find(str(tmp_path / "a" / "b" / "c")) == str(own)
    assert find(str(tmp_path / "a")) == str(own)
    assert find(str(tmp_path / "d")) == str(shared)
    beside = write(tmp_path / "ftlint.toml", "")
    assert find(str(tmp_path / "d")) == str(beside)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("[tool.ftlint]\n", True),
        ("[tool.ftlint]\ntarget = '0.9.3'\n", True),
        ("[tool]\nftlint = {target = '0.9.3'}\n", True),
        ('tool."ftlint".target = "0.9.3"\n', True),
        ("[tool.ftlint.datasets]\na = 1\n", True),
        ("[project]\nname = 'x'\n", False),
        ("[project]\ndependencies = ['ftlint']\n", False),
        ("# [tool.ftlint]\n[tool.ruff]\n", False),
        ("[tool.ftlinter]\n", False),
        ("tool = 1\nftlint = 2\n", False),
        ("[tool.ftlint\n", True),
        ("[project\n# about ftlint\n", False),
        ("", False),
    ],
)
def test_a_pyproject_counts_when_it_has_the_table(tmp_path: Path, text: str, counts: bool) -> None:
    above = write(tmp_path / "ftlint.toml", "")
    here = write(tmp_path / "project" / "pyproject.toml", text)
    assert find(str(here.parent)) == str(here if counts else above)


def test_each_config_has_the_settings_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "ftlint.toml", "ignore = ['FT101']\n")
    write(tmp_path / "old" / "ftlint.toml", "target = '0.9.3'\n")
    text = HEAD + "foo: 1\nstage: sft\n"
    first = write(tmp_path / "c.yaml", text)
    second = write(tmp_path / "old" / "c.yaml", text)
    assert codes(first) == ["FT003"]
    assert codes(second) == ["FT101", "FT004"]
    assert codes(first, second) == ["FT003", "FT101", "FT004"]
    assert codes(second, config=str(tmp_path / "ftlint.toml")) == ["FT003"]
    assert codes(first, isolated=True) == ["FT101", "FT003"]
    assert codes(second, target="0.9.5") == ["FT101", "FT003"]


def test_a_named_file_may_have_any_name(tmp_path: Path) -> None:
    config = write(tmp_path / "c.yaml", CONFIG)
    named = write(tmp_path / "ci.toml", "ignore = ['FT101']\n")
    assert codes(config, config=str(named)) == []
    project = write(tmp_path / "x" / "pyproject.toml", "[project]\nname = 'x'\n")
    assert refusal(config, config=str(project)) == f"{project}: it has no [tool.ftlint] table"


def test_settings_above_count_for_what_is_piped_in(tmp_path: Path) -> None:
    write(tmp_path / "ftlint.toml", "ignore = ['FT101']\n")
    name = str(tmp_path / "sub" / "piped.yaml")
    request = CliOptions(("-",), stdin_filename=name)
    report, status = run(request, lambda most: CONFIG.encode(), lambda done, total: None)
    assert [one.source.path for one in report.results] == [name]
    assert status == CLEAN
    assert (
        run(CliOptions(("-",), isolated=True), lambda most: CONFIG.encode(), lambda a, b: None)[1]
        == FINDINGS
    )


# What it may say

VALID = """
target = "0.9.4"
transformers = "4.55"
gpus = 8
nodes = 2
dataset-dir = "data"
select = ["FT1", "FT4"]
ignore = ["unknown-key"]
exclude = ["old/*"]
policies = ["policy/*.json"]
bands = "bands.toml"
here = true
facts = {compute_capability = 7.5}
fail-on = "error"
[datasets]
faq = 500
"a b" = 3
"""


def test_every_setting_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "ftlint.toml", VALID)
    assert load(str(path)) == Settings(
        root=str(tmp_path), target="0.9.4", transformers="4.55", gpus=8, nodes=2,
        dataset_dir="data", datasets=(("faq", 500), ("a b", 3)), select=("FT1", "FT4"),
        ignore=("unknown-key",), exclude=("old/*",), policies=("policy/*.json",),
        bands="bands.toml", here=True, facts=(("compute_capability", 7.5),), fail_on="error",
    )  # fmt: skip
    named = {name.replace("_", "-") for name in Settings._fields} - {"root"}
    assert set(json_schema()["properties"]) == named
    shared = write(
        tmp_path / "pyproject.toml", "[tool.ftlint]\n" + VALID.replace("[d", "[tool.ftlint.d")
    )
    assert load(str(shared)) == load(str(path))


WRONG = [
    ("taget = '0.9.5'", {"taget": "0.9.5"}, "unknown setting 'taget'; did you mean target?"),
    ("xyz = 1", {"xyz": 1}, "unknown setting 'xyz'; known are target, transformers, gpus"),
    ("fail_on = 'error'", {"fail_on": "error"}, "unknown setting 'fail_on'; did you mean fail-on?"),
    ("target = 0.95", {"target": 0.95}, "target = 0.95 must be a string"),
    ("gpus = 0", {"gpus": 0}, "gpus = 0 must be an integer of 1 or more"),
    ("gpus = true", {"gpus": True}, "gpus = True must be an integer of 1 or more"),
    ("gpus = 1.0", None, "gpus = 1.0 must be an integer of 1 or more"),
    ("gpus = '8'", {"gpus": "8"}, "gpus = '8' must be an integer of 1 or more"),
    ("nodes = -1", {"nodes": -1}, "nodes = -1 must be an integer of 1 or more"),
    ("select = 'FT1'", {"select": "FT1"}, "select = 'FT1' must be a list of strings"),
    ("ignore = [1]", {"ignore": [1]}, "ignore = [1] must be a list of strings"),
    ("fail-on = 'never'", {"fail-on": "never"}, "must be error or warning or info"),
    ("fail-on = ['error']", {"fail-on": ["error"]}, "must be error or warning or info"),
    ("here = 1", {"here": 1}, "here = 1 must be a bool"),
    ("facts = 'a'", {"facts": "a"}, "facts = 'a' must be a table of facts"),
    ("datasets = 5", {"datasets": 5}, "datasets = 5 must be a table of dataset names"),
    ("datasets = {a = 0}", {"datasets": {"a": 0}}, "must be a table of dataset names"),
    ("datasets = {a = true}", {"datasets": {"a": True}}, "must be a table of dataset names"),
    (f"target = ['{'x' * 5000}']", {"target": ["x"]}, "xxx… must be a string"),
]


@pytest.mark.parametrize(("text", "data", "message"), WRONG)
def test_what_is_wrong_is_told_with_file_and_key(
    tmp_path: Path, text: str, data: dict[str, Any] | None, message: str
) -> None:
    path = write(tmp_path / "ftlint.toml", text)
    with pytest.raises(BadSettings) as caught:
        load(str(path))
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert message in said
    assert len(said) < len(str(path)) + 300
    assert refusal(write(tmp_path / "c.yaml", CONFIG)) == said
    if data is not None:  # an editor says no to the same (JSON has no 1.0 that is not 1)
        assert not Draft202012Validator(json_schema()).is_valid(data)


def test_the_published_schema_takes_what_is_taken() -> None:
    validator = Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    for data in (
        {}, {"target": "auto", "gpus": 1, "datasets": {"a": 1}, "fail-on": "info"},
        {"select": [], "ignore": ["FT1"], "exclude": ["a"], "policies": [], "dataset-dir": "d"},
    ):  # fmt: skip
        assert validator.is_valid(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a = ", "not TOML: "),
        (b"target = '\xff'", "not TOML: "),
        (b"\xff\xfe", "not TOML: "),
        (b"a = " + b"[" * 100_000, "not TOML: "),
        (b"a = 1\na = 2", "not TOML: "),
        (b"# " + b"x" * (1 << 20), "too large for a settings file"),
    ],
)
def test_what_is_no_toml_is_told_in_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "ftlint.toml"
    path.write_bytes(data)
    said = refusal(write(tmp_path / "c.yaml", CONFIG))
    assert said.startswith(f"{path}: {message}")
    assert "\n" not in said
    assert len(said) < len(str(path)) + 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("target = '0.8.1'", "unknown target '0.8.1': known are 0.9.0"),
        ("target = 'newest'", "'newest' is not a version number"),
        ("transformers = '3.0'", "transformers 3.0 is older than any"),
        ("select = ['FT999']", "unknown rule 'FT999'"),
        ("ignore = ['no-such-rule']", "unknown rule 'no-such-rule'"),
        ("policies = ['none/*.json']", "no file matches 'none/*.json'"),
        ("facts = {gpu = 1}", "ftlint.toml: facts: unknown fact gpu"),
        ("facts = {installed = 1}", "facts: installed takes names, such as torch,peft==0.18.1"),
        ("facts = {compute_capability = 'x'}", "facts: compute_capability takes a number"),
    ],
)
def test_settings_that_name_what_is_not_there(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path / "ftlint.toml", text)
    assert message in refusal(write(tmp_path / "c.yaml", CONFIG))


def test_a_rule_that_is_none_is_told_with_the_file_that_names_it(tmp_path: Path) -> None:
    path = write(tmp_path / "ftlint.toml", "ignore = ['FT999']\n")
    config = write(tmp_path / "c.yaml", CONFIG)
    assert refusal(config).startswith(f"{path}: unknown rule 'FT999'")
    assert refusal(config, isolated=True, ignore=("FT998",)).startswith("unknown rule 'FT998'")


# What it does


def test_the_command_line_wins_or_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "ftlint.toml", "select = ['FT1']\nignore = ['FT015']\nfail-on = 'error'\n")
    config = write(tmp_path / "c.yaml", HEAD + "foo: 1\nseed: 042\nstage: sft\n")
    assert codes(config) == ["FT101"]
    assert codes(config, select=("FT0",)) == ["FT003"]
    assert codes(config, ignore=("FT101",)) == []
    assert codes(config, extend_select=("FT003",)) == ["FT101", "FT003"]
    assert codes(config, select=("FT003",), extend_select=("FT101",)) == ["FT101", "FT003"]
    assert codes(config, extend_select=("ALL",)) == ["FT101", "FT003"]
    warned = write(tmp_path / "w.yaml", HEAD + "seed: 042  # ftlint: ignore[FT1]\n")
    for fail_on, status in ((None, CLEAN), ("warning", FINDINGS)):
        request = CliOptions((str(warned),), select=("FT9",), fail_on=fail_on)
        assert run(request, bytes, lambda done, total: None)[1] == status


def test_what_is_excluded_is_relative_to_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a.yaml", "old/b.yaml", "configs/old/c.yaml", "configs/d.yaml", "configs/x/e.yml"]
    for name in names:
        write(tmp_path / name, CONFIG)

    def linted(exclude: str, *paths: str) -> list[str]:
        write(tmp_path / "ftlint.toml", f"exclude = {exclude}\n")
        report, _ = run(CliOptions(paths or (str(tmp_path),)), bytes, lambda done, total: None)
        return sorted(one.source.path.removeprefix(f"{tmp_path}/") for one in report.results)

    monkeypatch.chdir(tmp_path)
    assert linted("[]") == sorted(names)
    assert linted("['old']") == ["a.yaml", "configs/d.yaml", "configs/x/e.yml"]
    assert linted("['old/']") == linted("['old']")
    assert linted("['configs/old']") == [
        "a.yaml",
        "configs/d.yaml",
        "configs/x/e.yml",
        "old/b.yaml",
    ]
    assert linted("['./configs/*']") == ["a.yaml", "old/b.yaml"]
    assert linted("['*.yml', 'configs/d.yaml']") == ["a.yaml", "configs/old/c.yaml", "old/b.yaml"]
    assert linted("['configs']", "configs") == [
        "configs/d.yaml",
        "configs/old/c.yaml",
        "configs/x/e.yml",
    ]
    assert linted("['configs/old']", "configs") == ["configs/d.yaml", "configs/x/e.yml"]
    monkeypatch.chdir(tmp_path / "configs")
    assert linted("['configs/old']", ".") == ["d.yaml", "x/e.yml"]
    assert linted("['*']", "d.yaml") == ["d.yaml"]  # named by a person, who means it


def test_a_name_that_a_rule_had_still_selects_it_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = write(tmp_path / "c.yaml", CONFIG + 'bf16: "False"\n')
    assert codes(config) == ["FT101", "FT107"]
    write(tmp_path / "ftlint.toml", "ignore = ['text-for-truth']\n")
    assert codes(config) == ["FT101"]
    done = invoke(config)
    assert "ftlint: rule text-for-truth is now called truthy-string" in done.err
    assert codes(config, isolated=True, select=("text-for-truth",)) == ["FT107"]
    assert invoke("rule", "text-for-truth").out.startswith("FT107 truthy-string")

"""Every option of every command, through click in this process."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

import ftschemas
from ftlint import __version__
from ftlint.cli import COMMANDS
from ftlint.cli.commands.check import check
from ftlint.cli.commands.rule import rule
from ftlint.cli.commands.schema import schema
from ftlint.report import FORMATS
from ftlint.rulebook.registry import BUILT_IN
from ftlint.target.releases import KNOWN
from tests.cli.calls import BAD, HEAD, invoke, write

REPORT = json.loads((Path(ftschemas.__file__).parent / "report.schema.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def found(*arguments: str | Path) -> list[str]:
    """Return `path:line code` of each finding."""
    done = invoke("--isolated", "--output-format", "jsonl", *arguments)
    assert done.status in (0, 1), done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    return [f"{one['path']}:{one['start']['line']} {one['code']}" for one in rows]


def codes(*arguments: str | Path) -> list[str]:
    return [line.split()[-1] for line in found(*arguments)]


# Paths


def test_paths_may_be_files_and_folders_each_counted_once(folder: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.YAML", "sub/d.json", "sub/e.txt", ".hidden/f.yaml",
                 "node_modules/g.yaml", "venv/h.yaml", ".github/i.yml"):  # fmt: skip
        text = BAD if not name.endswith("json") else json.dumps({"stage": "sft", "template": "q",
            "model_name_or_path": "m", "foo": 1})  # fmt: skip
        write(folder / name, text)
    everything = ["a.yml:4 FT101", "b.yaml:4 FT101", "sub/c.YAML:4 FT101"]
    listed = [one for one in found() if not one.startswith("sub/d.json")]
    assert [one for one in listed if "FT101" in one] == everything
    assert "sub/d.json:1 FT101" in found()
    assert found(".") == found()
    assert found("b.yaml", "./b.yaml", "sub/../b.yaml", folder / "b.yaml")[:1] == ["b.yaml:4 FT101"]
    assert len(found("b.yaml", "./b.yaml", "sub/../b.yaml")) == 1
    assert found("sub/e.txt", ".hidden/f.yaml", "venv") == [
        "sub/e.txt:1 FT016", "sub/e.txt:4 FT101", ".hidden/f.yaml:4 FT101", "venv/h.yaml:4 FT101",
    ]  # fmt: skip


def test_a_path_may_begin_with_a_dash(folder: Path) -> None:
    write(folder / "-x.yaml")
    assert found("--", "-x.yaml") == ["-x.yaml:4 FT101"]


@pytest.mark.parametrize("kind", ["missing", "empty name", "fifo", "device", "dangling link"])
def test_a_named_path_that_is_no_file_is_told(folder: Path, kind: str) -> None:
    path = folder / "x.yaml"
    reason = "not a regular file"
    if kind == "missing":
        reason = "no such file or folder"
    elif kind == "empty name":
        path, reason = Path(), "no such file or folder"
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/null")
    else:
        path.symlink_to(folder / "nowhere")
    name = "" if kind == "empty name" else str(path)
    done = invoke("--output-format", "json", name)
    assert done.status == 2
    report = json.loads(done.out)
    Draft202012Validator(REPORT).validate(report)
    assert report["files"]["unreadable"] == [{"path": name, "reason": reason}]
    assert invoke(name).out.startswith(f"{name}: not read: {reason}\n")


def test_a_folder_with_pipes_loops_and_locks_is_walked_past_them(folder: Path) -> None:
    write(folder / "c.yaml")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")
    (folder / ".#c.yaml").symlink_to("somebody@host.1234")
    (folder / "folder.yaml").mkdir()
    (folder / "linked.yaml").symlink_to(folder / "c.yaml")
    assert found() == ["c.yaml:4 FT101", "linked.yaml:4 FT101"]


def test_a_file_that_vanishes_meanwhile_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftlint.support.files import Found

    write(folder / "c.yaml")
    monkeypatch.setattr(
        "ftlint.run.session.found_files",
        lambda *_: [Found("gone.yaml", False), Found("c.yaml", False)],
    )
    done = invoke("--isolated")
    assert done.status == 2
    assert "gone.yaml: not read: no such file\n" in done.out
    assert "c.yaml:4:1: error FT101" in done.out


# Options of check


def test_target_and_transformers_decide(folder: Path) -> None:
    path = write(folder / "c.yaml", HEAD + "stage: dpo\nimage_resolution: 1\n")
    assert codes("--target", "0.9.1", path) == ["FT004", "FT459"]
    assert codes("--target", "v0.9.4", path) == ["FT003", "FT102"]
    assert codes("--target", "0.9.6.dev0", path) == ["FT003", "FT102"]
    evaluation = write(folder / "e.yaml", HEAD + "evaluation_strategy: 'no'\noutput_dir: o\n")
    assert codes("--target", "0.9.3", "--transformers", "4.45.0", evaluation) == []
    assert codes("--target", "0.9.3", evaluation) == ["FT102"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "2.0"], "unknown target '2.0': known are 0.9.0, 0.9.1"),
        (["--target", "auto"], "target `auto`, but llamafactory is not installed in this Python"),
        (["--target", "x"], "'x' is not a version number"),
        (["--transformers", "4.0"], "transformers 4.0 is older than any LLaMA Factory 0.9.5 takes"),
        (["--transformers", "new"], "'new' is not a version number"),
        (["--select", "FT999"], "unknown rule 'FT999': see `ftlint rule --all`"),
        (["--ignore", "FT1,bogus"], "unknown rule 'bogus'"),
        (["--extend-select", "all"], "unknown rule 'all'"),
        (["--select", "\x1b[31m"], "unknown rule '\\x1b[31m'"),
        (["--output-file", "."], "Is a directory"),
        (["--output-file", "no/such/folder/x"], "no/such/folder/x: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    folder: Path, options: list[str], message: str
) -> None:
    done = invoke("--isolated", *options, write(folder / "c.yaml"))
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("ftlint: ")
    assert done.err.count("\n") == 1
    assert message in done.err
    assert done.err.removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    "options",
    [
        ["--gpus", "0"], ["--gpus", "x"], ["--nodes", "-1"], ["--dataset-size", "x"],
        ["--dataset-size", "a="], ["--dataset-size", "a=0"], ["--dataset-size", "-5"],
        ["--dataset-size", "9" * 5000], ["--fail-on", "never"], ["--output-format", "xml"],
        ["--config", "missing.toml"], ["--config", "."], ["--color", "red"], ["--target"],
        ["--nope"],
    ],
    ids=lambda options: " ".join(options)[:30],
)  # fmt: skip
def test_wrong_usage_is_explained_with_status_2(folder: Path, options: list[str]) -> None:
    done = invoke(*options)
    assert (done.status, done.out) == (2, "")
    assert "Error: " in done.err
    assert "Traceback" not in done.err


def test_facts_reach_the_rules(folder: Path) -> None:
    text = (
        "model_name_or_path: m\nstage: sft\ndo_train: true\nfinetuning_type: full\ndataset: d\n"
        "template: qwen\noutput_dir: o\nuse_badam: true\nbadam_mode: ratio\nbf16: true\n"
    )
    path = write(folder / "c.yaml", text)
    assert "FT481" not in codes(path)
    assert "FT481" in codes("--gpus", "2", path)
    assert "FT481" in codes("--gpus", "1", "--nodes", "2", path)
    assert "FT481" not in codes("--gpus", "1", path)


def test_facts_of_several_names_add_up(folder: Path) -> None:
    path = write(folder / "c.yaml", HEAD)
    pair = ["--transformers", "6.0.0"]
    unchecked = "env=DISABLE_VERSION_CHECK=1"
    assert "FT4130" in codes(*pair, "--fact", "env=USE_RAY=1", path)
    assert "FT4130" not in codes(*pair, "--fact", unchecked, "--fact", "env=USE_RAY=1", path)
    off = "env=DISABLE_VERSION_CHECK=0"  # the last word on one variable counts
    assert "FT4130" in codes(*pair, "--fact", unchecked, "--fact", off, path)
    assert "FT4130" in codes("--fact", "installed=peft==0.1.0", "--fact", "installed=vllm", path)


def test_selecting_and_ignoring(folder: Path) -> None:
    path = write(folder / "c.yaml", HEAD + "foo: 1\nseed: 042\nstage: dpo\n")
    assert codes(path) == ["FT101", "FT015", "FT003"]
    assert codes("--select", "FT0", path) == ["FT015", "FT003"]
    assert codes("--select", "FT015,unknown-key", path) == ["FT101", "FT015"]
    assert codes("--select", "FT015", "--select", "FT1", path) == ["FT101", "FT015"]
    assert codes("--ignore", "FT0", path) == ["FT101"]
    assert codes("--ignore", "FT0", "--extend-select", "FT003", path) == ["FT101", "FT003"]
    assert codes("--ignore", "ALL", path) == []
    assert codes("--select", "ALL", path) == codes(path)
    assert codes("--select", " FT015 , ", path) == ["FT015"]


@pytest.mark.parametrize(
    ("fail_on", "status"), [("error", 0), ("warning", 1), ("info", 1), (None, 1)]
)
def test_fail_on_sets_the_status(folder: Path, fail_on: str | None, status: int) -> None:
    path = write(folder / "c.yaml", HEAD + "seed: 042\n")
    options = ["--fail-on", fail_on] if fail_on else []
    assert invoke("--isolated", *options, path).status == status


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_a_file_as_to_the_screen(folder: Path, name: str) -> None:
    path = write(folder / "한.yaml")
    options: list[str | Path] = ["--isolated", "--output-format", name, path]
    shown = invoke(*options)
    assert shown.status == 1
    assert "FT101" in shown.out
    done = invoke("--output-file", "report", *options)
    assert (done.status, done.out, done.err) == (1, "", "")
    assert (folder / "report").read_text("utf-8") == shown.out
    coloured = invoke("--color", "always", "--output-file", "report", *options)
    assert coloured.status == 1
    assert "\x1b" not in (folder / "report").read_text("utf-8")


def test_a_name_that_is_no_unicode_can_be_reported_everywhere(folder: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.yaml")
    write(folder / name)
    for form in FORMATS:
        done = invoke("--isolated", "--output-format", form, "--output-file", "report", ".")
        assert done.status == 1, done.err
        assert "FT101" in (folder / "report").read_text("utf-8")


def test_statistics_replace_the_findings(folder: Path) -> None:
    write(folder / "c.yaml", BAD + "bar: 1\n")
    done = invoke("--isolated", "--statistics")
    assert done.status == 1
    assert done.out.splitlines() == [
        "     2 in    1 file  FT101  unknown-key", "1 config, 0 other files, 0 unreadable",
    ]  # fmt: skip


def test_config_and_isolated_choose_the_settings(folder: Path) -> None:
    path = write(folder / "c.yaml")
    write(folder / "ftlint.toml", "ignore = ['FT101']\n")
    other = write(folder / "other.toml", "select = ['FT2']\n")
    assert invoke(path).status == 0
    assert invoke("--isolated", path).status == 1
    assert invoke("--config", other, path).status == 0
    write(other, "target = 5\n")
    wrong = invoke("--config", other, path)
    assert (wrong.status, wrong.err) == (2, f"ftlint: {other}: target = 5 must be a string\n")
    write(folder / "ftlint.toml", 'x"\x1b[31m" = 1\n')
    broken = invoke(path)
    assert (broken.status, broken.err.count("\n")) == (2, 1)
    assert "\x1b" not in broken.err


def test_standard_input_and_its_name(folder: Path) -> None:
    done = invoke("--isolated", "-", stdin=BAD)
    assert (done.status, done.out[:12]) == (1, "<stdin>:4:1:")
    named = invoke("--isolated", "-", "--stdin-filename", "a/b.json", stdin=BAD)
    assert "a/b.json:1:1: error FT010" in named.out
    twice = invoke("--isolated", "--output-format", "concise", "-", "-", stdin=BAD)
    assert twice.out.count("FT101") == 1


def test_a_limit_is_lifted(folder: Path) -> None:
    text = BAD + "x: [[1]]\n"
    low = invoke("--isolated", "-", "--limit", "depth=2", stdin=text)
    assert "more than 2 levels (`--limit depth=N` raises the limit)" in low.out
    assert "FT905" not in invoke("--isolated", "-", stdin=text).out
    for wrong, why in (
        ("depth", "write NAME=N"),
        ("x=1", "unknown limit"),
        ("depth=9999", "1 to 200"),
    ):
        done = invoke("--isolated", "-", "--limit", wrong, stdin=text)
        assert (done.status, why in done.err) == (2, True)


def test_the_options_of_the_page_are_those_of_the_command() -> None:
    """A new option has to be tried here, or named as another suite's."""
    tried = set(re.findall(r'"(--[a-z-]+)"', Path(__file__).read_text("utf-8")))
    elsewhere = {"--fix", "--unsafe-fixes", "--diff", "--dataset-dir", "--budget", "--no-cache"}
    elsewhere |= {
        "--gpu",
        "--here",
        "--fact",
        "--baseline",
        "--write-baseline",
        "--command",
        "--show-files",
        "--set",
    }
    elsewhere |= {"--files-from", "--shard", "--quiet", "--exit-zero"}  # test_files_from.py
    elsewhere |= {"--exclude", "--force-exclude", "--show-settings"}  # settings/test_selection.py
    elsewhere |= {"--add-ignores"}  # fixes/test_ignores.py
    for command in (check, rule.commands["explain"], schema):
        options = {name for one in command.params for name in one.opts if name.startswith("--")}
        assert options <= tried | elsewhere, (command.name, options - tried - elsewhere)


# The other commands


def test_help_and_version() -> None:
    for option in ("--help", "-h"):
        assert "Usage: " in invoke(option).out
        for command in ("check", "rule", "schema", "steps"):
            done = invoke(command, option)
            assert (done.status, done.err) == (0, "")
            assert done.out.startswith(f"Usage: cli {command} ")
    assert invoke("--version").out == f"ftlint, version {__version__}\n"
    listed = invoke("--help").out
    assert all(f"\n  {name} " in listed for name in COMMANDS)


def test_the_bench_command_is_passed_on(folder: Path) -> None:
    done = invoke("bench", "predict", "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Usage: cli bench predict ")
    missing = invoke("bench", "predict", "nowhere.yaml")
    assert (missing.status, missing.err) == (2, "bench: nowhere.yaml: No such file or directory\n")


def test_rule_lists_and_explains(folder: Path) -> None:
    listing = invoke("rule", "--all")
    assert listing.status == 0
    codes = [line.split()[0] for line in listing.out.splitlines()]
    assert sorted(codes) == sorted(BUILT_IN.rules)
    some = [code for code in codes if code in ("FT4100", "FT411", "FT410", "FT500")]
    assert some == ["FT410", "FT411", "FT4100", "FT500"]
    assert len({line.index(line.split()[1]) for line in listing.out.splitlines()}) == 1
    assert invoke("rule") == listing
    rows = json.loads(invoke("rule", "--all", "--output-format", "json").out)
    assert [(one["code"], one["name"]) for one in rows] == [
        (code, BUILT_IN[code].name) for code in codes
    ]
    for word in ("FT101", "ft101", "unknown-key", "Unknown-Key"):
        text = invoke("rule", word).out
        assert text.startswith("FT101 unknown-key  (error, ")
        assert "«" not in text
    one = json.loads(invoke("rule", "FT101", "--output-format", "json").out)
    assert one["code"] == "FT101"
    assert len(one["why"]) > 50


@pytest.mark.parametrize("code", BUILT_IN.rules)
def test_every_rule_explains_itself(code: str) -> None:
    done = invoke("rule", code)
    assert done.status == 0
    assert done.out.startswith(f"{code} {BUILT_IN[code].name}  ({BUILT_IN[code].severity}")
    said = done.out.split("\nBad\n")[0]
    assert not any(line != line.rstrip() for line in said.splitlines())
    assert "](" not in said  # a link is of use on a page alone
    if code.startswith("FT4") and code not in (*BUILT_IN.of_run(), "FT4190", "FT4191"):
        # refusals are shown by a bad and a good config, but for those of arguments behind one
        assert "\nBad\n" in done.out
        assert "\nGood\n" in done.out


def test_the_help_of_rule_is_one() -> None:
    text = invoke("rule", "--help").out
    assert all(way in text for way in ("CODE|NAME", "--all", "--config", "--output-format", "test"))
    assert invoke("rule", "FT101", "--help").out == text
    assert "explain [" not in text + invoke("rule", "--no-such-option").err


def test_a_recipe_is_explained_without_placeholders() -> None:
    assert "write `template: <model_template>`" in invoke("rule", "FT577").out


@pytest.mark.parametrize("word", ["FT999", "FT1", "", "\x1b[31m", "unknown_key"])
def test_a_rule_there_is_none_of(word: str) -> None:
    done = invoke("rule", word)
    assert (done.status, done.out) == (2, "")
    assert ": see `ftlint rule --all`" in done.err
    assert done.err.splitlines()[0].endswith(" rule [OPTIONS] CODE|NAME")
    assert "\x1b" not in done.err


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize("command", ["train", "export", "chat", "eval"])
def test_schema_prints_what_an_editor_takes(version: str, command: str) -> None:
    done = invoke("schema", "--target", version, "--command", command)
    assert done.status == 0
    assert done.out.isascii()
    schema = json.loads(done.out)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"model_name_or_path": "m", "template": "qwen"})
    assert not validator.is_valid({"model_name_or_path": "m", "learnig_rate": 1})
    assert validator.is_valid({"model_name_or_path": "m", "learning_rate": 1.0}) == (
        command == "train"
    )


def test_schema_takes_transformers_and_gives_the_settings() -> None:
    old = json.loads(invoke("schema", "--target", "0.9.3", "--transformers", "4.45.0").out)
    new = json.loads(invoke("schema", "--target", "0.9.3", "--transformers", "4.52.4").out)
    assert "deprecated" not in old["properties"]["evaluation_strategy"]
    assert new["properties"]["evaluation_strategy"]["not"] == {}
    assert invoke("schema", "--command", "api") == invoke("schema", "--command", "chat")
    settings = json.loads(invoke("schema", "--settings").out)
    Draft202012Validator.check_schema(settings)
    assert "target" in settings["properties"]
    for options in (
        ["--target", "2.0"],
        ["--transformers", "x"],
        ["--command", "v1", "--target", "0.9.3"],
    ):
        done = invoke("schema", *options)
        assert (done.status, done.out) == (2, "")
        assert "Error: " in done.err


def test_help_lists_every_option_by_what_it_is_about() -> None:
    out = invoke("check", "--help").out
    parts = re.split(r"^(\w[\w ]+):$", out, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2]))
    assert re.findall(r"^  (-\S+)", sections["Other options"], re.MULTILINE) == ["-h,"]
    assert "ftlint check --fix sft.yaml" in sections["Examples"]
    named = {
        name for text in sections.values() for name in re.findall(r"^  .*?(--[a-z-]+)", text, re.M)
    }
    long = {max(one.opts, key=len) for one in check.params if isinstance(one, click.Option)}
    assert long <= named

"""What a pull request asks for outside of the project: not read, not shown, not written."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from ftlint.support.containment import led_out, project_of
from tests.cli.calls import BAD, HEAD, write
from tests.cli.forked import process
from tests.hostile.opening import TRAINS, opened

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("hunter2", "pass_phrase", "swordfish")
SECRETS = {
    "s.yaml": "pass_phrase: hunter2\ncode: swordfish\n",
    "s.json": '{"pass_phrase": "hunter2", "version": 1, "findings": {"swordfish": {}}}',
    "s.txt": "hunter2:x:0:0\nswordfish:x:1:1\n",
    "list.json": '["hunter2", {"swordfish": 1}]',
    "anchor.yaml": "a: *hunter2\n",
    "tag.yaml": "a: !swordfish hunter2\n",
    "bytes.bin": "hunter2 \udcff swordfish",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a repository beside a folder of secrets."""
    for name, text in SECRETS.items():
        write(tmp_path / "outside" / name, text.encode("utf-8", "surrogateescape"))
    (tmp_path / "project" / ".git").mkdir(parents=True)
    write(tmp_path / "project" / "c.yaml", HEAD)
    return tmp_path / "project"


def setting(name: str, value: str) -> str:
    return f"{name} = {[value] if name == 'policies' else json.dumps(value)}\n"


@pytest.mark.parametrize("name", ["policies", "bands", "baseline"])
@pytest.mark.parametrize("way", ["absolute", "dots", "link", "folder", "settings below"])
@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_settings_read_nothing_outside(project: Path, name: str, way: str, secret: str) -> None:
    value, folder = f"../outside/{secret}", project
    if way == "absolute":
        value = str(project.parent / "outside" / secret)
    elif way == "link":
        (project / secret).symlink_to(project.parent / "outside" / secret)
        value = secret
    elif way == "folder":
        (project / "own").symlink_to(project.parent / "outside")
        value = f"own/{secret}"
    elif way == "settings below":
        folder, value = project / "below", f"../../outside/{secret}"
        write(folder / "c.yaml", HEAD)
    write(folder / "ftlint.toml", setting(name, value))
    for arguments in (["c.yaml"], ["steps", "c.yaml"]):
        if name == "baseline" and arguments[0] == "steps":
            continue
        done = process(*arguments, folder=folder)
        assert (done.status, done.out) == (2, ""), arguments
        assert "out" in done.err
        assert "outside the project" in done.err
        assert not any(word in done.err for word in WORDS)
    paths = opened(folder, "c.yaml")[1] if name == "none" else []
    assert paths == []


@pytest.mark.parametrize("name", ["policies", "bands", "baseline"])
@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_a_file_of_the_project_that_is_something_else_is_not_echoed(
    project: Path, name: str, secret: str
) -> None:
    write(project / secret, SECRETS[secret].encode("utf-8", "surrogateescape"))
    write(project / "ftlint.toml", setting(name, secret))
    done = process("c.yaml", folder=project)
    assert not any(word in done.out + done.err for word in WORDS)
    assert done.status == (0 if (name, secret) == ("baseline", "s.json") else 2)
    assert secret in done.out + done.err


def test_patterns_do_not_list_folders_outside(project: Path) -> None:
    (project / "own").symlink_to(project.parent / "outside")
    for pattern in ("../outside/*", "/etc/*.conf", "*/../../outside/*", "own/*", "**/*.yaml"):
        write(project / "ftlint.toml", setting("policies", pattern))
        done = process("c.yaml", folder=project)
        assert done.status == 2, pattern
        assert not any(name in done.err for name in SECRETS)
        assert ".conf:" not in done.err


@pytest.mark.parametrize("name", ["policies", "bands", "baseline"])
def test_a_fifo_is_refused_and_not_waited_for(project: Path, name: str) -> None:
    os.mkfifo(project / "pipe.yaml")
    write(project / "ftlint.toml", setting(name, "pipe.yaml"))
    done = process("c.yaml", folder=project)
    assert done.status == 2
    assert "not a regular file" in done.err


def test_settings_that_are_a_fifo_are_passed_over(project: Path) -> None:
    os.mkfifo(project / "pyproject.toml")
    os.mkfifo(project / "ftlint.toml")
    assert process("c.yaml", folder=project).status == 0


@pytest.mark.parametrize("name", ["ftlint.toml", "pyproject.toml"])
def test_settings_that_are_a_link_out_are_refused(project: Path, name: str) -> None:
    secret = write(project.parent / "outside" / name, "hunter2 = 1\n[tool.ftlint]\nswordfish = 1\n")
    (project / name).symlink_to(secret)
    done = process("c.yaml", folder=project)
    assert done.status == 2
    assert "link to outside the project" in done.err
    assert not any(word in done.err for word in WORDS)


@pytest.mark.parametrize("named", [["."], ["c.yaml", "link.yaml"], ["folder/s.yaml"], ["folder"]])
def test_a_linked_config_outside_is_named_and_not_shown(project: Path, named: list[str]) -> None:
    text = BAD + "hunter2: swordfish\nlearning_rate: pass_phrase\n"
    secret = write(project.parent / "outside" / "s.yaml", text)
    (project / "folder").symlink_to(project.parent / "outside")
    (project / "link.yaml").symlink_to(secret)
    for word in ("text", "concise", "json", "sarif", "github", "gitlab", "junit"):
        for more in ([], ["--fix", "--unsafe-fixes"], ["--diff"]):
            done = process(*named, "--output-format", word, *more, folder=project)
            assert ("FT909" in done.out) == (not more or more != ["--diff"])
            assert not any(one in done.out + done.err for one in WORDS)
    assert secret.read_text("utf-8") == text
    for path in ("link.yaml", "folder/s.yaml"):
        done = process("steps", path, folder=project)
        assert done.status == 2
        assert "outside the project" in done.err
        assert not any(one in done.out + done.err for one in WORDS)


def test_a_repository_behind_a_link_is_no_project_of_its_own(project: Path) -> None:
    other = write(project.parent / "other" / "s.yaml", BAD + "hunter2: 1\n")
    (other.parent / ".git").mkdir()
    (project / "folder").symlink_to(other.parent)
    done = process("folder/s.yaml", folder=project)
    assert "FT909" in done.out
    assert "hunter2" not in done.out


def test_what_a_link_leads_to_is_shown_where_its_folder_is_named(project: Path) -> None:
    secret = write(project.parent / "shared" / "s.yaml", BAD)
    (project / "link.yaml").symlink_to(secret)
    done = process("link.yaml", secret.parent, folder=project)
    assert "FT909" not in done.out
    assert done.out.count("FT101") == 2
    assert "FT101" in process(secret, folder=project).out


def test_links_within_the_project_and_a_submodule_are_followed(project: Path) -> None:
    write(project / "a" / "real.yaml", BAD)
    (project / "link.yaml").symlink_to("a/real.yaml")
    write(project / "sub" / ".git", "gitdir: ../.git/modules/sub\n")
    write(project / "sub" / "d.yaml", BAD)
    done = process("link.yaml", "sub/d.yaml", folder=project)
    assert done.out.count("FT101") == 2
    assert project_of(str(project / "sub")).roots == (str(project / "sub"),)
    assert project_of(str(project / "a")).roots == (str(project),)


def test_a_link_to_what_is_no_config_is_nothing_to_tell_of(project: Path) -> None:
    (project / "data.json").symlink_to(project.parent / "outside" / "s.json")
    done = process(".", folder=project)
    assert done.status == 0
    assert "FT909" not in done.out


@pytest.mark.parametrize("where", ["report.txt", "folder/report.txt"])
def test_a_report_is_not_written_through_a_committed_link(project: Path, where: str) -> None:
    victim = write(project.parent / "outside" / "report.txt", "as it was\n")
    (project / "folder").symlink_to(victim.parent)
    (project / "report.txt").symlink_to(victim)
    done = process("c.yaml", "--output-file", where, folder=project)
    assert done.status == 2
    assert done.err == f"ftlint: {where}: not written: it is a link to outside the project\n"
    assert victim.read_text("utf-8") == "as it was\n"


def test_reports_go_where_a_person_sends_them(project: Path) -> None:
    elsewhere = project.parent / "report.txt"
    for path in (elsewhere, project / "own.txt"):
        assert process("c.yaml", "--output-file", path, folder=project).status == 0
        assert "Clean" in path.read_text("utf-8")
    assert "Clean" in process("c.yaml", "--output-file", "/dev/stdout", folder=project).out
    assert led_out("/dev/stdout") is None


@pytest.mark.parametrize("asked", [True, False])
def test_a_baseline_is_not_written_through_a_committed_link(project: Path, asked: bool) -> None:
    victim = write(project.parent / "outside" / "known.json", '{"version": 1, "findings": {}}')
    before = victim.read_bytes()
    (project / "known.json").symlink_to(victim)
    (project / "new.json").symlink_to(project.parent / "outside" / "new.json")
    for name in ("known.json", "new.json"):
        write(project / "ftlint.toml", "" if asked else setting("baseline", name))
        option = ["--baseline", name] if asked else []
        done = process("c.yaml", "--write-baseline", *option, folder=project)
        assert done.status == 2
        assert "it is a link to outside the project" in done.err
    assert victim.read_bytes() == before
    assert not (project.parent / "outside" / "new.json").exists()


@pytest.mark.parametrize("way", ["absolute", "dots", "link"])
def test_names_of_data_outside_are_counted_and_not_shown(project: Path, way: str) -> None:
    outside = project.parent / "outside"
    rows = json.dumps([{"hunter2": "a", "pass_phrase": "b"}])
    write(outside / "swordfish.json", rows)
    columns = {"prompt": "hunter2", "response": "pass_phrase", "sistem": "x"}
    info: dict[str, object] = {
        "ident": {"file_name": "swordfish.json"}, "swordfish": {}, "bad": {"file_name": "hunter2"},
        "odd": {"file_name": "a", "formatting": "hunter2"},
        "twice": {"hf_hub_url": "pass_phrase", "file_name": "hunter2"},
        "shaped": {"file_name": "swordfish.json", "colums": {}, "columns": columns},
    }  # fmt: skip
    write(outside / "dataset_info.json", json.dumps(info))
    folder = {"absolute": str(outside), "dots": "../outside", "link": "data"}[way]
    if way == "link":
        (project / "data").symlink_to(outside)
    for name in ("ident", "swordfis", "bad", "odd", "twice", "shaped"):
        write(project / "c.yaml", TRAINS + f"dataset: {name}\ndataset_dir: {folder}\n")
        for arguments in (["c.yaml"], ["--fix", "--unsafe-fixes", "c.yaml"], ["steps", "c.yaml"],
                          ["--output-format", "json", "c.yaml"]):  # fmt: skip
            done = process(*arguments, folder=project)
            text = done.out.replace("swordfis\n", "").replace("swordfis ", "")
            assert not any(one in text + done.err for one in WORDS), (name, arguments)
    write(project / "c.yaml", TRAINS + f"dataset: shaped\ndataset_dir: {folder}\n")
    (row,) = re.findall(
        r"samples to train on +(\w+)", process("steps", "c.yaml", folder=project).out
    )
    assert row == "1"
    named = process("c.yaml", "--dataset-dir", outside, folder=project)
    assert "FT705" not in named.out


def test_settings_beside_the_config_do_not_start_programs(project: Path) -> None:
    program = write(project / "bin" / "nvidia-smi", "#!/bin/sh\ntouch started\n")
    program.chmod(0o755)
    write(project / "ftlint.toml", "here = true\n")
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = process("c.yaml", folder=project, PATH=path)
    assert "`here` counts from the command line only" in done.err
    assert done.status == 0
    assert not (project / "started").exists()
    process("--config", "ftlint.toml", "c.yaml", folder=project, PATH=path)
    assert (project / "started").exists()
    (project / "started").unlink()
    assert process("--here", "c.yaml", folder=project, PATH=path).err == ""
    assert (project / "started").exists()


def test_a_sibling_that_is_a_link_out_is_not_quoted(project: Path) -> None:
    secret = write(
        project.parent / "outside" / "sft.yaml",
        TRAINS.replace("output_dir: o", "output_dir: saves/base/hunted") + "dataset: d\n",
    )
    (project / "sft.yaml").symlink_to(secret)
    write(project / "c.yaml", TRAINS + "dataset: d\nadapter_name_or_path: saves/base/hunter\n")
    assert "hunted" not in process("c.yaml", folder=project).out
    (project / "sft.yaml").unlink()
    write(project / "sft.yaml", secret.read_text("utf-8"))
    assert "hunted" in process("c.yaml", folder=project).out


def test_a_deepspeed_file_counts_within_the_project_only(project: Path) -> None:
    below = project / "configs"
    write(project / "ds.json", '{"zero_optimization": {"stage": 3}}')
    write(project.parent / "ds.json", '{"zero_optimization": {"stage": 3}}')
    for name, read in (("ds.json", True), ("../../ds.json", False)):
        write(below / "c.yaml", TRAINS + f"deepspeed: {name}\n")
        paths = opened(project.parent, "project/configs/c.yaml")[1]
        assert any(path.endswith("ds.json") for path in paths) == read, name

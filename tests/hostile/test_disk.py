"""What lies on a disk and is no config, or leads out of the project: read by nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ftlint.project.options import OptionsResolver
from ftlint.project.request import CliOptions
from ftlint.run.batch import lint_files
from ftlint.support.files import Found
from tests.cli.calls import BAD, HEAD, ROOT, environment, process, write
from tests.hostile.opening import TRAINS, opened
from tests.moments import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = json.dumps([{"secret_column": "s", "output": "x"}])


def test_a_fifo_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "c.yaml")
    done = process("c.yaml", folder=tmp_path)
    assert (done.status, "not read: not a regular file" in done.out) == (2, True)
    assert process(".", folder=tmp_path).status == 0


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/stdin", "/proc/self/mem"])
def test_a_device_is_no_config(tmp_path: Path, device: str) -> None:
    (tmp_path / "c.yaml").symlink_to(device)
    done = process("c.yaml", folder=tmp_path)
    assert (done.status, done.out.count("not read: ")) in ((2, 1), (0, 0))
    assert "Traceback" not in done.err


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to("..")
    write(tmp_path / "sub" / "c.yaml")
    done = process("--output-format", "concise", ".", folder=tmp_path)
    assert (done.status, done.out.count("FT101")) == (1, 1)
    named = process("a.yaml", folder=tmp_path)
    assert (named.status, "not a regular file" in named.out) == (2, True)


def test_a_file_that_vanished_is_told_of(tmp_path: Path) -> None:
    files = [Found(str(tmp_path / "gone.yaml"), named=False)]
    judges = OptionsResolver(CliOptions(isolated=True))
    (outcome,) = lint_files(files, judges, lambda most: b"", lambda done, total: None)
    assert outcome.failure == "no such file"


def test_a_name_cannot_forge_a_workflow_command(tmp_path: Path) -> None:
    name = "x\n::error::forged\r\x1b[31m%0A.yaml"
    write(tmp_path / name)
    for word in ("github", "text", "concise", "json", "jsonl"):
        done = process("--output-format", word, ".", folder=tmp_path)
        assert not any(line.startswith("::error::") for line in done.out.splitlines())
        assert "\x1b" not in done.out
        assert "\r" not in done.out


def test_tags_make_no_objects(tmp_path: Path) -> None:
    tag = "!!python/object/apply:os.system ['touch made']"
    write(tmp_path / "c.yaml", HEAD + f"x: {tag}\n")
    write(tmp_path / "p.yaml", f"code: {tag}\n")
    write(tmp_path / "ftlint.toml", "policies = ['p.yaml']\n")
    done = process("--isolated", "--output-format", "concise", "c.yaml", folder=tmp_path)
    assert done.out.count("python/object/apply:os.system` is an unknown type tag") == 1
    assert "not readable: line 1: unknown tag" in process("c.yaml", folder=tmp_path).err
    assert not (tmp_path / "made").exists()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project beside a folder that is none of its business."""
    write(tmp_path / "outside" / "secret.json", ROWS)
    write(tmp_path / "outside" / "ds.json", '{"zero_optimization": {"stage": 3}}')
    (tmp_path / "project" / "data").mkdir(parents=True)
    return tmp_path / "project"


@pytest.mark.parametrize("way", ["dots", "absolute", "link", "link in a folder"])
def test_no_data_file_outside_is_read(project: Path, way: str) -> None:
    secret = project.parent / "outside" / "secret.json"
    name = {"dots": "../../outside/secret.json", "absolute": str(secret)}.get(way, "f.json")
    if way == "link":
        (project / "data" / "f.json").symlink_to(secret)
    if way == "link in a folder":
        name = "folder"
        (project / "data" / name).mkdir()
        (project / "data" / name / "f.json").symlink_to(secret)
    write(project / "data" / "dataset_info.json", json.dumps({"d": {"file_name": name}}))
    write(project / "c.yaml", TRAINS + "dataset: d\ndataset_dir: data\n")
    out, paths = opened(project, "c.yaml")
    assert "secret" not in out
    assert str(project / "data" / "dataset_info.json") in paths
    assert not [path for path in paths if "/outside/" in path or "f.json" in path]
    told = " ".join(process("steps", "c.yaml", folder=project).out.split())
    assert "outside `dataset_dir` and the working directory, where ftlint reads nothing" in told


def test_a_data_folder_that_is_a_link_as_a_whole_is_meant(project: Path) -> None:
    (project / "data").rmdir()
    (project / "data").symlink_to("../outside")
    info = json.dumps({"d": {"file_name": "secret.json"}})
    write(project.parent / "outside" / "dataset_info.json", info)
    write(project / "c.yaml", TRAINS + "dataset: d\ndataset_dir: data\n")
    assert str(project / "data" / "secret.json") in opened(project, "c.yaml")[1]


@pytest.mark.parametrize("way", ["dots", "absolute", "link"])
def test_no_deepspeed_config_outside_is_read(project: Path, way: str) -> None:
    config = project.parent / "outside" / "ds.json"
    name = {"dots": "../outside/ds.json", "absolute": str(config)}.get(way, "ds.json")
    if way == "link":
        (project / "ds.json").symlink_to(config)
    write(project / "c.yaml", TRAINS + f"deepspeed: {name}\n")
    assert not [path for path in opened(project, "c.yaml")[1] if "ds.json" in path]
    (project / "own.json").write_text("{}")
    write(project / "c.yaml", TRAINS + "deepspeed: own.json\n")
    assert str(project / "own.json") in opened(project, "c.yaml")[1]


def test_definitions_that_are_no_file_are_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "data" / "dataset_info.json")
    os.mkfifo(project / "ds.json")
    text = TRAINS + "dataset: d\ndataset_dir: data\ndeepspeed: ds.json\n"
    write(project / "c.yaml", text)
    assert process("--dataset-size", "9", "c.yaml", folder=project).status in (0, 1)
    (project / "data" / "dataset_info.json").unlink()
    write(project / "data" / "dataset_info.json", '{"d": {"file_name": "many"}}')
    (project / "data" / "many").mkdir()
    os.mkfifo(project / "data" / "many" / "f.json")
    out = process("--output-format", "concise", "c.yaml", folder=project).out
    assert "FT705" in out or "not a regular file" in out


def test_a_nul_in_a_path_is_only_a_path_that_is_not_there(tmp_path: Path) -> None:
    for key in ("dataset_dir", "deepspeed", "tokenized_path"):
        write(tmp_path / "c.yaml", TRAINS + f'dataset: d\n{key}: "a\\0b"\n')
        done = process("--dataset-size", "9", "c.yaml", folder=tmp_path)
        assert (done.status in (0, 1), done.err) == (True, ""), key


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """Give a folder that every user may enter; pytest's own belong to one user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


AS_NOBODY = """
import os, sys
os.chdir(sys.argv.pop(1))
from ftlint.__main__ import main
import importlib, pkgutil, difflib, fnmatch, unicodedata, _ruamel_yaml
import ftlint, ftschemas, ruamel.yaml
for package in (ftlint, ftschemas, ruamel.yaml):
    for one in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if one.name.rpartition(".")[2] not in ("__main__", "setup"):  # ruamel ships its own
            importlib.import_module(one.name)
loaded = set(sys.modules)
os.geteuid() or os.setuid(65534)
try:
    main()
finally:
    late = set(sys.modules) - loaded
    late and sys.stderr.write(f"imported too late: {sorted(late)}")
"""
"""Loads all there is before it is nobody, who may not enter the folders that the code lies in."""


def as_nobody(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder), *arguments], env=environment(**changes),
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_what_may_not_be_read_is_told_and_the_rest_linted(anybodys: Path) -> None:
    write(anybodys / "open.yaml", HEAD)
    write(anybodys / "closed.yaml", HEAD).chmod(0)
    write(anybodys / "folder" / "c.yaml", HEAD)
    (anybodys / "folder").chmod(0)
    try:
        done = as_nobody(anybodys, ".")
    finally:
        (anybodys / "folder").chmod(0o755)
    assert done.stderr == ""
    assert done.returncode == 2
    assert done.stdout.count("not read: Permission denied") == 2
    assert "1 config" in done.stdout


def test_without_a_home_nothing_is_kept_anywhere(anybodys: Path) -> None:
    anybodys.chmod(0o777)
    for number in range(20):
        write(anybodys / f"{number}.yaml", HEAD)
    for home in ("", "relative", "/nonexistent", "/dev/null"):
        done = as_nobody(anybodys, ".", HOME=home, XDG_CACHE_HOME=home)
        assert (done.returncode, done.stderr) == (0, ""), home
    assert sorted(path.name for path in anybodys.iterdir() if path.suffix != ".yaml") == []


def test_a_cache_that_cannot_be_written_is_no_error(anybodys: Path) -> None:
    (anybodys / "cache").mkdir(mode=0o555)
    for number in range(20):
        write(anybodys / f"{number}.yaml", BAD)
    done = as_nobody(anybodys, ".", XDG_CACHE_HOME=str(anybodys / "cache"))
    assert (done.returncode, done.stderr) == (1, "")
    assert list((anybodys / "cache").iterdir()) == []


def test_a_disk_that_cannot_be_written_is_told_in_one_line(anybodys: Path) -> None:
    text = HEAD + "visual_inputs: true\n"
    write(anybodys / "c.yaml", text).chmod(0o444)  # to its owner as well, where that is no root
    anybodys.chmod(0o555)
    plain = as_nobody(anybodys, "c.yaml", XDG_CACHE_HOME=str(anybodys))
    assert (plain.returncode, plain.stderr) == (1, "")
    fixed = as_nobody(anybodys, "--fix", "c.yaml")
    assert (fixed.returncode, fixed.stderr) == (2, "")
    assert "is read-only\n" in fixed.stdout
    kept = as_nobody(anybodys, "--output-file", "report.txt", "c.yaml")
    assert (kept.returncode, kept.stdout) == (2, "")
    assert kept.stderr == "ftlint: report.txt: Permission denied\n"
    assert (anybodys / "c.yaml").read_text("utf-8") == text
    assert [path.name for path in anybodys.iterdir()] == ["c.yaml"]


def test_nothing_opens_a_socket(tmp_path: Path) -> None:
    """Not for hub names, addresses or a proxy: no rule has anybody to ask."""
    blocked = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event.startswith(('socket.', 'urllib.', 'http.', 'ftplib.', 'subprocess.')):\n"
        "        import os; os.write(2, event.encode()); os._exit(9)\n"
        "sys.addaudithook(hook)\n"
        "from ftlint.__main__ import main\nmain()\n"
    )
    text = TRAINS + "dataset: d\ndataset_dir: ONLINE\nreport_to: wandb\npush_to_hub: true\n"
    write(tmp_path / "c.yaml", text)
    write(tmp_path / "e.yaml", text.replace("ONLINE", "REMOTE:org/data"))
    write(tmp_path / "data" / "dataset_info.json", '{"d": {"hf_hub_url": "a/b"}}')
    write(tmp_path / "f.yaml", text.replace("ONLINE", "data"))
    for arguments in (["."], ["--fix", "."], ["steps", "f.yaml"], ["schema"], ["rule", "FT101"]):
        done = subprocess.run(
            [sys.executable, "-c", blocked, *arguments], cwd=tmp_path, env=environment(),
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode in (0, 1, 2), (arguments, done.stderr)
    check = blocked.replace("from ftlint", "import socket; socket.socket()\nfrom ftlint")
    online = subprocess.run([sys.executable, "-c", check], env=environment(), check=False,
                            capture_output=True, cwd=ROOT)  # fmt: skip
    assert online.returncode == 9

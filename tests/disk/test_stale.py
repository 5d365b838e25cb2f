"""A kept result is not used again once anything that it rests on has changed, come or gone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ftlint.facts.launch import Launch
from ftlint.project.options import OptionsResolver
from ftlint.project.request import CliOptions
from ftlint.run import cache
from ftlint.run.session import run
from tests.cli.calls import HEAD, environment, write
from tests.moments import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.project.options import Options
    from ftlint.support.disk import State

TABLES = Path(__file__).parents[1] / "datasets" / "tables"
OLD = 1_000_000_000
ROWS = json.dumps([{"instruction": "i", "input": "", "output": "o"}] * 40)
TRAINS = HEAD + "do_train: true\noutput_dir: o\nmax_steps: 200\n"
INFO = {
    "rows": {"file_name": "rows.json"},
    "lines": {"file_name": "lines.jsonl"},
    "comma": {"file_name": "comma.csv", "columns": {"prompt": "p", "response": "r"}},
    "text": {"file_name": "text.txt", "columns": {"prompt": "text"}},
    "folder": {"file_name": "folder"},
    "parquet": {"file_name": "alpaca-2.6-snappy.parquet"},
    "arrow": {"file_name": "alpaca-stream-plain.arrow"},
    "gone": {"file_name": "gone.json"},
}
CONFIGS = {
    **{name: f"dataset: {name}\ndataset_dir: data\n" for name in INFO},
    "undefined": "dataset: nowhere\ndataset_dir: data\n",
    "tables": "dataset: d\ndataset_dir: absent\n",
    "deepspeed": "deepspeed: ds.json\n",
    "fsdp": "fsdp_config: absent.json\n",
    "special": "new_special_tokens_config: tokens.yaml\n",
    "adapter": "adapter_name_or_path: saves/first/lora\nfinetuning_type: lora\n",
    "tokenized": "tokenized_path: tokenized\ndataset: rows\ndataset_dir: data\n",
    "resumed": "resume_from_checkpoint: o/checkpoint-5\n",
    "timed": "dataset: rows\ndataset_dir: data\n# ftlint: budget=1h\n",
}
REST_ON = {
    "rows": "data/rows.json", "lines": "data/lines.jsonl", "comma": "data/comma.csv",
    "text": "data/text.txt", "folder": "data/folder/b.json", "gone": "data/gone.json",
    "parquet": "data/alpaca-2.6-snappy.parquet", "arrow": "data/alpaca-stream-plain.arrow",
    "undefined": "data/dataset_info.json", "tables": "absent/dataset_info.json",
    "deepspeed": "ds.json", "fsdp": "absent.json", "special": "tokens.yaml",
    "adapter": "sibling.yaml", "tokenized": "tokenized/train/data-0.arrow",
    "resumed": "o/checkpoint-5", "timed": "calibration/a.json",
}  # fmt: skip
"""What of its surroundings each of them is there for."""
LISTED = {"gone": "data", "folder": "data/folder", "tokenized": "tokenized/train", "resumed": "o",
          "adapter": "", "timed": "calibration"}  # fmt: skip
"""Folders of which the names count."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give configs that rest on every kind of file, none of it touched for long."""
    folder = tmp_path / "project"
    for name, text in CONFIGS.items():
        write(folder / f"{name}.yaml", TRAINS + text)
    data = folder / "data"
    write(data / "dataset_info.json", json.dumps(INFO))
    write(data / "rows.json", ROWS)
    write(data / "lines.jsonl", '{"instruction": "i", "output": "o"}\n' * 9)
    write(data / "comma.csv", "p,r\n" + "a,b\n" * 9)
    write(data / "text.txt", "line\n" * 9)
    for name in ("folder/a.json", "folder/b.json"):
        write(data / name, ROWS)
    for table in ("alpaca-2.6-snappy.parquet", "alpaca-stream-plain.arrow"):
        shutil.copy(TABLES / table, data)
    write(folder / "ds.json", '{"zero_optimization": {"stage": 2}}')
    write(folder / "sibling.yaml", TRAINS.replace("output_dir: o", "output_dir: saves/first/lora"))
    (folder / "tokenized" / "train").mkdir(parents=True)
    shutil.copy(TABLES / "alpaca-stream-plain.arrow", folder / "tokenized/train/data-0.arrow")
    (folder / "o" / "checkpoint-5").mkdir(parents=True)
    write(folder / "calibration" / "a.json", "{}")
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (OLD, OLD))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(folder / "calibration"))
    monkeypatch.chdir(folder)
    return folder


ASKED = CliOptions((".",), isolated=True, launch=Launch(gpus=1), here=True)


def verdict(asked: CliOptions = ASKED) -> list[tuple[str, list[object]]]:
    report, _ = run(asked, lambda most: b"", lambda done, total: None)
    return [(one.source.path, list(one.diagnostics)) for one in report.results]


def options() -> Options:
    return OptionsResolver(ASKED).of(str(Path.cwd()))[0]


def is_kept(name: str, options: Options) -> bool:
    return cache.ResultCache(cache.store(), options).get(f"{name}.yaml") is not None


def touched(name: str, options: Options) -> dict[str, State | None]:
    return cache.ResultCache(cache.store(), options).touched(f"{name}.yaml")


@contextmanager
def gone(path: Path) -> Iterator[None]:
    """Take what is there away for a while."""
    before, aside = path.parent.stat(), path.with_name("aside")
    path.rename(aside)
    yield
    aside.rename(path)
    os.utime(path.parent, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextmanager
def there(path: Path) -> Iterator[None]:
    """Put an old file there for a while, and the folders that it needs."""
    above = [one for one in path.parents if not one.exists()]
    parent = above[-1].parent if above else path.parent
    before = parent.stat()
    os.utime(write(path, "{}"), (OLD, OLD))
    yield
    path.unlink()
    for folder in above:
        folder.rmdir()
    os.utime(parent, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextmanager
def other(path: Path) -> Iterator[None]:
    """Let a file have one more byte for a while."""
    before, content = path.stat(), path.read_bytes()
    path.write_bytes(content + b" ")
    os.utime(path, (OLD, OLD))
    yield
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextmanager
def later(path: Path) -> Iterator[None]:
    """Let a file have other content of the same size for a while."""
    before = path.stat()
    os.utime(path, (OLD + 1, OLD + 1))
    yield
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_every_config_rests_on_what_it_is_here_for(project: Path) -> None:
    verdict()
    asked = options()
    for name, path in REST_ON.items():
        assert is_kept(name, asked), name
        paths = {str(project / one) for one in touched(name, asked)}
        assert str(project / path) in paths, (name, sorted(paths))


def test_whatever_was_touched_makes_a_result_stale(project: Path) -> None:
    verdict()
    asked, seen = options(), set()
    for name in CONFIGS:
        states = touched(name, asked)
        listed = {project / one for one, state in states.items() if state and state[1]}
        for one, state in states.items():
            path = project / one
            own = path in (project, project / f"{name}.yaml")
            if own or not path.is_relative_to(project):
                continue
            changes = [there] if state is None else [gone]
            changes += [other, later] if path.is_file() else []
            for change in changes:
                with change(path):
                    assert not is_kept(name, asked), (name, one, change.__name__)
                assert is_kept(name, asked), f"{name}: {change.__name__} of {one} was not undone"
                seen.add(change)
            if path.is_dir() and state is not None:
                with there(path / "new"):
                    assert is_kept(name, asked) == (path not in listed), (name, one)
    assert seen == {there, gone, other, later}


def test_what_comes_into_a_folder_that_was_listed_makes_a_result_stale(project: Path) -> None:
    verdict()
    asked = options()
    for name, folder in LISTED.items():
        with there(project / folder / "new.json"):
            assert not is_kept(name, asked), name
        assert is_kept(name, asked), name


OPENED = """
import os, sys
from ftlint.engine import lint_bytes
from ftlint.facts.launch import Launch
from ftlint.project.options import OptionsResolver
from ftlint.project.request import CliOptions
from ftlint.support.disk import Disk
here = os.getcwd()
asked = CliOptions((".",), isolated=True, launch=Launch(gpus=1), here=True)
options = OptionsResolver(asked).of(here)[0]
opened = set()
def hook(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        opened.add(os.path.abspath(arguments[0]))
sys.addaudithook(hook)
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        data = file.read()
    opened.clear()
    disk = Disk(options.given.reach)
    lint_bytes(name, data, options, disk)
    known = set(map(os.path.abspath, disk.touched()))
    below = {one for one in opened if one.startswith(here + os.sep) or one == here}
    print(name, len(below), *sorted(below - known))
"""


def test_nothing_is_opened_that_was_not_told_of(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENED, *(f"{name}.yaml" for name in CONFIGS)], cwd=project,
        env=environment(), capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    told = [line.split() for line in done.stdout.splitlines()]
    assert len(told) == len(CONFIGS)
    assert [one for one in told if one[2:]] == []
    assert sum(int(count) for _, count, *_ in told) > 2 * len(CONFIGS)


POLICY = {
    "code": "ACME001", "name": "so-many-epochs", "summary": "s", "severity": "error",
    "at": "num_train_epochs", "message": "said", "why": "w",
    "bad": "num_train_epochs: 1\n", "good": "num_train_epochs: 2\n",
}  # fmt: skip


def of_kind(kind: str, number: int) -> dict[str, str]:
    """Return settings, and the file that they name, in one of two wordings."""
    if kind == "settings":
        return {"ftlint.toml": f'ignore = ["FT{number}"]\n'}
    if kind == "policies":
        rule = {**POLICY, "when": {"config": {"num_train_epochs": {"const": number}}}}
        return {"ftlint.toml": 'policies = ["team.json"]\n', "team.json": json.dumps(rule)}
    span = {"epochs": [number, 9]}
    table = {"stages": {"sft": {"sizes": [span], "methods": {"lora": span}}}}
    return {"ftlint.toml": 'bands = "bands.json"\n', "bands.json": json.dumps(table)}


@pytest.mark.parametrize("kind", ["settings", "policies", "bands"])
def test_settings_and_what_they_name_count_at_once(project: Path, kind: str) -> None:
    """They make the options, under which a result is kept."""
    tail = "num_train_epochs: 5\n# ftlint: dataset-size=3000\n"
    for name, text in CONFIGS.items():
        write(project / f"{name}.yaml", TRAINS.replace("max_steps: 200\n", "") + text + tail)
    asked = ASKED._replace(isolated=False)
    said = []
    for number in (5, 8):
        for name, text in of_kind(kind, number).items():
            write(project / name, text)
        said.append(verdict(asked))
        assert verdict(asked) == said[-1] == verdict(asked._replace(cache=False))
    assert said[0] != said[1]

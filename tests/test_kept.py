"""Kept results are those that linting again would give, or they are not used."""

from __future__ import annotations

import json
import os
import random
import time
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from ftlint.datasets import sizes
from ftlint.datasets.cache import _digest
from ftlint.facts.launch import Launch
from ftlint.project.request import CliOptions
from ftlint.report import FORMATS, reporter
from ftlint.run.session import run
from ftlint.support.disk import Disk, ReadFailure
from tests.bench.mutations import mutated
from tests.cli.calls import HEAD, invoke, process, write
from tests.searches import tries

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

TRAINS = HEAD + "do_train: true\noutput_dir: o\ndataset: d\ndataset_dir: data\nmax_steps: 200\n"
FILES = 20
OLD = 1_000_000_000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project of a few configs over one dataset, none of it touched for long."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    for number in range(FILES):
        write(folder / f"c{number:02}.yaml", TRAINS + (f"foo{number}: 1\n" if number % 3 else ""))
    write(folder / "data" / "dataset_info.json", '{"d": {"file_name": "d.json"}}')
    rows(folder, 40)
    for path in (*folder.iterdir(), folder):  # a config rests on those beside it
        os.utime(path, (OLD, OLD))
    monkeypatch.chdir(folder)
    return folder


def rows(folder: Path, count: int) -> None:
    data = [{"instruction": "i", "input": "", "output": "o"}] * count
    path = write(folder / "data" / "d.json", json.dumps(data))
    for one in (path, path.parent, path.parent / "dataset_info.json"):
        os.utime(one, (OLD + count, OLD + count))


def verdict(**asked: object) -> list[tuple[str, list[object]]]:
    request = CliOptions((".",), isolated=True, **asked)  # type: ignore[arg-type]
    report, _ = run(request, lambda most: b"", lambda done, total: None)
    return [(one.source.path, list(one.diagnostics)) for one in report.results]


def entries(project: Path) -> dict[str, object]:
    (store,) = (project.parent / "cache" / "ftlint" / "results").iterdir()
    return json.loads(store.read_text()[8:])[2]  # type: ignore[no-any-return]


def seal(store: Path, content: object) -> None:
    """Write a store with the checksum of its content."""
    text = json.dumps(content, separators=(",", ":"))
    store.write_text(f"{crc32(text.encode()):08x}{text}")


def broken(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let linting fail, so that only kept results can be told."""
    monkeypatch.setattr("ftlint.engine.lint_bytes", None)


def test_a_second_run_lints_nothing_and_says_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = verdict()
    assert len(entries(project)) == FILES
    assert any(found for _, found in first)
    broken(project, monkeypatch)
    assert verdict() == first


def test_a_dataset_that_grows_changes_the_verdict(project: Path) -> None:
    first = verdict(launch=Launch(gpus=1))
    assert verdict(launch=Launch(gpus=1)) == first
    rows(project, 4000)
    second = verdict(launch=Launch(gpus=1))
    assert second != first
    assert second == verdict(launch=Launch(gpus=1), cache=False)


@pytest.mark.parametrize("change", ["definition", "file gone", "new folder", "content"])
def test_whatever_a_verdict_rests_on_is_looked_at(project: Path, change: str) -> None:
    first = verdict()
    if change == "definition":
        write(project / "data" / "dataset_info.json", '{"e": {"file_name": "d.json"}}')
    elif change == "file gone":
        (project / "data" / "d.json").unlink()
    elif change == "new folder":
        (project / "data").rename(project / "elsewhere")
    else:
        write(project / "c00.yaml", TRAINS + "bar: 1\n")
    second = verdict()
    assert second == verdict(cache=False)
    assert second != first


def test_other_options_have_other_results(project: Path) -> None:
    assert verdict() != verdict(ignore=("FT101",))
    assert verdict(ignore=("FT101",)) == verdict(ignore=("FT101",), cache=False)
    assert verdict(target="0.9.3") == verdict(target="0.9.3", cache=False)


def test_what_changed_just_now_is_not_relied_on(project: Path) -> None:
    now = time.time()
    os.utime(project / "data" / "d.json", (now, now))
    verdict()
    store = project.parent / "cache" / "ftlint" / "results"
    assert not store.exists() or entries(project) == {}


@pytest.mark.parametrize("damage", ["", "{", "8bb70d3b", "223b0cbd{}", "00000000[]"])
def test_a_damaged_store_is_as_if_there_were_none(project: Path, damage: str) -> None:
    first = verdict()
    (store,) = (project.parent / "cache" / "ftlint" / "results").iterdir()
    store.write_text(damage)
    assert verdict() == first
    assert {f"c{number:02}.yaml" for number in range(FILES)} <= entries(project).keys()


def test_without_cache_nothing_is_read_or_kept(project: Path) -> None:
    verdict(cache=False)
    assert not (project.parent / "cache").exists()


def test_a_file_that_was_not_touched_is_not_opened(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.2)  # until a further change of an inode would be told by its time
    verdict()
    verdict()
    opened = []
    read = Disk.read

    def noted(disk: Disk, path: str, limit: int) -> bytes | ReadFailure:
        if path.endswith(".yaml"):
            opened.append(path)
        return read(disk, path, limit)

    monkeypatch.setattr(Disk, "read", noted)
    report, _ = run(CliOptions((".",), isolated=True), bytes, lambda done, total: None)
    kept = list(reporter("text")(report, False))
    assert opened == []
    assert '"code"' in "\n".join(reporter("json")(report, False))
    assert len(opened) == FILES
    report, _ = run(CliOptions((".",), isolated=True, cache=False), bytes, lambda *_: None)
    assert kept == list(reporter("text")(report, False))


def test_content_of_the_same_size_and_time_is_seen(project: Path) -> None:
    time.sleep(0.2)
    first = verdict()
    path = project / "c01.yaml"
    path.write_text(path.read_text().replace("foo1: 1", "# oo: 1"))
    os.utime(path, (OLD, OLD))
    second = verdict()
    assert second == verdict(cache=False)
    assert second != first


def test_a_file_that_was_touched_in_vain_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.2)
    first = verdict()
    path = project / "c01.yaml"
    text = path.read_text()
    path.write_text("")
    path.write_text(text)
    os.utime(path, (OLD, OLD))
    broken(project, monkeypatch)
    assert verdict() == first


@pytest.mark.search
def test_a_store_that_is_damaged_inside_is_passed_over(project: Path) -> None:
    """Whatever byte of the store changed: no crash, and what is told has been found."""
    honest = verdict()
    (store,) = (project.parent / "cache" / "ftlint" / "results").iterdir()
    whole, draw = store.read_bytes(), random.Random(1)
    for _ in range(tries(10)):
        damaged, place = bytearray(whole), draw.randrange(len(whole))
        if draw.random() < 0.3:
            del damaged[place:]
        else:
            damaged[place] ^= draw.randrange(1, 256)
        store.write_bytes(damaged)
        assert verdict() == honest, place


@pytest.mark.search
def test_a_store_that_is_forged_is_read_into_records_or_passed_over(project: Path) -> None:
    """With a checksum that is right: whatever stands there, no report ends on it or lets it out."""
    verdict()
    (store,) = (project.parent / "cache" / "ftlint" / "results").iterdir()
    draw = random.Random(1)
    key, *content = json.loads(store.read_text()[8:])
    for _ in range(tries(10)):
        forged = mutated({"content": content}, draw).get("content")
        seal(store, [key, *forged] if isinstance(forged, list) else [key, forged])
        report, _ = run(CliOptions((".",), isolated=True), lambda most: b"", lambda *_: None)
        for name in FORMATS:
            for colour in (False, True) if name == "text" else (False,):
                lines = list(reporter(name)(report, colour))
                assert name != "text" or colour or all(map(str.isprintable, lines))


@pytest.mark.parametrize(
    ("way", "forged"),
    [
        ((), []),
        ((0,), "0"),
        ((2,), [1 << 40]),
        ((2,), [-1]),
        ((2,), {}),
        ((3,), "rm -rf"),
        ((4, 0), "FT101"),
        ((4, 0, 2), "fatal"),
        ((4, 0, 5), -1),
        ((4, 0, 6), 10**400),
        ((4, 0, 7), []),
        ((4, 0, 7), ["always", "", [], []]),
        ((4, 0, 8), [[0, 1]]),
        ((5,), [[1], []]),
        ((6, 0), "\x1b[2J"),
    ],
)
def test_what_has_not_the_form_of_a_result_is_judged_again(
    project: Path, way: tuple[int, ...], forged: object
) -> None:
    honest = verdict()
    (store,) = (project.parent / "cache" / "ftlint" / "results").iterdir()
    key, states, kept = json.loads(store.read_text()[8:])
    holder: Any = kept
    last: Any = "c01.yaml"
    for name in way:
        holder, last = holder[last], name
    assert holder[last] != forged
    holder[last] = forged
    seal(store, [key, states, kept])
    assert verdict() == honest


@pytest.mark.search
def test_a_count_that_is_damaged_is_counted_again(project: Path) -> None:
    row = {"instruction": "i" * 200, "input": "", "output": "o"}
    data = write(project / "data" / "d.json", json.dumps([row] * 6000))
    os.utime(data, (OLD, OLD))
    honest = process("steps", "c00.yaml", folder=project)
    assert "6,000" in honest.out
    kept = list((project.parent / "cache" / "ftlint" / "counts").iterdir())
    assert kept
    # By what they say: their names rest on the folder of the test, and so would what is drawn.
    kept.sort(key=lambda path: json.dumps(json.loads(path.read_text())[1]))
    draw = random.Random(1)
    told = set()
    for turn in range(tries(10)):
        before = {path: path.read_text() for path in kept}
        for path, text in before.items():
            damaged = json.loads(text)
            damaged[1] = mutated({"answer": damaged[1]}, draw).get("answer")
            if forged := bool(turn % 2):  # by one who knows the digest: another count, at worst
                damaged[2] = _digest(damaged[0], damaged[1])
            path.write_text(json.dumps(damaged))
        sizes._sizes.clear()  # as in a process that has counted nothing
        done = invoke("steps", "c00.yaml")
        assert done.err == ""
        assert done.status in ((0, 1, 2) if forged else (0,))
        assert forged or done.out == honest.out
        assert "\n::" not in done.out
        assert "\x1b" not in done.out
        told.add(done.out)
        for path, text in before.items():
            path.write_text(text)
    assert len(told) > 1, "no forged count was read: the test shows nothing"


def test_what_was_not_judged_is_kept_as_well(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "data" / "dataset_info.json").unlink()
    os.utime(project / "data", (OLD, OLD))

    def unjudged(*, cache: bool) -> list[object]:
        request = CliOptions((".",), isolated=True, cache=cache)
        report, _ = run(request, lambda most: b"", lambda done, total: None)
        return list(report.unjudged)

    first = unjudged(cache=True)
    assert len(first) == FILES
    broken(project, monkeypatch)
    assert unjudged(cache=True) == first

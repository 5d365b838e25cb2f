"""Many files: named by a list, shared out in parts, told one by one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ftlint.project.request import CliOptions
from ftlint.run import session
from tests.cli.calls import BAD, HEAD, environment, invoke, write
from tests.cli.calls import process as in_process
from tests.streams import Done

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paths(*arguments: str | Path, stdin: str = "") -> list[str]:
    done = invoke("check", "--output-format", "jsonl", *arguments, stdin=stdin)
    assert done.status in (0, 1), done.err
    return [json.loads(line)["path"] for line in done.out.splitlines()]


def test_files_are_named_by_a_list(folder: Path) -> None:
    for name in ("a.yaml", "b c.yaml", "d/e.yaml"):
        write(folder / name)
    write(folder / "list", "a.yaml\n\nb c.yaml\r\n")
    assert paths("--files-from", "list") == ["a.yaml", "b c.yaml"]
    assert paths("--files-from", "list", "d") == ["d/e.yaml", "a.yaml", "b c.yaml"]
    assert paths("--files-from", "-", stdin="a.yaml\0d\0") == ["a.yaml", "d/e.yaml"]
    assert paths("--files-from", "-") == []
    missing = invoke("check", "--files-from", "none")
    assert (missing.status, missing.err) == (2, "ftlint: none: No such file or directory\n")
    assert invoke("check", "-", "--files-from", "-").status == 2


def test_each_file_is_in_one_part(folder: Path) -> None:
    for number in range(40):
        write(folder / f"c{number}.yaml")
    parts = [paths("--shard", f"{part}/3") for part in (1, 2, 3)]
    assert sorted(path for part in parts for path in part) == sorted(paths())
    assert min(map(len, parts)) > 4
    kept = paths("--shard", "2/3")
    write(folder / "another.yaml", HEAD)  # no file moves because another one came
    assert paths("--shard", "2/3") == kept
    for wrong in ("0/3", "4/3", "1", "a/b", "1/0"):
        assert invoke("check", "--shard", wrong).status == 2


def test_findings_are_told_part_by_part_as_they_are_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        write(folder / f"c{number}.yaml", BAD if number % 2 else HEAD)
    write(folder / "run.sh", "llamafactory-cli train c0.yaml foo=1\n")
    at_once = invoke("check", "--output-format", "jsonl")
    monkeypatch.setattr(session, "PART", 2)
    parts = list(session.stream(CliOptions((".",)), bytes, lambda done, total: None))
    assert len(parts) == 5
    by_parts = invoke("check", "--output-format", "jsonl")
    assert told(by_parts.out) == told(at_once.out)
    assert by_parts.status == at_once.status == 1
    assert [status for _, status in parts].count(1) > 1


def told(out: str) -> list[tuple[str, str]]:
    """Return what is said once, of a script or of the config that it starts."""
    rows = map(json.loads, out.splitlines())
    places = ((one["launch"] or {"path": one["path"]}, one) for one in rows)
    return sorted((place["path"], one["code"]) for place, one in places)


def test_the_limit_on_files_holds_for_all_parts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        write(folder / f"c{number}.yaml")
    monkeypatch.setattr(session, "PART", 2)
    done = invoke("check", "--output-format", "jsonl", "--limit", "files=5")
    codes = [json.loads(line)["code"] for line in done.out.splitlines()]
    assert codes.count("FT101") == 5
    assert codes.count("FT908") == 1


def test_memory_does_not_grow_with_the_files(folder: Path) -> None:
    """A process of its own tells its peak: four times the files, a tenth of a megabyte more."""
    for number in range(1600):
        write(folder / "c" / f"{number}.yaml", BAD + f"seed: {number}\n")
    script = (
        "import resource, sys\n"
        "from ftlint.run import session\n"
        "from ftlint.__main__ import run\n"
        "session.PART = 100\n"
        "rest = ['--output-format', 'jsonl', '--files-from', sys.argv[1]]\n"
        "try: run(['check', '--isolated', *rest])\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    peaks = []
    for count in (400, 1600):
        write(folder / "list", "".join(f"c/{number}.yaml\n" for number in range(count)))
        done = _python(script, "list", folder=folder)
        assert done.out.count("\n") == count
        peaks.append(int(done.err.split()[-1]))
    assert peaks[1] - peaks[0] < 3000, peaks  # kilobytes; 1200 results kept would take 8000


def _python(script: str, *arguments: str, folder: Path) -> Done:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, env=environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_quiet_tells_findings_alone(folder: Path) -> None:
    write(folder / "a.yaml")
    loud, quiet = invoke("a.yaml"), invoke("check", "-q", "a.yaml")
    assert loud.out.startswith(quiet.out)
    assert loud.out[len(quiet.out) :].startswith("Found 1 error in 1 config")
    assert (quiet.status, quiet.err) == (1, "")
    write(folder / "a.yaml", HEAD)
    assert invoke("check", "--quiet", "a.yaml") == (0, "", "")


def test_the_exit_status_is_zero_where_that_is_asked_for(folder: Path) -> None:
    write(folder / "a.yaml")
    assert invoke("check", "--exit-zero", "a.yaml").status == 0
    assert invoke("check", "--exit-zero", "a.yaml", "--diff", "--fix").status == 0
    assert invoke("check", "--exit-zero", "none.yaml").status == 2


def test_a_hook_leaves_excluded_files_out_without_a_parser_of_options(folder: Path) -> None:
    write(folder / "a.yaml")
    write(folder / "old" / "b.yaml")
    write(folder / "ftlint.toml", 'exclude = ["old"]\n')
    done = in_process("--force-exclude", "a.yaml", "old/b.yaml", folder=folder)
    assert done.status == 1
    assert "a.yaml:4:1" in done.out
    assert "b.yaml" not in done.out

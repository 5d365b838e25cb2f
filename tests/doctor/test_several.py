"""Several runs at once, a run that is watched, and how their config is named."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.cli.calls import invoke

from .test_command import CONFIG, keep, log, state, trained
from .test_keeping import run_of

if TYPE_CHECKING:
    from pathlib import Path


def test_runs_are_compared_in_a_table_and_a_picture(tmp_path: Path) -> None:
    first = run_of(tmp_path / "first", [2.0, 1.5, 1.6, 1.7, 1.8, 1.9])
    second = run_of(tmp_path / "second", [2.0, 1.8, 1.7, 1.65, 1.63, 1.62])
    done = invoke("doctor", first, second)
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[0].split() == ["run", "steps", "epochs", "lowest", "at", "step", "last", "signs"]
    row = re.split(r" {2,}", lines[1])
    assert row[:7] == ["a", str(first), "60/60", "6.00", "1.5", "20", "1.9"]
    assert row[7].startswith("over-fitting")
    assert re.split(r" {2,}", lines[2])[:7] == [
        "b", str(second), "60/60", "6.00", "1.62", "60", "1.62"
    ]  # fmt: skip
    drawn = [line.partition("│")[2] for line in lines if "│" in line]
    assert any("a" in line for line in drawn)
    assert any("b" in line for line in drawn)
    assert f"{first}:" in lines
    assert f"{second}:" not in lines
    told = json.loads(invoke("doctor", first, second, "--output-format", "json").out)
    assert [one["path"] for one in told["runs"]] == [str(first), str(second)]
    assert told["runs"][0]["keep"]["best"] == 20


def test_a_page_holds_all_and_loads_nothing(tmp_path: Path) -> None:
    first = run_of(tmp_path / "<b>first", [2.0, 1.5, 1.6, 1.7, 1.8, 1.9])
    second = run_of(tmp_path / "second", [2.0, 1.8, 1.7, 1.65, 1.63, 1.62])
    page = invoke("doctor", first, second, "--output-format", "html").out
    assert page.count("<figure") == 3
    assert page.count('"name":"evaluation loss"') == 2
    assert "<b>first" not in page
    assert "&lt;b&gt;first" in page
    assert "over-fitting" in page
    assert "Keep checkpoint-20" in page
    assert not re.search(r'src=|href="(?!#)|url[(]', page)


def test_one_that_is_no_run_stops_it(tmp_path: Path) -> None:
    done = invoke("doctor", run_of(tmp_path / "run"), tmp_path / "none")
    assert (done.status, done.out) == (2, "")
    assert "no such folder" in done.err


def test_a_folder_of_runs_is_none(tmp_path: Path) -> None:
    """Neither a log that lies about there nor the event files of its runs are its own."""
    first, second = run_of(tmp_path / "saves" / "a" / "lora"), run_of(tmp_path / "saves" / "b")
    (tmp_path / "saves" / "train.log").write_text("OSError: No space left on device\n", "utf-8")
    done = invoke("doctor", tmp_path / "saves")
    assert (done.status, done.out) == (2, "")
    assert f"no run, but a folder of runs: name them ({first}, {second})" in done.err
    named = invoke("doctor", tmp_path / "saves", "--log", tmp_path / "saves" / "train.log")
    assert "ended-by-disk-full" in named.out


def test_the_config_is_named_by_option_or_last(tmp_path: Path) -> None:
    keep(tmp_path, state())
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG, "utf-8")
    facts = ("--isolated", "--dataset-size", "80")
    last = invoke("doctor", tmp_path, config, *facts)
    named = invoke("doctor", tmp_path, "--plan", config, *facts)
    assert "plans 80 steps on 1 GPU, but the run planned 40" in last.out
    assert named.out == last.out


def test_a_run_is_watched_to_its_end(tmp_path: Path) -> None:
    run = log(tmp_path / "run", *trained(range(2, 21, 2), 40))
    process = subprocess.Popen(
        [
            sys.executable, "-c",
            "import ftlint.cli.doctor as d; d.SECONDS = 0.05; from ftlint.__main__ import main;"
            " import sys; sys.exit(main())", "doctor", str(run), "--watch",
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "20 of 40 steps" in process.stdout.readline()
    log(run, *trained(range(2, 31, 2), 40))
    seen = ""
    while "30 of 40 steps" not in seen:
        seen = process.stdout.readline()
        assert seen, "it ended before the run did"
    time.sleep(0.2)
    assert process.poll() is None
    log(run, *trained(range(2, 41, 2), 40))
    keep(run, state())
    rest = process.communicate(timeout=60)[0]
    assert "40 of 40 steps" in rest
    assert process.returncode == 1

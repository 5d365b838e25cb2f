"""Reports: what the plots are drawn from, nothing from outside, names of files as text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.bench.made import noisy, result, step

from ftbench.calibration import store
from ftbench.cli.report import command
from ftbench.report import plots
from ftbench.report.page import page
from ftbench.report.run_view import of_results
from ftbench.report.terminal import lines, spark
from ftlint.report import svg


@pytest.fixture(autouse=True)
def nothing_calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "none"))


def run(seconds: float = 1.0, count: int = 30, **changed: Any) -> Any:
    noise = noisy(2, 0.01)
    return result([step(4.0, [(4, 2048)]), *(
        step(noise(seconds), [(4, 2048)]) for _ in range(count - 1)
    )], **changed)  # fmt: skip


def test_ticks_are_round_and_cover() -> None:
    assert svg.ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    for low, high in [(0.0, 6.3), (12.0, 12.0), (0.0, 1e-4), (3.0, 4e6)]:
        marks = svg.ticks(low, high)
        assert marks[0] <= low
        assert marks[-1] >= high
        assert len(marks) <= 8


def test_a_scale_is_linear() -> None:
    scale = svg.Scale(0, 10, 100, 200)
    assert [scale.at(value) for value in (0, 5, 10)] == [100, 150, 200]


def test_every_step_is_drawn_at_its_height() -> None:
    drawn = plots.step_times(of_results([("a.json", run(count=12))]))
    points = re.search(r'points="([^"]*)"', drawn)
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert len(heights) == 12
    assert heights[0] < min(heights[1:])  # the first step is the slowest; SVG counts downwards


def test_long_runs_are_thinned_to_their_slowest_steps() -> None:
    steps = [step(1.0, [(1, 64)]) for _ in range(5000)]
    steps[4321]["seconds"] = 9.0
    drawn = plots.step_times(of_results([("a.json", result(steps))]))
    points = re.search(r'points="([^"]*)"', drawn)
    assert points is not None
    places = [tuple(map(float, point.split(","))) for point in points[1].split()]
    assert len(places) <= plots.MOST_POINTS
    assert len([y for _, y in places if y < 0.5 * places[0][1]]) == 1


def test_nothing_is_loaded_and_nothing_runs() -> None:
    made = page(of_results([("a.json", run()), ("b.json", run(2.0))]))
    assert not re.search(r"<script|\bon[a-z]+=|@import|url\(|<link|<img|<iframe", made)
    assert re.findall(r'(?:src|href)="[^"]*"', made) == []
    assert "default-src 'none'" in made
    assert set(re.findall(r'https?://[^"\s<]*', made)) == {"http://www.w3.org/2000/svg"}


def test_text_of_a_result_is_text() -> None:
    evil = "<script>alert(1)</script>"
    shown: Any = run(flags=[evil])
    shown["config"]["path"] = evil
    shown["config"]["changes"] = [{"key": evil, "from": evil, "to": None, "why": evil}]
    made = page(of_results([(f"{evil}.json", shown)]), evil)
    assert "<script" not in made
    assert made.count("&lt;script&gt;") >= 5


def test_a_failed_run_is_shown_as_one() -> None:
    error = {"kind": "out_of_memory", "message": "no room", "remedy": "less"}
    failed = result([], error=error, phases=None, memory=None, environment=None)
    made = page(of_results([("a.json", failed)]))
    assert "out_of_memory: no room" in made
    assert "<svg" not in made
    assert "! out_of_memory: no room" in list(lines(of_results([("a.json", failed)])))


def test_terminal() -> None:
    told = list(lines(of_results([("runs/a.json", run()), ("b.json", run())])))
    assert told[0] == "── a"
    assert any(line.startswith("median step") for line in told)
    assert any("wall clock    92.00 s" in line for line in told)
    assert not any("\x1b" in line for line in told)


def test_spark_shows_the_slowest() -> None:
    assert spark([1.0, 8.0]) == "▂█"
    assert len(spark([1.0] * 500)) <= 60


def test_the_command(tmp_path: Path) -> None:
    path, out = tmp_path / "a.json", tmp_path / "page.html"
    path.write_text(json.dumps(run()), encoding="utf-8")
    done = CliRunner().invoke(command, [str(path), "-o", str(out), "--title", "Today"])
    assert (done.exit_code, done.output) == (0, "")
    assert "<title>Today</title>" in out.read_text(encoding="utf-8")
    assert "median step" in CliRunner().invoke(command, [str(path)]).stdout
    path.write_text("{}", encoding="utf-8")
    assert CliRunner().invoke(command, [str(path)]).exit_code == 2
    assert CliRunner().invoke(command, [str(path), "-o", str(tmp_path / "no" / "p")]).exit_code == 2


def test_calibrations_that_are_newer_than_a_run_are_told_of() -> None:
    """A run says nothing against what was fitted after it, and is not uncalibrated for that."""
    family = Path(__file__).parents[2] / "docs/benchmarks/raw/2026-11-28-h200-pair/lora-8b"
    made = json.loads((family / "held-1.json").read_text(encoding="utf-8"))
    older: Any = {**made, "when": "2026-11-22T12:00:00+00:00"}
    (none,) = of_results([("a.json", made)])
    assert none.predicted is None
    assert "nothing is calibrated on this machine" in (none.unpredicted or "")
    assert store.import_file(family / "calibration.jsonl") == 1
    before, after = of_results([("a.json", older), ("b.json", made)])
    assert before.predicted is None
    assert before.unpredicted == "every calibration on this machine is newer than the run"
    assert after.predicted is not None
    assert after.inside
    (unasked,) = of_results([("c.json", run())])
    assert (unasked.predicted, unasked.unpredicted) == (None, None)

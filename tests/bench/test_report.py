"""Reports: what the charts are drawn from, nothing from outside, names of files as text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.bench.made import noisy, result, step

from ftbench.analysis.summary import find_warmup
from ftbench.analysis.warmup import outliers
from ftbench.calibration import store
from ftbench.cli.report import command
from ftbench.report.page import page
from ftbench.report.run_view import of_results
from ftbench.report.terminal import lines, spark


@pytest.fixture(autouse=True)
def nothing_calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "none"))


def run(seconds: float = 1.0, count: int = 30, **changed: Any) -> Any:
    noise = noisy(2, 0.01)
    return result([step(4.0, [(4, 2048)]), *(
        step(noise(seconds), [(4, 2048)]) for _ in range(count - 1)
    )], **changed)  # fmt: skip


def charts(made: str) -> dict[str, Any]:
    """Return the charts of a page by the title above them."""
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', made, re.S)
    assert found is not None
    titles = re.findall(r'<figure class="chart"><figcaption><b>(.*?)</b>', made)
    return dict(zip(titles, json.loads(found[1]), strict=True))


def section(made: str, name: str) -> str:
    return made.split(f'id="{name}"')[1].split("</section>")[0]


def test_every_step_is_drawn_at_its_height() -> None:
    made = run(count=12)
    drawn = charts(page(of_results([("a.json", made)])))["Step times"]
    assert drawn["x"] == list(range(1, 13))
    assert drawn["series"][0]["values"] == pytest.approx(
        [one["seconds"] for one in made["steps"]], rel=1e-5
    )
    (warm,) = drawn["spans"]
    assert warm[:2] == [0.5, find_warmup(made).steps + 0.5]


def test_steps_that_are_far_out_are_marked_and_told_of() -> None:
    made = run()
    made["steps"][20]["seconds"] = 2.5
    shown = page(of_results([("a.json", made)]))
    points = charts(shown)["Step times"]["series"][1]
    assert points["kind"] == "points"
    assert [at for at, value in enumerate(points["values"]) if value is not None] == [20]
    assert "1 of 30 steps took far longer than others of their size." in shown


def test_a_long_batch_is_not_far_out() -> None:
    noise = noisy(3, 0.01)
    work = [1000.0, 2000.0, 4000.0, 8000.0] * 10
    seconds = [noise(one / 1000) for one in work]
    assert outliers(seconds, work, 1) == []
    seconds[17] *= 2
    assert outliers(seconds, work, 1) == [17]
    assert len(outliers(seconds, None, 1)) == 0  # of unlike sizes nothing stands out
    assert outliers([1.0, 1.0], None, 1) == []


def test_a_first_step_that_towers_is_cut_off_and_told_of() -> None:
    made = run()
    made["steps"][0]["seconds"] = 60.0
    shown = page(of_results([("a.json", made)]))
    drawn = charts(shown)["Step times"]
    assert 1.0 < drawn["top"] < 2.0
    assert "1 step is higher than the chart." in shown
    assert charts(page(of_results([("a.json", run(4.0))])))["Step times"]["top"] is None


def test_batches_are_drawn_with_their_padding() -> None:
    made = result([step(1.0, [(2, 100), (2, 50)]) for _ in range(8)])
    made["steps"][0]["micro_batches"] = [[2, 100, 150, 90, 0], [2, 50, 100, 98, 0]]
    drawn = charts(page(of_results([("a.json", made)])))["Tokens and padding"]
    assert [one["values"][:2] for one in drawn["series"]] == [[90, 98], [60, 2], [50, 0]]
    assert len(drawn["x"]) == 16


def test_memory_is_drawn_step_by_step() -> None:
    made = run(count=10)
    for at, one in enumerate(made["steps"]):
        one["held"] = {"allocated": (20 + at) * 10**9, "reserved": 30 * 10**9}
    drawn = charts(page(of_results([("a.json", made)])))["Memory by step"]
    assert [one["values"] for one in drawn["series"]] == [list(range(20, 30)), [30] * 10]
    for one in made["steps"]:
        one["held"] = {"resident": 2 * 10**9}
    (host,) = charts(page(of_results([("a.json", made)])))["Memory by step"]["series"]
    assert host["values"] == [2] * 10


def test_results_of_before_have_no_memory_by_step() -> None:
    made = run(count=10)
    assert "Memory by step" not in charts(page(of_results([("a.json", made)])))
    made["steps"][3]["held"] = {}  # nor where it could not be told
    assert "Memory by step" not in charts(page(of_results([("a.json", made)])))


def test_long_runs_are_thinned_to_their_slowest_steps() -> None:
    steps = [step(1.0 + at % 7 / 100, [(1, 64)]) for at in range(20_000)]
    steps[13_210]["seconds"] = 2.0
    made = page(of_results([("a.json", result(steps))]))
    for drawn in charts(made).values():
        assert len(drawn["x"]) <= 3100
    times = charts(made)["Step times"]
    assert max(times["series"][0]["values"]) == 2.0
    assert times["x"][times["series"][0]["values"].index(2.0)] == 13_211
    assert len(made) < 1_000_000


def test_clocks_and_what_held_them_down() -> None:
    samples = [[at / 3, 1980.0, 500.0, 50.0, 0.0] for at in range(300)]
    for at in range(100, 130):
        samples[at][4] = float(0x20)
    for at in (200, 202, 204):
        samples[at][4] = float(0x4)
    made = page(of_results([("a.json", run(device={"samples": samples, "other_processes": 0}))]))
    clock = charts(made)["SM clock"]
    assert [one[2] for one in clock["spans"]] == ["soft", "bad"]
    assert clock["spans"][1][:2] == pytest.approx([99 / 3, 129 / 3], rel=1e-5)
    assert "slowed: heat, 10% of the time" in made
    assert "power cap (normal under load), 1% of the time" in made
    assert {"Power", "Temperature"} < set(charts(made))


def test_memory_by_phase_with_its_forecast() -> None:
    memory = {
        "peak_allocated": 31_000_000_000, "peak_reserved": 35_000_000_000, "allocator_retries": 0,
        "out_of_memory": 0, "ranks": [], "phases": {
            "training": {"peak_allocated": 31_000_000_000, "peak_reserved": 35_000_000_000},
            "evaluation": {"peak_allocated": 20_000_000_000, "peak_reserved": 21_000_000_000}},
    }  # fmt: skip
    plan = {"memory": {"training": {"allocated": 30_000_000_000}, "evaluation": None}}
    made = page(of_results([("a.json", run(memory=memory, plan=plan))]))
    assert "while training" in made
    assert "20.0 GB, 21.0 GB reserved" in made
    assert "forecast of what is allocated: 30.0 GB" in made
    assert "-3.2%" in section(made, "run-1")
    whole = page(of_results([("a.json", run())]))
    assert "Peaks of the whole run." in whole


def test_the_wall_clock_adds_up() -> None:
    made = page(of_results([("a.json", run())]))
    shares = re.findall(r"<b>[\d.]+ (?:s|min), (\d+)%</b>", made)
    assert 97 <= sum(map(int, shares)) <= 103


def test_what_would_be_faster_is_what_was_measured() -> None:
    padded = [step(1.0, [(4, 2048)]) for _ in range(30)]
    for one in padded:
        one["micro_batches"][0][2] = 4096
        one["data"] = 0.2
    made = page(of_results([("a.json", result(padded))]))
    assert "50% of the positions computed are padding: <code>packing: true</code>" in made
    assert "the GPU waits for data 20% of the time" in made
    assert "<code>disable_gradient_checkpointing: true</code>" in made  # 35 of 85 GB
    both = page(of_results([(f"{name}.json", result(padded)) for name in "ab"]))
    assert "a (and 1 other run): 50% of the positions" in section(both, "overview")
    scheduled = result(padded, schedule=[{"rows": 4, "length": 2048, "steps": 30}])
    assert "of the positions computed" not in page(of_results([("a.json", scheduled)]))
    full: Any = result([step(1.0, [(4, 2048)]) for _ in range(30)])
    full["memory"]["peak_reserved"] = 80_000_000_000
    assert "nothing that was measured points to it" in page(of_results([("a.json", full)]))


def test_two_runs_lie_side_by_side() -> None:
    made = page(of_results([("a.json", run()), ("b.json", run(1.2))]))
    pair = section(made, "pair")
    assert "From a to b a step on the same batch takes +20.0%" in pair
    assert "interval +" in pair
    assert set(charts(made)) > {"Steps that took no longer"}
    three = page(of_results([(f"{name}.json", run()) for name in "abc"]))
    assert 'id="pair"' not in three
    assert three.count("<details><summary><h2>") == 3


def test_files_are_named_as_short_as_tells_them_apart() -> None:
    paths = ["raw/day/lora/held-1.json", "raw/day/full/held-1.json"]
    assert [one.name for one in of_results([(path, run()) for path in paths])] == [
        "lora/held-1", "full/held-1"
    ]  # fmt: skip
    assert [one.name for one in of_results([("a/x.json", run()), ("b/y.json", run())])] == [
        "x",
        "y",
    ]
    twice = of_results([("a.json", run()), ("a.json", run())])
    assert [one.name for one in twice] == ["a.json", "a.json"]


def test_nothing_is_loaded_and_nothing_foreign_runs() -> None:
    made = page(of_results([("a.json", run()), ("b.json", run(2.0))]))
    assert not re.search(r"@import|url\(|<link|<img|<iframe", made)
    assert not re.search(r"<[^>]*\s(?:src|on[a-z]+)=", made.split("<script")[0])
    assert {one[:1] for one in re.findall(r'href="([^"]*)"', made)} == {"#"}
    assert "default-src 'none'" in made
    policy = re.search(r'content="(default-src[^"]*)"', made)
    assert policy is not None
    assert "script-src 'sha256-" in policy[1]
    assert policy[1].count("sha256-") == len(re.findall("<script>", made)) == 2
    assert "Copyright (c) 2022 Leon Sorokin" in made


HOSTILE = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--<script>", "]]>",
    '"><img src=x onerror=alert(1)>', "`<b>`", "' onmouseover='alert(1)", "&lt;b&gt;", "\u2028",
    "</style><script>alert(1)</script>", "javascript:alert(1)", "\x1b[31m", "\u202egpj",
)  # fmt: skip


@pytest.mark.parametrize("evil", HOSTILE)
def test_text_of_a_result_is_text(evil: str) -> None:
    shown: Any = run(flags=[evil], plan={"memory": None})
    shown["config"]["path"] = evil
    shown["config"]["changes"] = [{"key": evil, "from": evil, "to": None, "why": evil}]
    shown["config"]["values"] = {evil: evil}
    shown["environment"]["gpu"] = {**shown["environment"]["gpu"], "name": evil}
    shown["environment"]["env"] = {evil: evil}
    shown["memory"]["phases"] = {evil: {"peak_allocated": 1, "peak_reserved": 2}}
    clean = page(of_results([("x.json", run(plan={"memory": None})), ("y.json", run())]), "x")
    made = page(of_results([(f"{evil}.json", shown), ("y.json", run())]), evil)
    tags = re.compile(r"<(?:script|img|style|b onerror|!--)")
    assert len(tags.findall(made)) == len(tags.findall(clean))
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert charts(made)["Step times"]["series"]


def test_a_failed_run_is_shown_as_one() -> None:
    error = {"kind": "out_of_memory", "message": "no room", "remedy": "less"}
    failed = result([], error=error, phases=None, memory=None, environment=None)
    made = page(of_results([("a.json", failed)]))
    assert "out_of_memory: no room" in made
    assert "try: less" in made
    assert "<figure" not in made
    assert "<script>" not in made
    assert "script-src 'none'" in made
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

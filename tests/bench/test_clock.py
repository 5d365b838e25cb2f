"""ftlint with a calibration: time in `ftlint steps`, the budget, FT801; and nothing without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.bench.kept import CONFIG, record
from tests.bench.made import H100

from ftbench.calibration import store
from ftlint.facts.budget import format_duration, parse_budget

ROOT = Path(__file__).parents[2]


@pytest.fixture
def calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config that was calibrated; returns it."""
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "kept"))
    store.add(record(tmp_path))
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def call(
    folder: Path, *arguments: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    if text is not None:
        (folder / "config.yaml").write_text(text, encoding="utf-8")
    path = os.pathsep.join(str(ROOT / name) for name in ("lint", "schemas", "bench"))
    return subprocess.run(
        [sys.executable, "-m", "ftlint", *arguments, "config.yaml", "--isolated"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, text=True, capture_output=True,
        check=False,
    )  # fmt: skip


def plan(folder: Path, *arguments: str, text: str | None = None) -> Any:
    done = call(folder, "steps", "--output-format", "json", *arguments, text=text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


def test_time_of_a_plan(calibrated: Path) -> None:
    time = plan(calibrated)["time"]
    assert sorted(time) == ["high", "low", "seconds", "source"]
    assert time["low"] < time["seconds"] < time["high"]
    assert "calibrated 2026-11-22 on NVIDIA H100" in time["source"]
    shown = call(calibrated, "steps").stdout
    row = next(line for line in shown.splitlines() if line.startswith("time"))
    assert row.split("time")[1].strip() == (
        f"{format_duration(time['seconds'])} "
        f"({format_duration(time['low'])}–{format_duration(time['high'])})"
    )


def test_the_budget_names_the_most_steps_that_fit(calibrated: Path) -> None:
    found = plan(calibrated, "--budget", "2m")["budget"]
    assert found["fits"] is False
    within = plan(calibrated, text=CONFIG + f"max_steps: {found['max_steps']}\n")
    beyond = plan(calibrated, text=CONFIG + f"max_steps: {found['max_steps'] + 1}\n")
    assert within["time"]["high"] <= 120 < beyond["time"]["high"]
    assert plan(calibrated, "--budget", "9h")["budget"]["fits"] is True


def test_over_budget_is_a_finding(calibrated: Path) -> None:
    def found(*arguments: str, text: str | None = None) -> str:
        chosen = ("check", "--select", "FT8", "--output-format", "concise")
        return call(calibrated, *chosen, *arguments, text=text).stdout

    steps = plan(calibrated, "--budget", "2m")["budget"]["max_steps"]
    told = found("--budget", "2m")
    assert "config.yaml:12:1: warning FT801 Estimated " in told
    assert f"exceeds the 2.0 min budget: `max_steps: {steps}` fits" in told
    assert "FT801" in found(text=CONFIG.replace("gpus=1", "gpus=1, budget=2m"))
    assert "FT801" not in found("--budget", "9h")
    assert "FT801" not in found(text=CONFIG)
    assert "FT801" not in found("--budget", "2m", text=CONFIG + f"max_steps: {steps}\n")
    assert "FT801" in found("--budget", "2m", text=CONFIG + f"max_steps: {steps + 1}\n")


def test_the_card_that_is_here_answers(calibrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the newest calibration of whatever card."""
    newer = record(calibrated, "2026-11-27T10:00:00+00:00", gpu={**H100, "name": "NVIDIA A100"})
    store.add(newer)
    assert "A100" in plan(calibrated, text=CONFIG)["time"]["source"]
    tool = calibrated / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho '{H100['name']}, GPU-1, 700.0'\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    assert "H100" in plan(calibrated)["time"]["source"]


def test_a_comment_starts_no_program(calibrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = calibrated / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho >> '{calibrated}/started'\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    budget = CONFIG.replace("gpus=1", "gpus=1, budget=2m")
    assert "FT801" in call(calibrated, "check", text=budget).stdout
    assert not (calibrated / "started").exists()
    call(calibrated, "check", "--here", text=budget)
    assert (calibrated / "started").exists()


def test_why_there_is_no_time(calibrated: Path) -> None:
    other = CONFIG.replace("finetuning_type: lora", "finetuning_type: full")
    assert plan(calibrated, text=other)["time"] is None
    shown = call(calibrated, "steps", text=other).stdout
    assert "no calibration fits: method is full, calibrated was lora" in shown


def test_without_calibrations_bench_is_not_even_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of that name on the way would end the process."""
    monkeypatch.setenv("FTBENCH_CALIBRATION", str(tmp_path / "none"))
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "ftbench.py").write_text("import os\nos._exit(9)\n", encoding="utf-8")
    done = call(tmp_path, "steps", "--budget", "2m")
    assert done.returncode == 0
    assert "not calibrated" in done.stdout
    assert call(tmp_path, "check", "--budget", "2m").returncode in (0, 1)


def test_a_spoilt_calibration_costs_only_the_time(calibrated: Path) -> None:
    for path in (calibrated / "kept").glob("*/*.jsonl"):
        spoilt = json.loads(path.read_text(encoding="utf-8"))
        spoilt["prices"] = {"step": "much"}
        path.write_text(json.dumps(spoilt) + "\n", encoding="utf-8")
    done = call(calibrated, "steps")
    assert done.returncode == 0
    assert "is not a whole calibration" in done.stdout


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("90s", 90), ("1.5h", 5400), ("45min", 2700),
     ("1d", 86400), ("", None), ("30", None), ("m", None), ("0m", None), ("-5m", None),
     ("30m2h", None), ("1e3s", None), ("٣m", None), ("9" * 40 + "m", None)],
)  # fmt: skip
def test_budgets(text: str, seconds: float | None) -> None:
    assert parse_budget(text) == seconds


def test_a_bad_budget_is_wrong_usage(calibrated: Path) -> None:
    for command in ("check", "steps"):
        done = call(calibrated, command, "--budget", "soon")
        assert (done.returncode, "30m, 2h or 1h30m" in done.stderr) == (2, True)
    told = call(calibrated, "check", text=CONFIG.replace("gpus=1", "gpus=1, budget=soon")).stdout
    assert "FT903" in told


def test_times_as_people_say_them() -> None:
    said = [format_duration(seconds) for seconds in (4.2, 42, 390, 1800, 7199, 9660, 360_000)]
    assert said == ["4.2 s", "42 s", "6.5 min", "30 min", "2 h", "2 h 41 min", "100 h"]

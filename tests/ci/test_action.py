"""The GitHub Action: its file, and what its script makes of inputs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.calls import BAD, HEAD, environment, write

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def test_inputs_reach_commands_through_the_environment_alone() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert step.get("shell", "bash") == "bash"
    named = set(re.findall(r"inputs\.([\w-]+)", json.dumps(STEPS)))
    assert named == set(ACTION["inputs"])


def test_every_action_is_pinned_by_its_commit() -> None:
    texts = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    uses = [line for path in texts for line in re.findall(r"uses: (.*)", path.read_text("utf-8"))]
    assert len(uses) >= 4
    for line in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line), line


def test_no_workflow_runs_on_what_strangers_wrote_with_rights() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert "pull_request_target" not in path.read_text("utf-8")


class Job:
    """A job as GitHub lays it out: a checkout, a temporary folder, files for outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temp = folder.parent / f"{folder.name}-temp"
        program = write(self.temp / "ftlint" / "bin" / "ftlint", "")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ftlint "$@"\n', "utf-8")
        program.chmod(0o755)

    def lint(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        told = {
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_OUTPUT": str(self.temp / "output"),
        }
        return subprocess.run(
            [str(ROOT / "action" / "lint.sh")], cwd=self.folder, env=environment(**told, **inputs),
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def text(self, name: str) -> str:
        path = self.temp / name
        return path.read_text("utf-8") if path.exists() else ""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_findings_are_annotations_and_a_table(job: Job) -> None:
    write(job.folder / "configs" / "a.yaml")
    write(job.folder / "b.yaml", HEAD)
    done = job.lint()
    assert done.returncode == 1
    assert "::error file=configs/a.yaml,line=4," in done.stdout
    assert "::configs/a.yaml:4:1 FT101 Unknown key" in done.stdout
    assert "### ftlint: 1 error in 2 configs" in job.text("summary.md")
    assert "`configs/a.yaml:4:1`" in job.text("summary.md")
    assert job.text("output") == ""


def test_paths_and_options_are_words_and_never_commands(job: Job) -> None:
    write(job.folder / "my configs" / "a.yaml")
    write(job.folder / "$(touch stolen)" / "b.yaml", BAD)
    paths = "my configs\n$(touch stolen)\n"
    done = job.lint(FTLINT_PATHS=paths, FTLINT_ARGS="--ignore\nFT101\n", FTLINT_SUMMARY="false")
    assert done.returncode == 0, done.stderr
    done = job.lint(FTLINT_PATHS=paths, FTLINT_TARGET="0.9.3; touch stolen")
    assert done.returncode == 2
    assert not (job.folder / "stolen").exists()
    assert "-x" in job.lint(FTLINT_PATHS="-x").stdout


def test_settings_exclude_and_inputs_decide(job: Job) -> None:
    write(job.folder / "old" / "a.yaml")
    write(job.folder / "b.yaml", HEAD + "seed: 042\n")
    write(job.folder / "ftlint.toml", 'exclude = ["old"]\nfail-on = "error"\n')
    assert job.lint().returncode == 0
    assert job.lint(FTLINT_FAIL_ON="warning").returncode == 1


def test_sarif_is_written_where_it_is_asked_for(job: Job) -> None:
    write(job.folder / "a.yaml")
    assert job.lint(FTLINT_UPLOAD="true").returncode == 1
    (line,) = job.text("output").splitlines()
    log = json.loads(Path(line.removeprefix("sarif-file=")).read_text("utf-8"))
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == ["FT101"]

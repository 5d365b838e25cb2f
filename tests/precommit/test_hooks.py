"""The hooks as a user meets them: pre-commit and prek, a repository of configs, real commits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.precommit

ROOT = Path(__file__).resolve().parents[2]
GOOD = (ROOT / "examples" / "good" / "qlora_sft.yaml").read_text(encoding="utf-8")
OTHER = "services:\n  web:\n    image: nginx\n    learnig_rate: yes\n"


def call(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    identity = {
        **{f"GIT_{who}_{what}": "t@example.org" if what == "EMAIL" else "t"
           for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=folder, env={**environment, **identity}, capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    done = call(folder, "git", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's files as a repository of its own, tagged as a release would be."""
    folder = tmp_path_factory.mktemp("ftlint")
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(
        "\0"
    ):
        source = ROOT / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "release")
    git(folder, "tag", "v0")
    return folder


@pytest.fixture(params=["pre-commit", "prek"])
def project(request: pytest.FixtureRequest, tmp_path: Path, hooks: Path) -> Path:
    """A repository of configs that has the hooks installed."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks}\n    rev: v0\n    hooks:\n      - id: ftlint\n", "utf-8"
    )
    assert call(tmp_path, request.param, "install").returncode == 0
    return tmp_path


def commit(project: Path, **files: str) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (project / f"{name}.yaml").write_text(text, encoding="utf-8")
    git(project, "add", "--all")
    return call(project, "git", "commit", "--message", "configs")


def test_a_bad_config_is_stopped_and_the_mended_one_passes(project: Path) -> None:
    stopped = commit(project, train=GOOD.replace("learning_rate", "learnig_rate"), compose=OTHER)
    assert stopped.returncode != 0
    assert "Unknown key `learnig_rate`" in stopped.stdout + stopped.stderr
    assert "compose.yaml" not in stopped.stdout + stopped.stderr
    passed = commit(project, train=GOOD)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "train.yaml" in git(project, "ls-files")


def test_try_repo_runs_the_hook_on_every_file(hooks: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "bad.yaml").write_text(GOOD.replace("stage: sft", "stage: stf"), "utf-8")
    git(tmp_path, "add", "--all")
    done = call(tmp_path, "pre-commit", "try-repo", str(hooks), "ftlint", "--all-files")
    assert done.returncode == 1
    assert "`stage: stf`" in done.stdout


def test_the_fixing_hook_mends_the_file_and_the_second_commit_passes(
    project: Path, hooks: Path
) -> None:
    config = project / ".pre-commit-config.yaml"
    config.write_text(config.read_text("utf-8").replace("id: ftlint", "id: ftlint-fix"), "utf-8")
    bad = GOOD.replace("save_strategy: epoch", "save_strategy: no   # nothing to keep")
    assert bad != GOOD
    first = commit(project, train=bad)
    assert first.returncode != 0
    mended = (project / "train.yaml").read_text(encoding="utf-8")
    assert mended == bad.replace("save_strategy: no ", 'save_strategy: "no" ')
    second = commit(project)
    assert second.returncode == 0, second.stdout + second.stderr


def test_odd_names_and_json_are_checked_and_no_file_is_touched(hooks: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    bad = GOOD.replace("stage: sft", "stage: stf")
    files = {
        "a b.yaml": bad,
        "설정/한글.yml": bad,
        "c;d $(e).yaml": GOOD.replace("\n", "\r\n"),
        "config.json": '{"model_name_or_path": "m", "template": "qwen", "stage": "stf"}\n',
        "data.json": '[{"instruction": "stage: stf", "input": "", "output": ""}]\n',
        ".github/workflows/ci.yaml": "on: push\njobs: {a: {steps: [{run: 'stage: stf'}]}}\n",
        "chart.yaml": "metadata:\n  name: {{ .Values.name }}\n",
        "notes.txt": bad,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    git(tmp_path, "add", "--all")
    done = call(tmp_path, "pre-commit", "try-repo", str(hooks), "ftlint", "--all-files")
    assert done.returncode == 1
    found = {line.split(":")[0] for line in done.stdout.splitlines() if ": error FT" in line}
    assert found == {"a b.yaml", "설정/한글.yml", "config.json"}
    assert {name: (tmp_path / name).read_bytes().decode() for name in files} == files


def project_of_data(folder: Path) -> None:
    """Lay a config that uses a dataset, its definition and its rows, and DeepSpeed settings."""
    config = GOOD.replace("dataset: ", "deepspeed: ds/z2.json\ndataset: ", 1)
    for line in config.splitlines():
        if line.startswith("dataset: "):
            config = config.replace(line, "dataset: faq")
        elif line.startswith(("dataset_dir:", "eval_dataset:")):
            config = config.replace(line + "\n", "")
    rows = [{"instruction": f"q{n}", "input": "", "output": "a"} for n in range(400)]
    for name, text in {
        "configs/train.yaml": config,
        "data/dataset_info.json": json.dumps({"faq": {"file_name": "faq.jsonl"}}),
        "data/faq.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows),
        "ds/z2.json": json.dumps(
            {"zero_optimization": {"stage": 2}, "train_micro_batch_size_per_gpu": "auto"}
        ),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("data/dataset_info.json", '{"questions": {"file_name": "faq.jsonl"}}', "FT701"),
        ("data/faq.jsonl", '{"instruction": "q", "output"\n', "FT704"),
        ("ds/z2.json", '{"zero_optimization": {"stage": 2},', "FT477"),
    ],
    ids=["renamed", "rows", "deepspeed"],
)
def test_a_change_of_what_a_config_uses_has_the_config_judged(
    project: Path, name: str, content: str, said: str
) -> None:
    project_of_data(project)
    first = commit(project)
    assert first.returncode == 0, first.stdout + first.stderr
    good = (project / name).read_text(encoding="utf-8")
    (project / name).write_text(content, encoding="utf-8")
    stopped = commit(project)
    assert stopped.returncode != 0
    assert f"error {said}" in stopped.stdout + stopped.stderr
    (project / name).write_text(good.replace(": ", ":  ", 1), encoding="utf-8")
    passed = commit(project)
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_a_misspelt_config_is_stopped(project: Path) -> None:
    misspelt = "model_name_or_path: m\nfinetuning: lora\ndatasets: faq\ntemplte: qwen\n"
    stopped = commit(project, train=misspelt)
    assert stopped.returncode != 0
    assert "finetuning" in stopped.stdout + stopped.stderr


def test_settings_decide_what_is_judged_and_for_which_release(project: Path) -> None:
    (project / "ftlint.toml").write_text('target = "0.9.3"\nexclude = ["archive"]\n', "utf-8")
    (project / "archive").mkdir()
    (project / "archive" / "old.yaml").write_text("temperture: 1\n" + GOOD, "utf-8")
    passed = commit(project)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    stopped = commit(project, train=GOOD.replace("stage: sft", "stage: stf"))
    assert stopped.returncode != 0
    said = stopped.stdout + stopped.stderr
    assert "LLaMA Factory 0.9.3" in said
    assert "temperture" not in said
    assert said.count("Found ") == 1


def test_a_script_is_judged(project: Path) -> None:
    (project / "run.sh").write_text("llamafactory-cli train --stage sft --foo 1\n", "utf-8")
    stopped = commit(project)
    assert stopped.returncode != 0
    assert "run.sh:1" in stopped.stdout + stopped.stderr

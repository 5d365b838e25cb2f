"""The Python API: its page runs, and it says what the commands say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import ftlint
from ftlint import Config, NoPlan, Unreadable, UsageError, fix, lint, load, plan
from ftlint.cli.commands import cli
from ftlint.facts.run_plan import as_object
from ftlint.project.options import OptionsResolver
from ftlint.project.request import CliOptions
from tests.docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_runs(folder: Path) -> None:
    shutil.copytree(ROOT / "examples" / "good", folder / "configs")
    shutil.move(folder / "configs" / "lora_sft.yaml", folder / "configs" / "sft.yaml")
    shutil.copytree(ROOT / "examples" / "data", folder / "data", dirs_exist_ok=True)
    examples = blocks(ROOT / "docs" / "api.md", "python")
    assert len(examples) == 2
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-c", example.text], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_what_is_public_is_there() -> None:
    for name in ftlint.__all__:
        assert getattr(ftlint, name) is not None
    with pytest.raises(AttributeError):
        _ = ftlint.nothing_of_the_kind  # type: ignore[attr-defined]


def test_importing_the_package_imports_none_of_it() -> None:
    code = "import sys, ftlint; print(sorted(m for m in sys.modules if m.startswith('ftlint.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_says_what_the_commands_say(folder: Path) -> None:
    text = HEAD + "do_train: true\ndataset: d\noutput_dir: o\nlearnig_rate: 1.0e-4\n"
    (folder / "c.yaml").write_text("# ftlint: dataset-size=100\n" + text, "utf-8")
    config = load("c.yaml")
    assert isinstance(config, Config)
    assert (config.path, config.command, config.values["cutoff_len"]) == ("c.yaml", "train", 2048)
    report = json.loads(CliRunner().invoke(cli, ["--output-format", "json", "c.yaml"]).stdout)
    said = [(one["code"], one["message"]) for one in report["diagnostics"]]
    assert [(one.code, one.message) for one in lint(config)] == said != []
    repaired = fix(config)
    assert "learning_rate: 1.0e-4" in repaired.source.text
    assert (folder / "c.yaml").read_text("utf-8").endswith(text)
    (folder / "d.yaml").write_text(repaired.source.text, "utf-8")
    (steps,) = json.loads(
        CliRunner().invoke(cli, ["steps", "--output-format", "json", "d.yaml"]).stdout
    )
    again = load("d.yaml")
    assert isinstance(again, Config)
    assert as_object(plan(again)) == steps
    assert steps["total_steps"] == 39


@pytest.mark.parametrize(
    ("text", "reason", "codes"),
    [
        (None, "no such file", []),
        (HEAD + "a: [\n", "line 5: FT001", ["FT001"]),
        ("services: {web: 1}\n", "not a config of LLaMA Factory", []),
    ],
)
def test_what_is_no_config_says_why(
    folder: Path, text: str | None, reason: str, codes: list[str]
) -> None:
    if text is not None:
        (folder / "c.yaml").write_text(text, "utf-8")
    found = load("c.yaml")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(reason)
    assert [one.code for one in lint(found)] == codes


def test_settings_that_cannot_be_used_are_told(folder: Path) -> None:
    (folder / "ftlint.toml").write_text("target = '7.7'\n", "utf-8")
    (folder / "c.yaml").write_text(HEAD, "utf-8")
    with pytest.raises(UsageError, match=r"7\.7"):
        load("c.yaml")


def test_a_misspelt_file_is_judged_alike_with_options_and_without(folder: Path) -> None:
    """One that is named is a config also where too few of its keys are spelled right."""
    (folder / "c.yaml").write_text("model_nam_or_path: m\nstge: sft\ndo_trian: true\n", "utf-8")
    options, _ = OptionsResolver(CliOptions()).of(".")
    found = [one.code for one in lint(load("c.yaml"))]
    assert [one.code for one in lint(load("c.yaml", options))] == found != []


def test_a_run_that_cannot_be_planned_says_so(folder: Path) -> None:
    (folder / "c.yaml").write_text(HEAD + "dataset: d\noutput_dir: o\n", "utf-8")
    config = load("c.yaml")
    assert isinstance(config, Config)
    run = plan(config)
    assert isinstance(run.plan, NoPlan)
    assert "do_train" in run.plan.reason

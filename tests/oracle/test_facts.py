"""What ftlint says of the machine is what the real parser says on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle import environments
from tests.oracle.bases import base
from tests.oracle.called import run_ftlint
from tests.oracle.client import Case, Judge
from tests.oracle.generate import scalar

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

HELD = (
    (),
    ("trainer_log.jsonl",),
    ("adapter_model.safetensors",),
    ("adapter_model.bin", "checkpoint-best/x"),
    ("model.safetensors.index.json", "config.json"),
    ("pytorch_model.bin", "checkpoint-10/trainer_state.json"),
)
"""What an output folder may hold."""


def errors(folder: Path, config: dict[str, Any], release: str, *arguments: str) -> set[str]:
    text = "".join(f"{key}: {scalar(value)}\n" for key, value in config.items())
    (folder / "config.yaml").write_text(text, "utf-8")
    report = json.loads(run_ftlint(folder, release, [*arguments, "config.yaml"]))
    return {one["code"] for one in report["diagnostics"] if one["severity"] == "error"}


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_an_output_folder_is_refused_as_here_says(release: str, tmp_path: Path) -> None:
    found = {}
    with Judge(release) as judge:
        for number, files in enumerate(HELD):
            folder = tmp_path / str(number)
            for name in files:
                (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / "out" / name).write_text("{}", "utf-8")
            folder.mkdir(exist_ok=True)
            (verdict,) = judge.judge([Case("one", config=base("lora"), cwd=str(folder))])
            said = errors(folder, base("lora"), release, "--here")
            found[files] = verdict.refused, "FT617" in said
    assert all(refused == told for refused, told in found.values()), found
    assert {refused for refused, _ in found.values()} == {True, False}


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_the_environment_and_the_packages_decide_as_stated(release: str, tmp_path: Path) -> None:
    misspelt = {**base("lora"), "learnig_rate": 1.0e-4}
    kernel = {**base("lora"), "enable_liger_kernel": True}
    with Judge(release) as judge:
        strict, lax, without = judge.judge(
            [
                Case("strict", config=misspelt),
                Case("lax", config=misspelt, env={"ALLOW_EXTRA_ARGS": "1"}),
                Case("kernel", config=kernel, as_is=True),
            ]
        )
    assert strict.refused
    assert "FT101" in errors(tmp_path, misspelt, release)
    assert not lax.refused
    assert errors(tmp_path, misspelt, release, "--fact", "env=ALLOW_EXTRA_ARGS") == set()
    assert without.error_type in ("PackageNotFoundError", "ImportError")
    assert errors(tmp_path, kernel, release, "--fact", "installed=torch") == {"FT433"}

"""The configs that `ftlint init` writes: clean by its own lint, for every release and amount."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.cli.presets import METHODS, PRESETS
from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {"beginner": (300, 3_000, 20_000), "production": (300, 3_000, 20_000)}
"""What a preset fits; the others name a number of steps that wants 20,000 rows."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(*options: str) -> list[dict[str, Any]]:
    run = invoke("check", "run.yaml", "--isolated", "--output-format", "json", *options)
    report = json.loads(run.out)
    assert report["files"]["checked"] == 1
    return list(report["diagnostics"])


@pytest.mark.parametrize("target", ["0.9.3", "0.9.4", "0.9.5"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("preset", PRESETS)
def test_is_clean(preset: str, method: str, target: str) -> None:
    run = invoke("init", "--preset", preset, "--method", method, "--output", "run.yaml")
    assert run.status == 0
    assert findings("--target", target) == []
    for rows in ROWS.get(preset, (20_000,)):
        assert findings("--target", target, "--gpus", "1", "--dataset-size", str(rows)) == []


def test_a_run_that_does_not_fit_its_data_is_not_called_clean() -> None:
    invoke("init", "--preset", "research", "--output", "run.yaml")
    assert [one["code"] for one in findings("--dataset-size", "300")] == ["FT301"]


def test_never_over_a_file(folder: Path) -> None:
    (folder / "run.yaml").write_text("mine", "utf-8")
    run = invoke("init", "--output", "run.yaml")
    assert run.status == 2
    assert "run.yaml" in run.err
    assert (folder / "run.yaml").read_text("utf-8") == "mine"


def test_names_go_in_and_nothing_else_does() -> None:
    text = invoke("init", "--model", "org/M-1.5", "--dataset", "a,b").out
    assert "model_name_or_path: org/M-1.5\n" in text
    assert "dataset: a,b  #" in text
    assert invoke("init", "--dataset", "a\nstage: dpo").status == 2


@pytest.mark.parametrize(
    ("model", "template"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3"),
        ("/data/models/Qwen2.5-14B-Instruct", "qwen"),
        ("google/gemma-2-9b-it", "gemma2"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen2_vl"),
        ("unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit", "llama3"),
        ("mistralai/Mistral-7B-v0.1", "mistral"),
        ("bigscience/bloom-3b", "default"),
    ],
)
def test_the_template_is_the_model_s(model: str, template: str) -> None:
    invoke("init", "--model", model, "--output", "run.yaml")
    assert findings() == []
    assert f"\ntemplate: {template}\n" in invoke("init", "--model", model).out


def test_a_given_template_stays() -> None:
    options = ["--model", "Qwen/Qwen2.5-7B-Instruct", "--template", "chatml"]
    assert "\ntemplate: chatml\n" in invoke("init", *options).out


@pytest.mark.parametrize("target", ["0.9.3", "0.9.5"])
def test_a_model_that_is_not_listed_is_said_to_be_so(target: str) -> None:
    invoke("init", "--model", "our-team/support-7b", "--output", "run.yaml")
    assert findings("--target", target) == []
    text = invoke("init", "--model", "our-team/support-7b").out
    assert "does not list this model" in text
    assert "\ntemplate:" not in text


@pytest.mark.parametrize(("method", "status"), [("full", 2), ("qlora", 2), ("lora", 0)])
def test_a_quantized_model_takes_lora_alone(method: str, status: int) -> None:
    run = invoke("init", "--method", method, "--model", "Qwen/Qwen2.5-7B-Instruct-AWQ")
    assert run.status == status
    assert ("choose --method lora" in run.err) == bool(status)
    assert ("a model quantized with AWQ" in run.err) == bool(status)

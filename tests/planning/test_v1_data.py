"""Samples of v1: what its datasets are, where they are files that are here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """model: m
model_class: llm
train_dataset: {data}
output_dir: out
micro_batch_size: 1
num_train_epochs: 1
"""
ROW = {"instruction": "a", "output": "b"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.json").write_text(json.dumps([ROW] * 30), "utf-8")
    (tmp_path / "data" / "lines.jsonl").write_text(f"{json.dumps(ROW)}\n" * 7, "utf-8")
    return tmp_path


def counted(folder: Path, data: str, target: str = "0.9.5") -> dict[str, Any]:
    """Return the plan of a config with such data, which are definitions or a name."""
    name = data
    if "\n" in data or data.startswith("{"):
        name = "data/sets.yaml"
        (folder / name).write_text(data, "utf-8")
    (folder / "c.yaml").write_text(CONFIG.format(data=name), "utf-8")
    run = ("steps", "--isolated", "--target", target, "--output-format", "json", "c.yaml")
    (plan,) = json.loads(invoke(*run).out)
    assert isinstance(plan, dict)
    return plan


def rows(**definition: object) -> str:
    """Return the definition of one dataset, a file with 30 rows."""
    made = {"path": "data/rows.json", "source": "local", "converter": "alpaca", **definition}
    return json.dumps({"one": made})


@pytest.mark.parametrize("target", ["0.9.5", "main"])
@pytest.mark.parametrize(
    ("data", "total"),
    [
        (rows(), 30),
        (rows(size=12), 12),
        (rows(size=90), 90),
        (rows(weight=0.5), 15),
        (rows(weight=1.99), 59),
        (rows(size=11, weight=0.5), 5),
        (rows(path="data/lines.jsonl"), 7),
        (rows(path="data/nowhere.json", size=11), 11),
        (rows(path="data/nowhere.json"), None),
        (rows(source="hf_hub", path="someone/rows"), None),
        (rows(streaming=True), None),
        (rows(split="test"), None),
        (rows(size="many"), None),
        (rows(path="../outside.json"), None),
        ("someone/rows", None),
        ("data/nowhere.yaml", None),
        ("- a\n- b\n", None),
    ],
)
def test_files_that_are_here_are_counted(
    folder: Path, data: str, total: int | None, target: str
) -> None:
    plan = counted(folder, data, target)
    assert plan["samples"]["total"] == total
    assert plan["samples"]["source"] == ("unknown" if total is None else "file")
    assert plan["total_steps"] == total


def test_several_datasets_are_added_up(folder: Path) -> None:
    first, second = json.loads(rows())["one"], json.loads(rows(size=5))["one"]
    plan = counted(folder, json.dumps({"a": first, "b": second}))
    assert plan["samples"]["per_dataset"] == {"a": 30, "b": 5}
    assert plan["total_steps"] == 35


@pytest.mark.parametrize(
    "data", [rows(converter="sharegpt"), rows(converter=None), "data/rows.json"]
)
def test_turns_are_samples_after_0_9_5(folder: Path, data: str) -> None:
    assert counted(folder, data)["total_steps"] == 30
    plan = counted(folder, data, "main")
    assert plan["total_steps"] is None
    assert any("each assistant turn is a sample" in one for one in plan["assumptions"])


def test_what_is_stated_counts_before_what_is_here(folder: Path) -> None:
    (folder / "c.yaml").write_text(CONFIG.format(data="data/rows.json"), "utf-8")
    run = ("steps", "--isolated", "--dataset-size", "64", "--output-format", "json", "c.yaml")
    (plan,) = json.loads(invoke(*run).out)
    assert (plan["total_steps"], plan["samples"]["source"]) == (64, "declared")


def test_too_few_rows_for_a_step_are_a_finding(folder: Path) -> None:
    (folder / "c.yaml").write_text(
        CONFIG.format(data="data/lines.jsonl") + "global_batch_size: 8\n", "utf-8"
    )
    assert "7 samples are too few for one step of 8" in invoke("--isolated", "c.yaml").out

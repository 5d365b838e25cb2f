"""Runs that a number draws: the same everywhere, others by another number, none refused."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.suite import imported

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def drawing() -> Iterator[Any]:
    with imported("memory_drawn") as module:
        yield module


def test_a_number_gives_the_same_runs(drawing: Any) -> None:
    assert drawing.drawn(5) == drawing.drawn(5)
    names, others = ({one.name for one in drawing.drawn(seed).runs} for seed in (5, 6))
    assert len(names) == len(others) == drawing.COUNT
    assert len(names & others) < drawing.COUNT / 10


def test_models_hold_together(drawing: Any) -> None:
    for seed in range(20):
        models = drawing.drawn(seed).models
        assert len(models) == drawing.FEW
        for one in models.values():
            size = one.get("head_dim") or one["hidden_size"] // one["num_attention_heads"]
            assert one["num_attention_heads"] * size == one["hidden_size"]
            assert one["num_attention_heads"] % one["num_key_value_heads"] == 0
            assert one["intermediate_size"] % 256 == 0


def test_the_release_takes_every_config(
    drawing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = sys.modules["memory_runs"]
    monkeypatch.chdir(tmp_path)
    runs.write_data(tmp_path / "data", random.Random(1))
    given = drawing.drawn(7)
    for name, config in given.models.items():
        monkeypatch.setitem(runs.SHAPES, name, config)
    options = Options(resolve_target("0.9.5"))
    for spec in given.runs[::3]:
        runs.write_model(tmp_path / "models" / spec.model, spec.model)
        text = runs.write_config(tmp_path, spec).read_text("utf-8")
        found = lint(of_text(f"{spec.name}.yaml", text), options)
        wrong = [one.message for one in found.diagnostics if one.severity == "error"]
        assert not wrong, spec.name
        assert spec.batch * spec.length <= max(drawing.TOKENS, spec.length)

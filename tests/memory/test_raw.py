"""The law against what was measured on real GPUs (docs/benchmarks/raw)."""

from __future__ import annotations

import importlib.util
import statistics
import sys
from typing import TYPE_CHECKING, Any

from tests.shared import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RAW = ROOT / "docs" / "benchmarks" / "raw"


def check() -> Any:
    """Return bench/suites/memory_check.py, which is no package's."""
    path = ROOT / "bench" / "suites" / "memory_check.py"
    spec = importlib.util.spec_from_file_location("memory_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_runs_of_bench_are_forecast_to_a_percent() -> None:
    module = check()
    pairs = [one for path in sorted(RAW.rglob("*.json")) for one in module.of_result(path)]
    assert len(pairs) > 90
    errors = sorted(abs(one.error) for one in pairs)
    assert statistics.median(errors) < 0.002
    assert errors[-1] < 0.01
    assert all(one.holds for one in pairs)


def test_the_check_tells_a_wrong_forecast(tmp_path: Path) -> None:
    """What is measured is read, not what was said."""
    module = check()
    source = next(iter(sorted(RAW.rglob("held-1.json"))))
    text = source.read_text("utf-8")
    (right,) = module.of_result(source)
    other = tmp_path / "held-1.json"
    other.write_text(text.replace(str(right.measured), str(2 * right.measured)), "utf-8")
    (wrong,) = module.of_result(other)
    assert wrong.error < -0.4

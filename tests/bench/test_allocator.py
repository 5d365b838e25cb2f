"""A calibration's peaks in place of the band that holds anywhere, on real runs of an H200."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.shared import ROOT

from ftbench.calibration import store
from ftbench.calibration.allocator import spare
from ftbench.runners import configs

if TYPE_CHECKING:
    from pathlib import Path

    from ftbench.calibration.record import Calibration

RAW = ROOT / "docs" / "benchmarks" / "raw"
FAMILIES = [
    RAW / "2026-11-28-h200-pair" / family
    for family in ("lora-0.5b", "full-0.5b", "lora-8b", "qlora-8b")
]


def calibration_of(folder: Path) -> Calibration:
    """Return a calibration with the peaks of its own run, which were not kept in it then."""
    (one,) = store.read(folder / "calibration.jsonl")
    (run,) = (folder / "cal").glob("calibration-scheduled-*.json")
    memory = json.loads(run.read_text("utf-8"))["memory"]
    peaks: Any = {name: memory[name] for name in ("peak_allocated", "peak_reserved")}
    return dataclasses.replace(one, memory_phases={"training": peaks})


def held_out(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(one.read_text("utf-8")) for one in sorted(folder.glob("held-?.json"))]


def forecast(folder: Path, result: dict[str, Any], length: int) -> dict[str, Any]:
    """Return what is said of the config of a run, with its longest batch as cutoff_len."""
    values = {
        **result["config"]["values"], "cutoff_len": length,
        "model_name_or_path": result["model"]["source"].removeprefix("random:"),
    }  # fmt: skip
    if not values["model_name_or_path"].count("/"):
        change = next(
            one for one in result["config"]["changes"] if one["key"] == "model_name_or_path"
        )
        values["model_name_or_path"] = change["from"]
    path = folder / "c.yaml"
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items()))
    packages = result["environment"]["packages"]
    found = configs.forecast(configs.load(str(path), packages, 1))
    assert found is not None
    return found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda path: f"{path.parent.name} {path.name}")
def test_the_band_is_narrower_and_still_holds(
    family: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = [one for one in held_out(family) if not one["trainer"]["evaluations"]]
    for number, result in enumerate(results):
        monkeypatch.setenv(store.FOLDER, str(tmp_path / f"kept-{number}"))
        shapes = [batch for step in result["steps"] for batch in step["micro_batches"]]
        longest = max(shape[1] for shape in shapes)
        anywhere = forecast(tmp_path, result, longest)["training"]["reserved"]
        store.add(calibration_of(family))
        found = forecast(tmp_path, result, longest)
        low, high = found["training"]["reserved"]
        assert any("calibrated" in one for one in found["assumptions"])
        assert high < anywhere[1]
        assert low <= result["memory"]["peak_reserved"] <= high
    assert results


def test_a_calibration_of_something_else_says_nothing(tmp_path: Path) -> None:
    family = FAMILIES[0]
    one = calibration_of(family)
    result = held_out(family)[0]
    run = forecast_run(tmp_path, result)
    share = spare(one, run.dimensions.shape, run.method, ragged=True)
    assert share is not None
    assert one.memory_phases is not None
    peaks = one.memory_phases["training"]
    doubled: Any = {**peaks, "peak_allocated": 2 * peaks["peak_allocated"]}
    other = dataclasses.replace(one, memory_phases={"training": doubled})
    assert spare(other, run.dimensions.shape, run.method, ragged=True) is None
    without = dataclasses.replace(one, memory_phases=None)
    assert spare(without, run.dimensions.shape, run.method, ragged=True) is None


def forecast_run(folder: Path, result: dict[str, Any]) -> Any:
    """Return the run of a config in the terms of `ftlint.memory`."""
    forecast(folder, result, 512)
    return configs.load(str(folder / "c.yaml"), result["environment"]["packages"], 1).run

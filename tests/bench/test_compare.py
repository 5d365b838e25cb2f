"""Comparing results: like with like, the right direction, the status that CI acts on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.bench.made import H100, LORA, noisy, result, step

from ftbench.analysis.comparison import compare
from ftbench.cli.compare import command
from ftbench.report.comparison import lines as render

if TYPE_CHECKING:
    from pathlib import Path


def run(seconds: float, seed: int = 1, **changed: Any) -> Any:
    noise = noisy(seed, 0.005)
    return result([step(noise(seconds), [(4, 2048)]) for _ in range(30)], **changed)


def files(tmp_path: Path, *results: Any) -> list[str]:
    paths = []
    for number, one in enumerate(results):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(one), encoding="utf-8")
        paths.append(str(path))
    return paths


def call(tmp_path: Path, *options: str, before: Any, after: Any) -> Any:
    return CliRunner().invoke(command, [*files(tmp_path, before, after), *options])


def test_slower_is_slower() -> None:
    found = compare(run(1.0), run(1.1, 2))
    assert found.slower == pytest.approx(0.1, abs=0.01)
    assert found.settled
    assert not found.unlike
    assert any("+10" in line and "median step" in line for line in render(found))
    assert compare(run(1.1), run(1.0, 2)).slower == pytest.approx(-0.09, abs=0.01)


def test_the_same_is_the_same() -> None:
    found = compare(run(1.0, 1), run(1.0, 2))
    assert not found.settled
    assert abs(found.slower or 0) < 0.01
    assert any("may be chance" in line for line in render(found))


@pytest.mark.parametrize(
    ("after", "status"), [(1.02, 0), (1.08, 1), (0.7, 0)], ids=["little", "much", "faster"]
)
def test_the_status(tmp_path: Path, after: float, status: int) -> None:
    before, later = run(1.0), run(after, 2)
    assert call(tmp_path, before=before, after=later).exit_code == 0
    done = call(tmp_path, "--fail-slower", "5%", before=before, after=later)
    assert done.exit_code == status
    assert ("slower, more than 5.0%" in done.output) == bool(status)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"runner": "hf"}, "runner: llamafactory and hf"),
        ({"method": {**LORA, "gradient_checkpointing": False}}, "method gradient_checkpointing"),
        ({"environment": {**result([])["environment"], "gpu": {**H100, "name": "NVIDIA L4"}}},  # type: ignore[dict-item]
         "GPU: NVIDIA H100 80GB HBM3 and NVIDIA L4"),
        ({"config": {**result([])["config"], "values": {"per_device_train_batch_size": 9}}},
         "per_device_train_batch_size: nothing and 9"),
    ],
)  # fmt: skip
def test_unlike_results_are_refused(tmp_path: Path, changed: Any, told: str) -> None:
    done = call(tmp_path, before=run(1.0), after=run(1.0, **changed))
    assert done.exit_code == 2
    assert told in done.output
    assert "median" not in done.stdout
    forced = call(tmp_path, "--force", before=run(1.0), after=run(1.0, **changed))
    assert forced.exit_code == 0
    assert "median" in forced.stdout


def test_versions_are_told_and_not_refused(tmp_path: Path) -> None:
    environment: Any = result([])["environment"]
    newer = {**environment, "packages": {**environment["packages"], "torch": "2.12.0"}}
    done = call(tmp_path, before=run(1.0), after=run(1.0, environment=newer))
    assert done.exit_code == 0
    assert "* torch 2.11.0 and 2.12.0" in done.stdout


def test_nothing_timed_fails_a_gate(tmp_path: Path) -> None:
    done = call(tmp_path, "--fail-slower", "5%", before=run(1.0), after=result([]))
    assert (done.exit_code, "a step time is missing" in done.output) == (1, True)


@pytest.mark.parametrize("share", ["much", "-5%", "1e9"])
def test_a_bad_share(tmp_path: Path, share: str) -> None:
    done = call(tmp_path, "--fail-slower", share, before=run(1.0), after=run(1.0))
    assert done.exit_code == 2


def test_no_result(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    done = CliRunner().invoke(command, [str(tmp_path / "x.json"), str(tmp_path / "absent.json")])
    assert (done.exit_code, "not the result of a run" in done.output) == (2, True)


def test_few_steps_fail_a_gate_and_are_not_told_apart(tmp_path: Path) -> None:
    few = [result([step(seconds, [(4, 2048)]) for _ in range(2)]) for seconds in (1.0, 1.5)]
    found = compare(*few)
    assert not found.told
    assert not found.settled
    assert any("too few steps" in line for line in render(found))
    done = call(tmp_path, "--fail-slower", "5%", before=few[0], after=few[1])
    assert (done.exit_code, "too few steps" in done.output) == (1, True)

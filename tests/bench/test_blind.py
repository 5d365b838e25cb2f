"""Blind runs: what is left of them over several machines, how long they are, and their configs."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from tests.bench.suite import imported

from ftbench.runners import configs
from ftlint.steps import StepPlan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def blind() -> Iterator[Any]:
    with imported("blind") as module:
        yield module


def kept(folder: Path, *runs: dict[str, Any]) -> Path:
    folder.mkdir()
    lines = "".join(json.dumps({"kind": "run", **run}) + "\n" for run in runs)
    (folder / "blind.jsonl").write_text(lines, "utf-8")
    return folder


def ran(family: str, number: int, said: float = 60.0, **more: Any) -> dict[str, Any]:
    bounds = {"seconds": said, "low": 55.0, "high": 65.0, "parts": dict.fromkeys(
        ("start-up", "data", "evaluations", "checkpoints"), 5.0)}  # fmt: skip
    return {"family": family, "run": f"held-{number}", "said": bounds, "stepping": 40.0, **more}


def test_what_other_machines_have_made_is_not_made_again(blind: Any, tmp_path: Path) -> None:
    whole, part, new, *_ = blind.ALONE
    one = kept(tmp_path / "one", *(ran(whole, number, wall=60.0) for number in (1, 2, 3)))
    two = kept(
        tmp_path / "two", ran(part, 2, wall=50.0), ran(part, 1, status=1),
        {"family": new, "run": "held-1", "refused": "no"},
    )  # fmt: skip
    done = blind.runs_of([one, two, tmp_path / "nothing"])
    assert done == {(whole, f"held-{number}") for number in (1, 2, 3)} | {(part, "held-2")}
    assert blind.left_of(part, done) == [1, 3]
    assert blind.left_of(new, done) == [1, 2, 3]
    assert blind.in_turn([whole, part, new], done) == [new, part]


def test_of_whole_families_the_order_stays(blind: Any) -> None:
    assert blind.in_turn(blind.ALONE, set()) == list(blind.ALONE)


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        ([(20, 18.0)], 60),
        ([(20, 98.0)], 4),
        ([(20, 58.0)], 20),
        ([(20, 18.0), (60, 68.0)], 52),
        ([(4, 98.0), (4, 98.0)], 4),
    ],
)
def test_runs_take_about_the_wanted_time(
    blind: Any, found: list[tuple[int, float]], steps: int
) -> None:
    """By steps of a second each, or what more of them were said to take; four steps at least."""
    assert blind.steps_for(58.0, found, 1.0) == steps


def test_summary_of_several_folders(blind: Any, tmp_path: Path) -> None:
    one = kept(
        tmp_path / "one",
        {"kind": "calibration", "family": "dora-7b", "seconds": 91.0, "said": []},
        ran("dora-7b", 1, wall=60.0), ran("dora-7b", 2, wall=75.0),
    )  # fmt: skip
    two = kept(tmp_path / "two", ran("lora-8b", 1, wall=48.0), ran("lora-8b", 2, refused="no"))
    *rows, last = blind.summarise([one, two])
    assert len(rows) == 5
    assert last.startswith("3 runs of 2 families, the shortest 48 s: median 20.0%, worst 25.0%,")
    assert "1 inside (33%); intervals of ± 8.3%, the widest 8.3%" in last
    assert last.endswith("calibrations of 91 s, the longest 91 s")


def test_a_family_that_fails_is_noted_and_the_next_one_taken(
    blind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no Python to start, on which each family ends by itself."""
    monkeypatch.setattr(blind.sys, "executable", str(tmp_path / "no-python"))
    campaign = blind.Campaign(tmp_path, 60.0, "law", set(), wall=20.0, small=True)
    first, second, *_ = blind.ALONE
    todo = [first, second]
    campaign.work(None, todo)
    assert todo == []
    found = [json.loads(line) for line in (tmp_path / "blind.jsonl").read_text().splitlines()]
    assert [(one["kind"], one["family"]) for one in found] == [
        ("failed", first),
        ("failed", second),
    ]
    assert all("no-python" in one["error"][-1] for one in found)


def test_every_config_has_a_plan(
    blind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blind.write_data(tmp_path / "data", random.Random(3), small=True)
    assert len(blind.ALONE) >= 12
    for name, family in blind.FAMILIES.items():
        for number, shape in enumerate((family.calibrated, *family.held_out)):
            keys = {**family.config(shape, small=False), "max_steps": 9, "output_dir": "out"}
            text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
            path = tmp_path / f"{name}-{number}.yaml"
            path.write_text(text, "utf-8")
            loaded = configs.load(str(path), {}, 1)
            plan = configs.plan(loaded, loaded.values)
            assert isinstance(plan, StepPlan), name
            assert plan.total_steps.exact == 9

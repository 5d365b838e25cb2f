"""The whole way, text to plan, against the observed runs of the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.planning.helpers import context_of
from tests.shared import REFERENCE
from tests.stating import stating

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.shared

RECORDS = REFERENCE / "step_cases.jsonl"
RUNS = (
    [json.loads(line) for line in RECORDS.read_text("utf-8").splitlines()]
    if RECORDS.exists()
    else []
)
FINISHED = [
    run
    for run in RUNS
    if run["kind"] == "full_run" and "resume" not in run["run"] and "HEAD" not in run["run"]
    if not run["config"].get("tokenized_path")
]


def text_of(config: dict[str, Any]) -> str:
    head = {"model_name_or_path": "m", "output_dir": "o", **config}
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in head.items())


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4", "0.9.5"])
def test_finished_runs_are_planned_as_they_went(release: str) -> None:
    exact = 0
    given = stating(dataset_dir=str(REFERENCE / "step_data"))
    runs = [run for run in FINISHED if run["versions"]["llamafactory"] == release]
    for run in runs:
        versions, observed = run["versions"], run["observed"]
        context = context_of(
            text_of(run["config"]), given.launched(run["world_size"]), "run.yaml",
            target=release, transformers=versions["transformers"],
        )  # fmt: skip
        planned = context.planned
        assert planned is not None
        assert planned.plan is not None, (run["id"], planned.refused)
        total, done = planned.plan.total_steps, planned.plan.executed_steps
        assert total.low <= observed["state_max_steps"] <= (total.high or 1 << 60), run["id"]
        assert done.low <= observed["ts_global_step"] <= (done.high or 1 << 60), run["id"]
        facts = context.instance.facts["plan"]
        if "total_steps" in facts:
            assert facts["total_steps"] == observed["state_max_steps"], run["id"]
            exact += 1
    assert exact > 0.8 * len(runs) > 10, (exact, len(runs))

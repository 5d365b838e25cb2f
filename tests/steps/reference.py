"""The observed runs of the reference, and what a linter knows before each of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftlint.datasets import Question, measure, samples
from ftlint.steps import UNKNOWN, Count, NoPlan, SampleCount, StepPlan, World, plan
from ftlint.support.disk import Disk
from ftlint.target.releases import parse_version
from tests.shared import REFERENCE
from tests.steps.values import values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

# A cache of tokenized rows that the run found on its disk; the record does not hold it.
FOUND_TOKENIZED = {"g11"}


class Case(NamedTuple):
    id: str
    run: str
    kind: str
    llamafactory: str
    transformers: str
    world_size: int
    config: Mapping[str, object]
    observed: Mapping[str, object]
    match: bool | None


@cache
def cases() -> tuple[Case, ...]:
    records = REFERENCE / "step_cases.jsonl"
    if not records.exists():
        return ()
    found = []
    with records.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            head = "HEAD" in record["run"]  # its version is the one to come
            found.append(
                Case(
                    record["id"], record["run"], record["kind"],
                    "0.9.6" if head else record["versions"]["llamafactory"],
                    record["versions"]["transformers"],
                    record["world_size"], record["config"], record["observed"],
                    record.get("match"),
                )
            )  # fmt: skip
    return tuple(found)


def known(case: Case) -> SampleCount:
    names = case.config["dataset"]
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    assert isinstance(listed, list)
    stage, limit = case.config["stage"], case.config.get("max_samples")
    question = Question(
        stage=str(stage), max_samples=limit if isinstance(limit, int) and limit > 0 else None
    )
    sizes = measure(
        listed, dataset_dir="step_data", cwd=str(REFERENCE), question=question, disk=Disk()
    )
    return samples(sizes, tokenized=UNKNOWN if case.id in FOUND_TOKENIZED else None)


def planned(case: Case) -> StepPlan | NoPlan:
    return plan(
        values_of(case.config, case.llamafactory, case.transformers),
        samples=known(case),
        world=World(gpus=case.world_size),
        llamafactory=parse_version(case.llamafactory),
        transformers=parse_version(case.transformers),
    )


def holds(count: Count, value: int) -> bool:
    return count.low <= value and (count.high is None or value <= count.high)

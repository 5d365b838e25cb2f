"""The step plan against the real trainer, on configs that nobody has seen before.

`FTLINT_STEP_CASES` sets how many (default 40), `FTLINT_STEP_SEED` repeats a run; the seed is
printed. Two fifths of the configs are run by two processes.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.datasets import Question, measure, samples
from ftlint.steps import NoPlan, StepPlan, World, plan
from ftlint.target import parse_version

from .environments import RELEASES, python_of
from .steps_cases import Case, Writer, make

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

RUNNER = Path(__file__).with_name("steps_runner.py")
CASES = int(os.environ.get("FTLINT_STEP_CASES", "40"))
SEED = int(os.environ.get("FTLINT_STEP_SEED", str(time.time_ns() % 1_000_000)))
TARGETS = (("0.9.5", 1), ("0.9.4", 1), ("0.9.5", 1), ("0.9.5", 2), ("0.9.4", 2))
LONGEST = 60  # steps; what is longer is made anew
SECONDS = 60  # for a case, on a busy machine


def expected(case: Case, folder: Path) -> StepPlan | NoPlan:
    config = case.config
    names = [name.strip() for name in config["dataset"].split(",")]
    question = Question(
        stage=config["stage"], max_samples=config.get("max_samples"),
        streaming=config.get("streaming", False),
    )  # fmt: skip
    sizes = measure(names, dataset_dir=config["dataset_dir"], cwd=str(folder), question=question)
    for size in sizes:
        if size.trouble is not None:
            return NoPlan(f"dataset {size.name} {size.trouble.text}", "dataset")
    return plan(
        config,
        samples=samples(sizes),
        world=World(gpus=case.world),
        llamafactory=parse_version(case.release),
        transformers=parse_version(RELEASES[case.release].transformers),
    )


def built(rng: random.Random, folder: Path) -> list[Case]:
    writer = Writer(folder, rng)
    cases: list[Case] = []
    while len(cases) < CASES:
        release, world = TARGETS[len(cases) % len(TARGETS)]
        cases.append(make(rng, len(cases), release, world, writer))
    writer.finish()
    return cases


def processes(release: str, world: int, work: Path, cases: Path, answers: Path) -> Iterator[Any]:
    for rank in range(world):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if world > 1:
            environment |= {
                "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world),
                "LOCAL_WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1",
            }  # fmt: skip
        model = f"model-{release}"
        command = [str(python_of(release)), str(RUNNER), str(work), model, str(cases), str(answers)]
        with (work / f"{release}-{world}-{rank}.log").open("w", encoding="utf-8") as log:
            yield subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def observed(cases: list[Case], folder: Path) -> dict[str, dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for release, world in dict.fromkeys((case.release, case.world) for case in cases):
        group = [case for case in cases if (case.release, case.world) == (release, world)]
        listed, answers = folder / f"{release}-{world}.in", folder / f"{release}-{world}.out"
        lines = [json.dumps({"id": case.id, "config": case.config}) for case in group]
        listed.write_text("\n".join(lines), encoding="utf-8")
        for process in list(processes(release, world, folder, listed, answers)):
            process.wait(timeout=120 + SECONDS * len(group) * world)
        for line in answers.read_text(encoding="utf-8").splitlines():
            answer = json.loads(line)
            seen[answer["id"]] = answer["seen"]
    return seen


def differences(found: StepPlan, seen: dict[str, Any]) -> list[str]:
    counts = {
        "max_steps": (found.total_steps, seen["max_steps"]),
        "global_step": (found.executed_steps, seen["global_step"]),
        "batches": (found.batches_per_epoch, seen["batches"]),
        "rows": (found.samples.total, seen["rows"]),
        "warmup": (found.warmup_steps, seen["warmup_steps"]),
        "evaluations": (found.eval_events, len(seen["evaluations"])),
        "saves": (found.checkpoints, len(seen["saves"])),
        "kept": (found.checkpoints_kept, seen["kept"]),
        "logs": (found.logging_events, seen["logs"]),
        "epochs": (found.epochs_entered, len(seen["epoch_ends"])),
    }
    wrong = [
        f"{name}: planned {count.exact if count.exact is not None else count}, seen {value}"
        for name, (count, value) in counts.items()
        if value is not None and count.exact != value
    ]
    if seen["batches"] is not None and found.epochs.exact != seen["epoch"]:
        wrong.append(f"epoch: planned {found.epochs}, seen {seen['epoch']}")
    return wrong


def within(found: StepPlan, seen: dict[str, Any]) -> bool:
    pairs = [(found.total_steps, seen["max_steps"]), (found.samples.total, seen["rows"])]
    return all(
        value is None or (count.low <= value and (count.high is None or value <= count.high))
        for count, value in pairs
    )


def test_random_runs(tmp_path: Path) -> None:
    print(f"FTLINT_STEP_SEED={SEED} FTLINT_STEP_CASES={CASES} in {tmp_path}")
    cases = built(random.Random(SEED), tmp_path)
    seen = observed(cases, tmp_path)
    exact, bounded, refused, faults = 0, 0, 0, []
    for case in cases:
        found, answer = expected(case, tmp_path), seen[case.id]
        where = f"case {case.id} ({case.release}, {case.world} processes)"
        if isinstance(found, NoPlan):
            refused += 1
            if answer["error"] is None:
                faults.append(f"{where}: no plan, as {found.reason}, but it ran")
        elif answer["error"] is not None:
            faults.append(f"{where}: {answer['error']}; config {case.config}")
        elif found.samples.total.exact is None:
            bounded += 1
            if not within(found, answer):
                faults.append(f"{where}: outside of the bounds: {found}, {answer}")
        elif wrong := differences(found, answer):
            faults.append(f"{where}: {'; '.join(wrong)}; config {case.config}")
        else:
            exact += 1
    print(f"{exact} exact, {bounded} within bounds, {refused} refused, {len(faults)} wrong")
    assert not faults, "\n".join(faults)
    assert exact >= 0.75 * CASES

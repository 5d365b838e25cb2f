"""The step plan against the real trainer, on configs that nobody has seen before.

    python -m tests.oracle.steps_campaign [--count 240] [--seed N] [--page docs/benchmarks/steps.md]

Plans random configs over random data, then lets LLaMA Factory run each to its end on a tiny model,
in one process or two, and compares what was planned with what the trainer did.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.steps.values import values_of

from ftlint.datasets import Question, measure, samples
from ftlint.facts.effective import words
from ftlint.steps import UNKNOWN, NoPlan, StepPlan, World, plan
from ftlint.steps.packing import GROUPED
from ftlint.steps.plan import NO_LOSS, OWN_SHARDS, TOO_FEW
from ftlint.steps.rows import ALL_LEFT_OUT
from ftlint.support.disk import Disk
from ftlint.target.releases import parse_version

from .environments import RELEASES, ensure
from .steps_cases import Case, Writer, make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.datasets import DatasetSize
    from ftlint.steps.counts import Amount, Count

RUNNER = Path(__file__).with_name("steps_runner.py")
LAUNCHES = (("0.9.5", 1), ("0.9.4", 1), ("0.9.5", 1), ("0.9.5", 2), ("0.9.4", 2))
SECONDS = 60  # for a case, on a busy machine
PORTS = (20_000, 32_000)  # below those that the system hands out

FORESEEN = (
    (GROUPED, "Cannot find sufficient samples"),
    (ALL_LEFT_OUT, "Cannot find valid samples"),
    (TOO_FEW, "max_steps must be set to a positive value"),
    (NO_LOSS, "is set to 'eval_loss', which is not found"),
    (OWN_SHARDS, "still running"),
    (OWN_SHARDS, "Connection reset by peer"),
)
"""What a plan with bounds says that it may come to, and how the trainer says so if it does."""

EXACT, BOUNDED, REFUSED, WRONG = "exact", "within bounds", "refused", "wrong"
"""What can come of a case: every count is exact; what the plan leaves open is within its bounds;
plan and trainer both refuse; anything else."""


class Verdict(NamedTuple):
    """What came of one case, and what is to be said of it."""

    case: Case
    outcome: str
    text: str = ""


def run(count: int, seed: int, folder: Path) -> list[Verdict]:
    """Make, plan and train `count` configs below a folder that is empty so far."""
    rng = random.Random(seed)
    writer = Writer(folder, rng)
    cases = []
    for number in range(count):
        release, world = LAUNCHES[number % len(LAUNCHES)]
        cases.append(make(rng, number, release, world, writer))
    writer.finish()
    seen = observed(cases, folder)
    return [judged(case, expected(case, folder), seen[case.id]) for case in cases]


def expected(case: Case, folder: Path) -> StepPlan | NoPlan:
    """Return the plan of a config, of which nothing but the file and its data are known."""
    config = case.config
    question = Question(
        stage=config["stage"], max_samples=config.get("max_samples"),
        streaming=config.get("streaming", False),
    )  # fmt: skip

    def sizes(key: str) -> tuple[DatasetSize, ...]:
        names = list(map(str, words(config[key]))) if key in config else []
        where = config["dataset_dir"]
        return measure(names, dataset_dir=where, cwd=str(folder), question=question, disk=Disk())

    return plan(
        values_of(config, case.release, RELEASES[case.release].transformers),
        samples=samples(sizes("dataset"), evaluation=sizes("eval_dataset")),
        world=World(gpus=case.world),
        llamafactory=parse_version(case.release),
        transformers=parse_version(RELEASES[case.release].transformers),
    )


def observed(cases: list[Case], folder: Path) -> dict[str, dict[str, Any]]:
    """Train every case and return what the runner saw, by id."""
    seen: dict[str, dict[str, Any]] = {}
    for release, world in dict.fromkeys((case.release, case.world) for case in cases):
        group = [case for case in cases if (case.release, case.world) == (release, world)]
        listed, answers = folder / f"{release}-{world}.in", folder / f"{release}-{world}.out"
        lines = [json.dumps({"id": case.id, "config": case.config}) for case in group]
        listed.write_text("\n".join(lines), encoding="utf-8")
        for process in list(_processes(release, world, folder, listed, answers)):
            process.wait(timeout=120 + SECONDS * len(group) * world)
        for line in answers.read_text(encoding="utf-8").splitlines():
            answer = json.loads(line)
            seen[answer["id"]] = answer["seen"]
    return seen


def _processes(release: str, world: int, work: Path, cases: Path, answers: Path) -> Iterator[Any]:
    first_port = random.SystemRandom().randrange(*PORTS)  # another campaign may be under way
    for rank in range(world):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if world > 1:
            environment |= {
                "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world),
                "LOCAL_WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(first_port),
            }  # fmt: skip
        model = f"model-{release}"
        command = [str(ensure(release)), str(RUNNER), str(work), model, str(cases), str(answers)]
        with (work / f"{release}-{world}-{rank}.log").open("w", encoding="utf-8") as log:
            yield subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def judged(case: Case, found: StepPlan | NoPlan, seen: dict[str, Any]) -> Verdict:
    """Hold a plan against what the trainer did."""
    if isinstance(found, NoPlan):
        if seen["error"] is None:
            return Verdict(case, WRONG, f"no plan, as {found.reason}, but it ran")
        return Verdict(case, REFUSED, found.reason)
    if seen["error"] is not None:
        for told, error in FORESEEN:
            if error in seen["error"] and any(told in text for text in found.assumptions):
                return Verdict(case, BOUNDED, f"{', '.join(case.undecided)}: it came to a refusal")
        return Verdict(case, WRONG, f"planned, but {seen['error']}")
    counts: dict[str, tuple[Count | Amount, float | None]] = {
        "max_steps": (found.total_steps, seen["max_steps"]),
        "global_step": (found.executed_steps, seen["global_step"]),
        "batches": (found.batches_per_epoch, seen["batches"]),
        "rows": (found.samples.total, seen["rows"]),
        "warmup": (found.warmup_steps, seen["warmup_steps"]),
        "evaluations": (found.eval_events, len(seen["evaluations"])),
        "saves": (found.checkpoints, len(seen["saves"])),
        "kept": (found.checkpoints_kept, seen["kept"]),
        "logs": (found.logging_events, seen["logs"]),
        "rows evaluated on": (
            found.samples.evaluated,
            _rows_of_one_evaluation(case, seen["evaluated"]),
        ),
        "largest batch": (found.largest_batch or UNKNOWN, seen["batch"]),
        "largest batch to evaluate": (found.largest_eval_batch or UNKNOWN, seen["eval_batch"]),
        "epochs": (found.epochs_entered, len(seen["epoch_ends"])),
        # the trainer takes a stream, which has no length, for one epoch
        "epoch": (found.epochs, None if seen["batches"] is None else seen["epoch"]),
    }
    held = {name: (count, value) for name, (count, value) in counts.items() if value is not None}
    outside = [
        f"{name}: planned {count.low} to {count.high}, seen {value}"
        for name, (count, value) in held.items()
        if value < count.low or (count.high is not None and value > count.high)
    ]
    if outside:
        return Verdict(case, WRONG, "; ".join(outside))
    vague = [name for name, (count, _) in held.items() if count.exact is None]
    if vague and not case.undecided:
        return Verdict(case, WRONG, f"decided by the file, but not by the plan: {', '.join(vague)}")
    return Verdict(case, BOUNDED, ", ".join(case.undecided)) if vague else Verdict(case, EXACT)


def _rows_of_one_evaluation(case: Case, lengths: list[int]) -> int | None:
    """Return the rows that an evaluation goes over: one dataset after another, where each is."""
    names = dict.fromkeys(case.config.get("eval_dataset", "").split(","))
    each = len(names) if case.config.get("eval_on_each_dataset") else 1
    return sum(lengths[:each]) if lengths else None


def table(verdicts: list[Verdict]) -> list[str]:
    """Return a Markdown table: what came of the cases of each release and number of processes."""
    outcomes = (EXACT, BOUNDED, REFUSED, WRONG)
    lines = [
        "| LLaMA Factory | transformers | processes | configs | " + " | ".join(outcomes) + " |",
        "|---" * (4 + len(outcomes)) + "|",
    ]
    groups = sorted(set(LAUNCHES), reverse=True)
    for launch in (*groups, None):
        group = [one for one in verdicts if launch in (None, (one.case.release, one.case.world))]
        if launch is None:
            head = "all | | "
        else:
            head = f"{launch[0]} | {RELEASES[launch[0]].transformers} | {launch[1]}"
        found = Counter(one.outcome for one in group)
        cells = " | ".join(str(found[outcome]) for outcome in outcomes)
        lines.append(f"| {head} | {len(group)} | {cells} |")
    return lines


def page(verdicts: list[Verdict], seed: int, day: str) -> str:
    """Return docs/benchmarks/steps.md."""
    covered = Counter(one.case.config["stage"] for one in verdicts)
    stages = ", ".join(f"{number} {stage}" for stage, number in covered.most_common())
    lines = [
        "# Steps, planned and done",
        "",
        f"Written by `python -m tests.oracle.steps_campaign --count {len(verdicts)} --seed {seed} "
        "--page docs/benchmarks/steps.md`",
        f"on {day}: random configs over random data are planned, then the real LLaMA Factory runs "
        "each to its end with a",
        "tiny random model on a CPU. Compared are the planned and the done steps, batches, rows, "
        "epochs, warmup steps, logs,",
        "rows evaluated on, evaluations, checkpoints written and checkpoints kept, rows of the "
        "largest batches: fourteen counts,",
        "and a case is exact only if all are.",
        "",
        *table(verdicts),
        "",
        f"Stages: {stages}. Within bounds are only configs in which the file cannot decide; any "
        "other count that is not exact is wrong.",
        "",
    ]
    for outcome in (BOUNDED, REFUSED, WRONG):
        reasons = Counter(" ".join(one.text.split()) for one in verdicts if one.outcome == outcome)
        if reasons:
            lines += [f"{outcome.capitalize()}:", ""]
            lines += [f"- {text} ({number})" for text, number in sorted(reasons.items())]
            lines.append("")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Run a campaign and print its table; exit 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description="Compare planned with done steps.")
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--page", type=Path, help="write a page of documentation")
    options = parser.parse_args(argv)
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        verdicts = run(options.count, options.seed, Path(folder))
    wrong = [one for one in verdicts if one.outcome == WRONG]
    for one in wrong:
        print(f"{one.case.release}, {one.case.world} processes: {one.text}; {one.case.config}")
    text = page(verdicts, options.seed, time.strftime("%Y-%m-%d"))
    print(text)
    if options.page:
        options.page.write_text(text, encoding="utf-8")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""`bench validate`: configs trained to their end, and every count of the plan checked."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ftbench.cli import options as shared
from ftbench.results.record import write
from ftbench.validate import BOUNDED, EXACT, Check, checks, faults, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import Result
    from ftbench.runners.job import Prepared
    from ftbench.runners.launch import Ended

FAILED = "failed"


class Row(NamedTuple):
    """One config, run to its end."""

    path: str
    verdict: str
    checks: list[Check]
    result: Result
    rows_from_run: bool
    said: list[str]


@click.command("validate")
@click.argument("configs", nargs=-1, required=True, type=click.Path())
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Runs at a time, on the same GPU.",
)
@click.option(
    "--fresh", is_flag=True, help="A process started anew for each run, not forked from a warm one."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the report there as JSON.",
)
@shared.runner
@shared.model
@shared.python
@shared.time_limit
@shared.processes
def command(configs: tuple[str, ...], jobs: int, fresh: bool, **options: Any) -> None:
    """Train each CONFIG to its end, and hold ftlint's plan against what the trainer did.

    A folder stands for the configs in it. A tiny model stands in for the config's own: it changes
    no count. Packed rows depend on the tokenizer, so there the plan is first held to its bounds,
    then worked out again from the number of rows that the run had. Exit status: 0 when every number
    agrees, 1 when one does not or a run failed, 2 for a config that cannot be run.
    """
    from ftbench.models.source import TINY
    from ftbench.runners.job import Job, prepare, working_folder

    paths = list(files(configs))
    if not paths:
        shared.stop(f"{', '.join(configs)}: no *.yaml in there", shared.USAGE)
    output = shared.writable(options.pop("output"))
    options["model"] = options["model"] or TINY
    interpreter = shared.interpreter(options.pop("python"))
    processes = shared.taken_processes(options)
    rows: list[Row] = []
    try:
        with ExitStack() as stack, shared.as_usage():
            caches = stack.enter_context(working_folder())
            os.environ.setdefault("HF_DATASETS_CACHE", str(caches))
            os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
            made = [
                prepare(
                    Job(path, interpreter, processes=processes, full=True, measure=False,
                        **options),
                    stack.enter_context(working_folder()),
                )
                for path in paths
            ]  # fmt: skip
            for one in made:
                shared.say_errors(one.loaded)
            for row in _rows(made, jobs, fresh):
                rows.append(row)
                shared.say(f"{len(rows)}/{len(made)} {row.path}: {row.verdict}")
    except KeyboardInterrupt:
        shared.stop(
            "interrupted; the runs have been ended and nothing was written", shared.INTERRUPTED
        )
    order = {path: number for number, path in enumerate(paths)}
    rows.sort(key=lambda row: order[row.path])
    if output is not None:
        with shared.as_usage():
            write(output, report(rows))
    shared.put(table(rows))
    if any(row.verdict not in (EXACT, BOUNDED) for row in rows):
        sys.exit(shared.FAILED)


def files(given: tuple[str, ...]) -> Iterator[str]:
    """Yield the configs, of a folder those that lie in it."""
    for one in given:
        if Path(one).is_dir():
            yield from sorted(str(path) for path in Path(one).glob("*.y*ml"))
        else:
            yield one


def _rows(made: list[Prepared], jobs: int, fresh: bool) -> Iterator[Row]:
    from ftbench.runners import pool
    from ftbench.runners.launch import Processes

    def warm(one: Prepared) -> bool:
        # bitsandbytes picks its library when it is imported, by the GPU that it sees
        single = one.job.processes == Processes()
        return single and not fresh and not one.request["config"].get("quantization_bit")

    forks = [one for one in made if warm(one) and one.runner == "llamafactory"]
    others = [one for one in made if one not in forks]
    if forks:
        python, env = forks[0].job.interpreter.python, forks[0].env
        for one, ended in pool.forked(python, env, jobs, forks):
            row = _row(one, ended)
            if _lost_the_gpu(one, row):
                others.append(one)
            else:
                yield row
    for one, ended in pool.fresh(others):  # what was run before is written over
        yield _row(one, ended)


def _lost_the_gpu(made: Prepared, row: Row) -> bool:
    """Whether a fork could not use the GPU: then it is run again, in a process of its own."""
    if not made.job.interpreter.gpus:
        return False
    around, error = row.result["environment"], row.result["error"]
    if error is not None:
        return error["kind"] == "crash" and "CUDA" in error["message"]
    return around is not None and around["gpu"] is None


def _row(made: Prepared, ended: Ended) -> Row:
    from ftbench.runners import configs
    from ftbench.runners.job import finished
    from ftlint.steps import NoPlan

    log = made.folder / "log"
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    result = finished(made, ended, said)
    path, seen, error = made.loaded.path, result["trainer"], result["error"]
    plan = configs.plan(made.loaded, made.planned.values)
    if isinstance(plan, NoPlan):
        return Row(path, FAILED, [], result, False, [f"no plan: {plan.reason}"])
    if error is not None or seen is None:
        text = error["message"] if error is not None else "it never trained"
        return Row(path, FAILED, [], result, False, [text])
    found = checks(plan, seen)
    rows_from_run = False
    if plan.samples.total.exact is None and seen["rows"] is not None:
        again = configs.plan_with_rows(made.loaded, made.planned.values, seen["rows"])
        if not isinstance(again, NoPlan) and verdict(found) == BOUNDED:
            rows_from_run = True
            found = [found[0], *checks(again, seen)[1:]]
            outcome = verdict(found[1:])
            return Row(path, outcome, found, result, True, list(faults(found[1:])))
    return Row(path, verdict(found), found, result, rows_from_run, list(faults(found)))


def report(rows: list[Row]) -> dict[str, Any]:
    """Return the report as JSON, version 1."""
    from ftlint import __version__

    around = next((row.result["environment"] for row in rows if row.result["environment"]), None)
    return {
        "version": 1,
        "kind": "validation",
        "tool": {"ftlint": __version__},
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": ["bench", *sys.argv[1:]],
        "environment": around,
        "summary": summary(rows),
        "runs": [
            {
                "path": row.path,
                "verdict": row.verdict,
                "rows_from_run": row.rows_from_run,
                "checks": [check._asdict() for check in row.checks],
                "said": row.said,
                "config": row.result["config"],
                "plan": row.result["plan"],
                "trainer": row.result["trainer"],
                "wall": None if row.result["phases"] is None else row.result["phases"]["wall"],
                "error": row.result["error"],
            }
            for row in rows
        ],
    }


def summary(rows: list[Row]) -> dict[str, int]:
    """Count the verdicts."""
    kinds = (EXACT, BOUNDED, "wrong", FAILED)
    return {kind: sum(row.verdict == kind for row in rows) for kind in kinds}


_COLUMNS = (
    ("rows", "rows of the train set"), ("steps", "steps planned"), ("done", "steps done"),
    ("warmup", "warmup"), ("logs", "logs"), ("evals", "evaluations"), ("saves", "checkpoints"),
)  # fmt: skip


def table(rows: list[Row]) -> Iterator[str]:
    """Yield a line for each config, then what does not agree, then the sum."""
    width = max([len(row.path) for row in rows], default=6)
    heads = "".join(f"{head:>9}" for head, _ in _COLUMNS)
    yield f"{'config':<{width}}{heads}  verdict"
    for row in rows:
        by_name = {check.name: check for check in row.checks}
        cells = "".join(f"{_cell(by_name.get(name)):>9}" for _, name in _COLUMNS)
        note = " (rows as tokenised)" if row.rows_from_run else ""
        yield f"{row.path:<{width}}{cells}  {row.verdict}{note}"
    for row in rows:
        for text in row.said:
            yield f"{row.path}: {text}"
    yield ", ".join(f"{count} {kind}" for kind, count in summary(rows).items())


def _cell(check: Check | None) -> str:
    if check is None:
        return "–"
    same = check.verdict != "wrong"
    return str(check.seen) if same else f"{check.planned}≠{check.seen}"

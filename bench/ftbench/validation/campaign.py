"""Runs of configs to their end, each with what the plan said and what the trainer did."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ftbench.runners import configs, pool
from ftbench.runners.job import finished
from ftbench.runners.launch import Processes
from ftbench.validation.checks import BOUNDED, FAILED, Check, checks, faults, verdict
from ftlint.steps import NoPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.results.record import Result
    from ftbench.runners.job import PreparedRun
    from ftbench.runners.launch import ProcessEnd


class ValidatedRun(NamedTuple):
    """One config, run to its end."""

    path: str
    verdict: str
    checks: list[Check]
    result: Result
    rows_from_run: bool
    """The plan was worked out again from the number of rows that the run had."""
    said: list[str]


def run_all(made: Sequence[PreparedRun], jobs: int, *, fresh: bool) -> Iterator[ValidatedRun]:
    """Run what is prepared, and yield each with its checks as it ends.

    Where it can be, `jobs` at a time are forked from a process that has imported LLaMA Factory;
    `fresh` starts a process for each.
    """

    def warm(one: PreparedRun) -> bool:
        # bitsandbytes picks its library when it is imported, by the GPU that it sees
        single = one.job.processes == Processes()
        return single and not fresh and not one.request["config"].get("quantization_bit")

    forks = [one for one in made if warm(one) and one.runner == "llamafactory"]
    others = [one for one in made if one not in forks]
    if forks:
        python, env = forks[0].job.interpreter.python, forks[0].env
        for one, ended in pool.forked(python, env, jobs, forks):
            run = _validated(one, ended)
            if _lost_the_gpu(one, run):
                others.append(one)
            else:
                yield run
    for one, ended in pool.fresh(others):  # what was run before is written over
        yield _validated(one, ended)


def _lost_the_gpu(made: PreparedRun, run: ValidatedRun) -> bool:
    """Return whether a fork could not use the GPU: then it runs again in a process of its own."""
    if not made.job.interpreter.gpus:
        return False
    around, error = run.result["environment"], run.result["error"]
    if error is not None:
        return error["kind"] == "crash" and "CUDA" in error["message"]
    return around is not None and around["gpu"] is None


def _validated(made: PreparedRun, ended: ProcessEnd) -> ValidatedRun:
    log = made.folder / "log"
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    result = finished(made, ended, said)
    path, seen, error = made.loaded.path, result["trainer"], result["error"]
    plan = configs.plan(made.loaded, made.adapted.values)
    if isinstance(plan, NoPlan):
        why = plan.reason or "; ".join(made.loaded.errors)
        return ValidatedRun(path, FAILED, [], result, False, [f"no plan: {why}"])
    if error is not None or seen is None:
        text = error["message"] if error is not None else "it never trained"
        return ValidatedRun(path, FAILED, [], result, False, [text])
    found = checks(plan, seen)
    if plan.samples.total.exact is None and seen["rows"] is not None:
        again = configs.plan_with_rows(made.loaded, made.adapted.values, seen["rows"])
        if not isinstance(again, NoPlan) and verdict(found) == BOUNDED:
            found = [found[0], *checks(again, seen)[1:]]
            outcome = verdict(found[1:])
            return ValidatedRun(path, outcome, found, result, True, list(faults(found[1:])))
    return ValidatedRun(path, verdict(found), found, result, False, list(faults(found)))

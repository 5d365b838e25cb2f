"""One candidate, run for a few steps in a process of its own, and what that showed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners import launch, pool
from ftbench.runners.chosen_rows import BEFORE, steps_of
from ftbench.runners.interpreter import environment
from ftbench.runners.job import finished, prepare, working_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ftbench.results.record import Failure, Result, Step, Trace
    from ftbench.runners.job import Job, PreparedRun
    from ftbench.runners.protocol import Sample
    from ftbench.tuning.candidate import Candidate

    Start = Callable[[PreparedRun], launch.ProcessEnd]


class Trial(NamedTuple):
    """A candidate that was run. `purpose`: written, search, proof, again or alike.

    `each` are the seconds of the steps that were timed, as one of the whole training takes them;
    `seconds` is their mean. Loss and gradient norm are in `traces`, a step each. `rows`: those of
    the whole train set, where they were counted.
    """

    candidate: Candidate
    purpose: str
    each: tuple[float, ...]
    steps: tuple[Step, ...]
    traces: tuple[Trace, ...]
    allocated: int | None
    reserved: int | None
    wall: float
    rows: int | None
    error: Failure | None

    @property
    def seconds(self) -> float | None:
        """Seconds of a step; None where not all were timed."""
        return sum(self.each) / len(self.each) if self.each else None


def job_of(job: Job, changes: Sequence[tuple[str, Any]], sample: Sample) -> Job:
    """Return the job of a trial: the config's own with these keys, on the rows of the sample.

    At a constant rate: where one trial takes more steps than another, a schedule would set other
    rates for the same step, and their losses could not be held against each other.
    """
    same = (("disable_shuffling", True), ("lr_scheduler_type", "constant"))
    return job._replace(
        changed=(*job.changed, *changes, *same), sample=sample,
        steps=steps_of(sample), full=False, measure=True, traced=True, unsaved=True,
    )  # fmt: skip


@contextmanager
def processes(job: Job) -> Iterator[Start]:
    """Give what starts trials: forks of a process that has everything imported.

    Several GPUs, and what accelerate launches, have launchers of their own.
    """

    def fresh(made: PreparedRun) -> launch.ProcessEnd:
        request = made.folder / "request.json"
        arguments = launch.command(job.interpreter.python, request, job.processes)
        limit = made.job.time_limit
        return launch.run(arguments, made.env, made.folder / "log", limit, lambda _seconds: None)

    gpus, nodes, rendezvous, accelerate = job.processes
    if gpus * nodes > 1 or rendezvous or accelerate is not None:
        yield fresh
        return
    with pool.forks(job.interpreter.python, environment(job.interpreter, gpus)) as parent:

        def forked(made: PreparedRun) -> launch.ProcessEnd:
            parent.start(made)
            return parent.next_end()[1]

        yield forked


def run(
    job: Job, candidate: Candidate, purpose: str, share: int, start: Start
) -> tuple[Trial, Result]:
    """Run a candidate by a job of `job_of`; a step of the training has `share` times its rows.

    Raises:
        BadConfig, NoModel, Missing, KeyboardInterrupt: as `ftbench.runners.job.run`.
    """
    with working_folder() as folder:
        made = prepare(job, folder)
        ended = start(made)
        log = (folder / "log").read_text(encoding="utf-8", errors="replace")
        result = finished(made, ended, log)
    return trial_of(candidate, purpose, result, ended.seconds, job.sample, share), result


def trial_of(
    candidate: Candidate, purpose: str, result: Result, wall: float, sample: Sample | None,
    share: int,
) -> Trial:  # fmt: skip
    """Return what a result shows of a candidate."""
    assert sample is not None
    steps, memory = result["steps"], result["memory"]
    timed = tuple(steps[BEFORE : BEFORE + sample["timed"]])
    whole = result["error"] is None and len(timed) == sample["timed"]
    ranks = [] if memory is None else memory["ranks"]
    return Trial(
        candidate, purpose, tuple(_seconds(timed, share)) if whole else (), timed,
        tuple(_traces(steps, ranks)),
        max((one["peak_allocated"] or 0 for one in ranks), default=0) or None,
        max((one["peak_reserved"] or 0 for one in ranks), default=0) or None,
        wall, len(result["lengths"] or ()) or None, result["error"],
    )  # fmt: skip


def _seconds(timed: Sequence[Step], share: int) -> Iterator[float]:
    """Yield the seconds of each step; to a part of one what comes again is added."""
    by_device = [step["gpu_seconds"] for step in timed]
    known = [one for one in by_device if one is not None]
    whole = known if len(known) == len(timed) else [step["seconds"] for step in timed]
    for step, seconds in zip(timed, whole):
        again = (step["forward_backward"] or 0.0) + (step["data"] or 0.0)
        yield seconds + (share - 1) * again


def _traces(steps: Sequence[Step], ranks: Sequence[dict[str, Any]]) -> Iterator[Trace]:
    """Yield loss and gradient norm of each step; of several processes the mean loss of all."""
    others = [one["losses"] for one in ranks if one.get("losses")]
    for at, step in enumerate(steps):
        losses = [step.get("loss"), *(one[at] for one in others if at < len(one))]
        known = [one for one in losses if one is not None]
        loss = sum(known) / len(known) if known and len(known) == len(losses) else None
        yield {"loss": loss, "gradient_norm": step.get("gradient_norm")}

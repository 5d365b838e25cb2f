"""A tuning from beginning to end: the config as written, candidates, the proof of the best."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from ftbench.runners import configs
from ftbench.runners.chosen_rows import BEFORE, steps_of
from ftbench.runners.job import runner_of
from ftbench.runners.protocol import LLAMAFACTORY
from ftbench.tuning import limits, search, telling, trial
from ftbench.tuning.axes import Setting, axes_of
from ftbench.tuning.candidate import SEGMENTS, as_written, told, variables
from ftbench.tuning.known import NOISE, Known, block_of
from ftbench.tuning.limits import Circumstances
from ftlint.facts.effective import effective
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ftbench.results.record import Failure, Result
    from ftbench.runners.job import Job
    from ftbench.runners.protocol import Sample
    from ftbench.tuning.candidate import Candidate
    from ftbench.tuning.record import TrialRecord, Tuned
    from ftbench.tuning.trial import Start, Trial

BUDGET = 300.0
"""Seconds that all trials may take."""
SEARCH, PROOF = 2, 4
"""Candidates are timed over so many times the steps that the config as written is, and the best is
proven over so many: most of a trial is its start, and the config as written is slow."""
BLOCKS = {"written": 1, "again": 1, "alike": 1, "proof": PROOF}
"""Blocks that a trial times, by its purpose: `SEARCH` of any other."""
STARTING = 15.0
"""Seconds that a trial takes beside its steps, as long as none was seen."""
OVER = 0.1
"""What a proof may take over the budget, as a share of it: without it all was for nothing."""
LEAST_LIMIT = 60.0
"""Seconds that a trial may take in any case."""


class TuningRequest(NamedTuple):
    """What to tune. `allowed`: what may change the mathematics, by name."""

    job: Job
    budget: float = BUDGET
    allowed: tuple[str, ...] = ()


class TuningFailed(Exception):
    """The config as written cannot be run; its error says why."""

    def __init__(self, error: Failure) -> None:
        super().__init__(error["message"])
        self.error = error


class Told(NamedTuple):
    """Who is told of a tuning: lines for people, the record after every trial, each raw result."""

    say: Callable[[str], None]
    record: Callable[[Tuned], None]
    result: Callable[[str, Result], None]


def tune(request: TuningRequest, listeners: Told) -> Tuned:
    """Return the fastest way to run a config's training that could be found and proven.

    Raises:
        TuningFailed: the config as written does not train, for another reason than memory.
        BadConfig, NoModel, Missing, KeyboardInterrupt: as `ftbench.runners.job.run`.
    """
    session = Session(request, listeners)
    with trial.processes(request.job) as start:
        session.work(start)
    return session.record(done=True)


class Session:
    """A tuning that is under way."""

    def __init__(self, request: TuningRequest, listeners: Told) -> None:
        self.request, self.listeners = request, listeners
        self.began = time.monotonic()
        self.known = known_of(request)
        self.records: list[TrialRecord] = []
        self.notes: list[str] = []
        self.ended: str | None = None
        self.after: Trial | None = None

    @property
    def spent(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.request.budget - self.spent

    def work(self, start: Start) -> None:
        """Run the config as written, then candidates, then the proof of the best.

        The config as written and the best are then timed one after the other: a machine that was
        busy at first would otherwise show as a gain.
        """
        self.as_written(start)
        self._search(start)
        self._prove(start)
        self._time_again(start)
        found = self._chosen()
        self.after = None if found is None else self.known.counting(found)
        if self.after is None or found == self.known.written:
            return
        if self.known.draws:
            self._compare(start, self.after)
        if self.after is not None and variables(self.after.candidate, self.known.written):
            other = self.known.without_segments()
            if other is not None:
                self.notes.append(
                    f"without {SEGMENTS[0]} it may run out of memory; best there: {other}"
                )

    def as_written(self, start: Start) -> None:
        """Run the config as written, and find out what may be varied.

        Where that shows the run to have fewer steps than its trials take, it is run once more, with
        smaller blocks.

        Raises:
            TuningFailed: it does not train, for another reason than memory.
        """
        known = self.known
        self.listeners.say(f"as written: {told(known.written)}")
        found, result = self._run(
            known.written, "written", self._sample("written"), start, count=True
        )
        if found.error is not None and found.error["kind"] != "out_of_memory":
            raise TuningFailed(found.error)
        learnt = with_result(known, found, result, self.request)
        block = block_of(learnt.written, learnt.world, learnt.steps)
        if block < known.block:
            self.known = known._replace(block=block, steps=learnt.steps)
            self.as_written(start)
            return
        self.known = learnt
        self.notes += learnt.axes.notes
        self._note(found, None)

    def _search(self, start: Start) -> None:
        """Try candidates until none is left or there is no time; note in `ended` which it was."""
        # Where only the first run counts the rows, it may turn out here to be too short.
        space, self.ended = self.known.space(), self.known.too_short
        while self.ended is None:
            tried, predict = self.known.tried(), self.known.expectation()
            candidate = search.following(space, tried, predict)
            if candidate is None:
                self.ended = "nothing is left to try that may be faster"
                break
            seconds = predict(candidate) if self.known.lengths else 0.0
            found = search.best(space, tried)
            best = None if found is None or found.candidate == space.written else found.seconds
            least = seconds if best is None else min(best, seconds)
            again = 0.0 if best is None else self._again(least)
            rest = self._price(least, "proof") + again + self._comparing()
            need = self._price(seconds, "search")
            if need + rest > self.left:
                self.ended = (
                    f"the {max(0.0, self.left):.0f} s left are too few for the next trial"
                    f" ({need:.0f} s) and the proof and timings after it ({rest:.0f} s)"
                )
                break
            self.attempt(candidate, "search", start, seconds)

    def attempt(
        self, candidate: Candidate, purpose: str, start: Start, expected: float | None = None
    ) -> Trial:
        """Run a candidate and note what it showed."""
        found, _ = self._run(candidate, purpose, self._sample(purpose, candidate.grouped), start)
        self.known = self.known._replace(trials=(*self.known.trials, found))
        self._note(found, expected)
        return found

    def _prove(self, start: Start) -> None:
        """Run the finalists longer, with the longest rows once more at the end."""
        while (finalists := self.known.finalists()) and self._tries() < search.MOST:
            candidate, held = finalists[0], self._tries() > 0
            seconds = min(
                one.seconds or 0.0 for one in self.known.tried() if one.candidate == candidate
            )
            over = -self._again(seconds) if held else OVER * self.request.budget
            if self._price(seconds, "proof") > self.left - self._comparing() + over:
                what = "all that come near the best were" if held else "the result was"
                self.notes.append(f"the budget ended before {what} proven")
                break
            self.attempt(candidate, "proof", start, seconds)

    def _time_again(self, start: Start) -> None:
        """Time the config as written once more, then the best, as far as there is time for it.

        Where the two timings of the config as written differ by more than chance, something
        disturbed one of them: it is timed a third time.
        """
        written = self.known.written
        if len(self.known.trials) > 1 and self._room_for(written):
            self.attempt(written, "again", start)
            self._prove(start)  # of what comes near the best only by this timing
            done = set()
            while (found := self._fastest_proof()) not in done and self._room_for(found):
                done.add(found)
                self.attempt(found, "again", start)
            if self.known.disturbed() is not None and self._room_for(written):
                self.attempt(written, "again", start)
        self.notes += telling.on_timing(self.known, self._chosen())

    def _room_for(self, one: Candidate | None) -> TypeGuard[Candidate]:
        """Return whether a candidate held and there is time to run it once more."""
        counting = None if one is None else self.known.counting(one)
        if counting is None or counting.seconds is None:
            return False
        return self._price(counting.seconds, "again") <= self.left - self._comparing()

    def _chosen(self) -> Candidate | None:
        """Return the fastest of what was proven, or else the config as written."""
        both = self.known.held_against(self._fastest_proof())
        found = search.chosen(self.known.space(), both, self._changes)
        return None if found is None else found.candidate

    def _fastest_proof(self) -> Candidate | None:
        """Return the fastest of what was proven, whatever the config as written takes."""
        proofs = [one for one in self.known.proven() if one.candidate != self.known.written]
        found = search.chosen(self.known.space(), proofs, self._changes)
        return None if found is None else found.candidate

    def _tries(self) -> int:
        """Return how many proofs held."""
        return len([one for one in self.known.proven() if one.candidate != self.known.written])

    def _compare(self, start: Start, after: Trial) -> None:
        """Compare losses without what is drawn at random: of the config and of the result."""
        quiet = ((NOISE, None),) if self.known.values.get(NOISE) else ()
        for candidate in (self.known.written, after.candidate):
            found, _ = self._run(candidate, "alike", self._sample("alike"), start, more=quiet)
            self.known = self.known._replace(trials=(*self.known.trials, found))
            self._note(found, None)
        self.notes.append("losses were compared without dropout and noise, which are of chance")
        if self.known.why_not(found) is not None:
            self.after = self.known.counting(self.known.written)

    def _comparing(self) -> float:
        """Return what it takes to compare losses without chance, where that will be needed."""
        before = self.known.before
        if not self.known.draws or before is None or before.seconds is None:
            return 0.0
        return 2 * self._price(before.seconds, "alike")

    def _again(self, seconds: float) -> float:
        """Return what it takes to time the config as written once more, and one of such steps."""
        before = self.known.before
        if before is None or before.seconds is None:
            return 0.0
        return self._price(before.seconds, "again") + self._price(seconds, "again")

    def _sample(self, purpose: str, grouped: bool = False) -> Sample:
        """Return the rows of a trial."""
        blocks = BLOCKS.get(purpose, SEARCH)
        return self.known.sample(blocks=blocks, again=purpose == "proof", grouped=grouped)

    def _changes(self, one: Candidate) -> int:
        """Return how much a candidate changes, for a choice between what is as fast."""
        written = self.known.written
        return len(self.known.keys(one)) + len(variables(one, written))

    def _price(self, seconds: float, purpose: str) -> float:
        """Return what a trial takes whose steps of the training take so many seconds."""
        share = self.known.share
        starts = [
            one.wall - one.seconds / share * (BEFORE + len(one.steps))
            for one in self.known.trials
            if one.seconds is not None and one.purpose not in ("proof", "again")
        ]
        steps = steps_of(self._sample(purpose))
        return (max(2.0, median(starts)) if starts else STARTING) + seconds / share * steps

    def _run(
        self, candidate: Candidate, purpose: str, sample: Sample, start: Start,
        *, count: bool = False, more: tuple[tuple[str, Any], ...] = (),
    ) -> tuple[Trial, Result]:  # fmt: skip
        known = self.known
        if known.values.get("lr_scheduler_kwargs"):
            more = (*more, ("lr_scheduler_kwargs", None))  # those of another schedule
        made = trial.job_of(
            self.request.job, (*known.keys(candidate, trialled=True), *more), sample
        )
        made = made._replace(
            env=variables(candidate, known.written),
            still=purpose == "alike",
            count_lengths=count or candidate.packing != known.written.packing,
            time_limit=max(LEAST_LIMIT, self.left),
        )
        found, result = trial.run(made, candidate, purpose, known.share, start)
        self.listeners.result(f"{len(self.records) + 1:02}-{purpose}", result)
        return found, result

    def _note(self, found: Trial, expected: float | None) -> None:
        self.records.append(telling.of_trial(self.known, found, expected))
        self.listeners.say(telling.line(self.known, found))
        self.listeners.record(self.record(done=False))

    def record(self, *, done: bool) -> Tuned:
        """Return what is known so far."""
        return telling.of_session(self, done=done)


def known_of(request: TuningRequest) -> Known:
    """Return what is known of a run before anything is tried. Raises `BadConfig`, `Missing`."""
    job = request.job
    gpus, nodes, *_ = job.processes
    loaded = configs.load(job.path, job.interpreter.packages, gpus, nodes)
    values = effective(loaded.values, Catalogue(loaded.target, "train"))
    if runner_of(job) != LLAMAFACTORY:
        why = "LLaMA Factory's own training is tuned: install it, or name its --python"
        raise configs.BadConfig(f"{job.path}: {why}")
    for why in objections(values):
        raise configs.BadConfig(f"{job.path}: {why}")
    of = Circumstances(loaded, loaded.values, forecast=job.model is None)
    steps, world = limits.total_steps(of, ()), gpus * nodes
    block = block_of(as_written(values), world, steps)
    known = Known(of, values, world, block, steps, request.allowed)
    if known.too_short is not None:
        raise configs.BadConfig(f"{job.path}: {known.too_short}")
    return known


def objections(values: dict[str, Any]) -> Iterable[str]:
    """Yield what keeps a config from being tuned."""
    if not values.get("do_train"):
        yield "no do_train: true, so nothing is trained"
    if values.get("streaming"):
        yield "with `streaming` the longest batch is not known before it comes"
    if values.get("stage") == "ppo":
        yield "`stage: ppo` generates its rows: what they take is not known"
    if values.get("auto_find_batch_size"):
        yield "`auto_find_batch_size` changes the batch by itself"
    for name in ("per_device_train_batch_size", "gradient_accumulation_steps"):
        one = values.get(name)
        if not isinstance(one, int) or isinstance(one, bool) or one < 1:
            yield f"`{name}` is not a positive integer"


def with_result(known: Known, found: Trial, result: Result, request: TuningRequest) -> Known:
    """Return what is known once the config was run as written."""
    environment, method = result["environment"], result["method"]
    gpu = None if environment is None else environment["gpu"]
    lengths = tuple(result["lengths"] or ())
    of = known.of._replace(
        rows=found.rows, total=None if gpu is None else gpu["memory_bytes"],
        longest=-(-max(lengths) // 8) * 8 if lengths else None,
    )  # fmt: skip
    run = of.loaded.run if of.forecast else None
    setting = Setting(
        known.values, request.job.interpreter.packages,
        None if gpu is None else float(gpu["capability"]), known.world,
        None if method is None else method.get("averaged"),
        None if run is None else bool(run.dimensions.shape.family.liger),
        of.loaded.inputs.deepspeed, request.allowed,
    )  # fmt: skip
    axes = axes_of(setting, known.written)
    return known._replace(
        of=of, axes=axes, lengths=lengths, environment=environment, trials=(*known.trials, found),
        steps=limits.total_steps(of, ()),
    )  # fmt: skip

"""A tuning from beginning to end: the config as written, candidates, the proof of the best."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners import configs
from ftbench.runners.chosen_rows import BEFORE, steps_of
from ftbench.runners.job import runner_of
from ftbench.runners.protocol import LLAMAFACTORY
from ftbench.tuning import limits, search, trial
from ftbench.tuning.axes import Axes, Setting, axes_of, rows_of_step
from ftbench.tuning.candidate import SEGMENTS, as_written, changed, told, variables
from ftbench.tuning.expected import Law, factor, law
from ftbench.tuning.limits import Circumstances
from ftbench.tuning.record import KIND, VERSION, TrialRecord, Tuned, Ways
from ftbench.tuning.sameness import Sameness, compare
from ftlint.facts.effective import effective
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ftbench.results.record import Failure, Result
    from ftbench.runners.job import Job
    from ftbench.runners.protocol import Sample
    from ftbench.tuning.candidate import Candidate
    from ftbench.tuning.trial import Start, Trial

BUDGET = 300.0
"""Seconds that all trials may take."""
ROWS, LEAST_TIMED, MOST_TIMED = 32, 2, 8
"""Rows that are timed of a candidate, as far as that is between so many steps."""
SEARCH, PROOF = 2, 4
"""Candidates are timed over so many times the steps that the config as written is, and the best is
proven over so many: most of a trial is its start, and the config as written is slow."""
STARTING = 15.0
"""Seconds that a trial takes beside its steps, as long as none was seen."""


class Request(NamedTuple):
    """What to tune. `allowed`: what may change the mathematics, by name."""

    job: Job
    budget: float = BUDGET
    allowed: tuple[str, ...] = ()


class Failed(Exception):
    """The config as written cannot be run; its error says why."""

    def __init__(self, error: Failure) -> None:
        super().__init__(error["message"])
        self.error = error


class Told(NamedTuple):
    """Who is told of a tuning: lines for people, the record after every trial, each raw result."""

    say: Callable[[str], None]
    record: Callable[[Tuned], None]
    result: Callable[[str, Result], None]


def tune(request: Request, told_: Told) -> Tuned:
    """Return the fastest way to run a config's training that could be found and proven.

    Raises:
        Failed: the config as written does not train, for another reason than memory.
        BadConfig, NoModel, Missing, KeyboardInterrupt: as `ftbench.runners.job.run`.
    """
    session = Session(request, told_)
    with trial.processes(request.job) as start:
        session.work(start)
    return session.record(done=True)


class Session:
    """What is known so far, and what is done next."""

    def __init__(self, request: Request, told_: Told) -> None:
        self.request, self.told = request, told_
        self.began = time.monotonic()
        job = request.job
        gpus, nodes, *_ = job.processes
        self.world = gpus * nodes
        loaded = configs.load(job.path, job.interpreter.packages, gpus, nodes)
        values = effective(loaded.values, Catalogue(loaded.target, "train"))
        _check(job, values)
        self.values = values
        self.written = as_written(values)
        self.each = rows_of_step(self.written)
        self.share = self.written.effective // self.each
        self.by_name = Catalogue(loaded.target, "train").get("train_sampling_strategy") is not None
        self.of = Circumstances(
            loaded, loaded.values, total=job.memory_limit, forecast=job.model is None
        )
        self.trials: list[Trial] = []
        self.records: list[TrialRecord] = []
        self.lengths: list[int] = []
        self.environment: Any = None
        self.axes = Axes((), ())
        self.before: Trial | None = None
        self.after: Trial | None = None
        self.notes: list[str] = []

    # What there is to spend

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.request.budget - (time.monotonic() - self.began)

    def sample(self, *, blocks: int = 1, again: bool = False, grouped: bool = False) -> Sample:
        """Return the rows of a trial."""
        timed = max(LEAST_TIMED, min(MOST_TIMED, -(-ROWS // (self.each * self.world))))
        return {
            "per_step": self.each * self.world, "timed": blocks * timed, "block": timed,
            "again": again, "grouped": grouped,
        }  # fmt: skip

    def price(self, seconds: float, sample: Sample) -> float:
        """Return what a trial takes whose steps of the training take so many seconds."""
        known = [
            one.wall - one.seconds / self.share * (BEFORE + len(one.steps))
            for one in self.trials
            if one.seconds is not None and one.purpose != "proof"
        ]
        starting = max(2.0, median(known)) if known else STARTING
        return starting + seconds / self.share * steps_of(sample)

    # What is done

    def work(self, start: Start) -> None:
        """Run the config as written, then candidates, then the proof of the best."""
        self.as_written(start)
        space = search.Space(self.written, self.axes.offered, self._allows)
        while True:
            tried = self._tried()
            prediction = self._expected()
            candidate = search.following(space, tried, prediction)
            found = search.best(space, tried)
            proof = 0.0
            if found is not None and found.seconds is not None:
                proof = self.price(found.seconds, self.sample(blocks=PROOF, again=True))
            if candidate is None:
                break
            seconds = prediction(candidate)
            if self._law is None:
                seconds = self.written_seconds or 0.0
            if self.price(seconds, self.sample(blocks=SEARCH)) + proof > self.left:
                self.notes.append("the budget ended before all neighbours of the best were tried")
                break
            self.attempt(
                candidate, "search", self.sample(blocks=SEARCH, grouped=candidate.grouped),
                start, seconds,
            )  # fmt: skip
        self._prove(space, start)
        self._without_variables(space)

    def as_written(self, start: Start) -> None:
        """Run the config as written, and find out what may be varied.

        Raises:
            Failed: it does not train, for another reason than memory.
        """
        self.told.say(f"as written: {told(self.written)}")
        job = self.request.job._replace(count_lengths=True)
        found, result = self._run(job, self.written, "written", self.sample(), start)
        self.environment = result["environment"]
        self.lengths = result["lengths"] or []
        gpu = None if self.environment is None else self.environment["gpu"]
        total = self.of.total or (None if gpu is None else gpu["memory_bytes"])
        longest = max(self.lengths, default=None)
        self.of = self.of._replace(
            rows=found.rows, total=total if gpu is not None else None,
            longest=None if longest is None else -(-longest // 8) * 8,
        )  # fmt: skip
        if found.error is not None and found.error["kind"] != "out_of_memory":
            raise Failed(found.error)
        method, run = result["method"], self.of.loaded.run if self.of.forecast else None
        self.axes = axes_of(
            Setting(
                self.values, self.request.job.interpreter.packages,
                None if gpu is None else float(gpu["capability"]), self.world,
                None if method is None else method.get("averaged"),
                None if run is None else run.dimensions.shape.family.liger,
                self.of.loaded.inputs.deepspeed, self.request.allowed,
            ),
            self.written,
        )  # fmt: skip
        self.notes += self.axes.notes
        self.before = found
        self._note(found, None)

    def attempt(
        self, candidate: Candidate, purpose: str, sample: Sample, start: Start,
        expected: float | None,
    ) -> Trial:  # fmt: skip
        """Run a candidate and note what it showed."""
        found, _ = self._run(self.request.job, candidate, purpose, sample, start)
        self._note(found, expected)
        return found

    def _run(
        self, job: Job, candidate: Candidate, purpose: str, sample: Sample, start: Start
    ) -> tuple[Trial, Result]:
        made = trial.job_of(job, self.keys(candidate, trialled=True), sample)
        made = made._replace(
            env=variables(candidate, self.written),
            count_lengths=job.count_lengths or candidate.packing != self.written.packing,
            time_limit=max(60.0, self.left) if purpose != "proof" else None,
        )
        found, result = trial.run(made, candidate, purpose, self.share, start)
        self.trials.append(found)
        self.told.result(f"{len(self.trials):02}-{purpose}", result)
        return found, result

    def _prove(self, space: search.Space, start: Start) -> None:
        """Run the best longer, with the longest rows once more at the end, until one holds.

        What turns out slower than it seemed is held against the next best, which is proven as well.
        """
        sample = self.sample(blocks=PROOF, again=True)
        while True:
            found = search.chosen(
                space, self._tried(), lambda one: len(self.keys(one)) + one.segments
            )
            if found is None or found.seconds is None:
                return
            if found.candidate == self.written:
                self.after = self.before
                return
            proven = [one for one in self.trials if one.purpose == "proof"]
            for one in proven:
                if one.candidate == found.candidate:
                    self.after = one
                    return
            if self.price(found.seconds, sample) > max(self.left, 0.1 * self.request.budget):
                self.after = next((one for one in proven if self.why_not(one) is None), None)
                if self.after is None:
                    self.notes.append("the budget ended before the result was proven")
                return
            grouped = found.candidate.grouped
            self.attempt(
                found.candidate, "proof", {**sample, "grouped": grouped}, start, found.seconds
            )

    def _without_variables(self, space: search.Space) -> None:
        """Note what is the best for who does not set the allocator's variable."""
        if self.after is None or not self.after.candidate.segments or self.written.segments:
            return
        others = [one for one in self._tried() if not one.candidate.segments]
        found = search.best(space, others)
        if found is not None and found.seconds is not None:
            what = f"{told(found.candidate)}, {found.seconds:.3g} s a step"
            self.notes.append(f"without {SEGMENTS[0]} it may run out of memory; best there: {what}")

    # What is known

    def keys(self, candidate: Candidate, *, trialled: bool = False) -> tuple[tuple[str, Any], ...]:
        """Return the keys of a candidate; those of a trial, whose steps may be parts of steps."""
        written = self.written
        if not trialled or self.share == 1:
            return changed(candidate, written, names=self.by_name)
        part = candidate._replace(accumulation=candidate.accumulation // self.share)
        return changed(part, written, names=self.by_name)

    @property
    def written_seconds(self) -> float | None:
        """Seconds of a step of the config as written."""
        return None if self.before is None else self.before.seconds

    def _allows(self, candidate: Candidate) -> bool:
        """Return whether a candidate is the same run, and may fit."""
        keys = self.keys(candidate)
        if limits.too_large(self.of, keys, segments=candidate.segments) is not None:
            return False
        if candidate.packing != self.written.packing:
            return True
        return limits.total_steps(self.of, keys) == limits.total_steps(self.of, ())

    def _expected(self) -> Callable[[Candidate], float]:
        """Return what tells the seconds of a candidate's step from what was tried."""
        self._law = self._fitted()
        if self._law is None:  # as little memory as can be comes first
            return lambda one: one.batch / factor(one) * (1 if one.liger else 2)
        return self._law.seconds

    def _fitted(self) -> Law | None:
        if not self.lengths:
            return None
        done = [(one.candidate, one.steps) for one in self.trials if one.seconds is not None]
        return law(done, self.lengths, self.sample())

    def _tried(self) -> list[search.Tried]:
        """Return what was tried, the last word on each candidate; one that may not be taken too."""
        found: dict[Candidate, search.Tried] = {}
        for one in self.trials:
            full = one.error is not None and one.error["kind"] == "out_of_memory"
            seconds = self._whole(one) if self.why_not(one) is None else None
            found[one.candidate] = search.Tried(one.candidate, seconds, full)
        return list(found.values())

    def _whole(self, one: Trial) -> float | None:
        """Return the seconds that decide: of a step, or of as much as one of the config's is."""
        if one.seconds is None or one.candidate.packing == self.written.packing:
            return one.seconds
        ours = limits.total_steps(self.of, ())
        theirs = self.steps_of(one)
        return None if not ours or theirs is None else one.seconds * theirs / ours

    def steps_of(self, one: Trial) -> int | None:
        """Return the steps of the whole run with a candidate."""
        keys = self.keys(one.candidate)
        packed = one.candidate.packing != self.written.packing
        return limits.total_steps(self.of, keys, one.rows if packed else None)

    def why_not(self, one: Trial) -> str | None:
        """Return why a candidate that was tried may not be taken, None where it may."""
        if one.error is not None:
            return one.error["kind"].replace("_", " ")
        if one.seconds is None:
            return "it took fewer steps than it should"
        if one.candidate == self.written:
            return None
        segments = one.candidate.segments
        why = limits.margin(self.of, self.keys(one.candidate), one.allocated, segments=segments)
        if why is None and self.sameness(one).same is False and not self._is_other(one.candidate):
            return "loss or gradient differ from those of the config as written"
        return why

    def _is_other(self, one: Candidate) -> bool:
        """Return whether a candidate was asked for although it is another training."""
        return (
            one.packing != self.written.packing
            or one.grouped != self.written.grouped
            or ("batch-split" in self.request.allowed and one.batch != self.written.batch)
        )

    def sameness(self, one: Trial) -> Sameness:
        """Return how far a candidate's losses and gradients are from those of the config."""
        values = self.values
        half = bool(values.get("bf16") or values.get("fp16") or values.get("pure_bf16"))
        half = half or bool(values.get("quantization_bit"))
        half = half and self.environment is not None and self.environment["gpu"] is not None
        stage = str(values.get("stage") or "sft")
        written = self.before.traces if self.before is not None else ()
        if self.before is None or self.before.seconds is None:
            written = ()
        return compare(written, one.traces, stage=stage, half=half)

    # What is told

    def _note(self, found: Trial, expected: float | None) -> None:
        record = self._trial_record(found, expected)
        self.records.append(record)
        self.told.say(_line(record, found))
        self.told.record(self.record(done=False))

    def _trial_record(self, found: Trial, expected: float | None) -> TrialRecord:
        alike = self.sameness(found) if found.candidate != self.written else None
        rows = self.written.effective * self.world
        tokens = sum(one[2] for step in found.steps for one in step["micro_batches"])
        timed = sum(step["seconds"] for step in found.steps)
        return {
            "purpose": found.purpose,
            "candidate": found.candidate._asdict(),
            "keys": dict(self.keys(found.candidate)),
            "variables": dict(variables(found.candidate, self.written)),
            "expected": expected,
            "seconds": found.seconds,
            "rows_per_second": None if not found.seconds else rows / found.seconds,
            "tokens_per_second": tokens / timed * self.world if timed and found.seconds else None,
            "peak_allocated": found.allocated,
            "peak_reserved": found.reserved,
            "wall": found.wall,
            "same": None if alike is None else alike.same,
            "loss": None if alike is None else alike.loss,
            "gradient": None if alike is None else alike.gradient,
            "losses": [one.get("loss") for one in found.traces],
            "why_not": self.why_not(found),
            "error": None if found.error is None else found.error["message"],
        }

    def record(self, *, done: bool) -> Tuned:
        """Return what is known so far."""
        before = self._ways(self.before)
        after = before if self.after is self.before else self._ways(self.after)
        tuned = self.after is not None and self.after is not self.before
        speedup = None
        if before is not None and after is not None and before["seconds"] and after["seconds"]:
            speedup = before["seconds"] / after["seconds"]
        kept = self.after.candidate if self.after is not None else self.written
        assert not tuned or kept.packing or self._steps_are_the_same()
        loaded = self.of.loaded
        return {
            "version": VERSION,
            "kind": KIND,
            "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "config": {"path": loaded.path, "sha256": loaded.sha256},
            "environment": self.environment,
            "budget": self.request.budget,
            "spent": time.monotonic() - self.began,
            "world": self.world,
            "rows_per_step": self.written.effective * self.world,
            "sample": {name: int(value) for name, value in self.sample().items()},  # type: ignore[call-overload]
            "tolerance": self.sameness(self.trials[0]).allowed if self.trials else (0.0, 0.0),
            "axes": {axis.name: list(axis.values) for axis in self.axes.offered},
            "trials": list(self.records),
            "before": before,
            "after": after,
            "speedup": speedup,
            "keys": dict(self.keys(kept)),
            "variables": dict(variables(kept, self.written)),
            "notes": list(dict.fromkeys(self.notes)),
            "done": done,
        }

    def _steps_are_the_same(self) -> bool:
        assert self.before is not None
        assert self.after is not None
        return self.steps_of(self.before) == self.steps_of(self.after)

    def _ways(self, one: Trial | None) -> Ways | None:
        """Return a trial that was noted, with the steps of the whole run."""
        noted = [record for other, record in zip(self.trials, self.records) if other is one]
        if one is None or not noted:
            return None
        steps = self.steps_of(one)
        whole = None if steps is None or one.seconds is None else steps * one.seconds
        return {"trial": noted[0], "steps": steps, "seconds": whole}


def _check(job: Job, values: dict[str, Any]) -> None:
    """Raise where a config cannot be tuned."""
    if runner_of(job) != LLAMAFACTORY:
        why = "it is LLaMA Factory's own training that is tuned: install it, or name its --python"
        raise configs.BadConfig(f"{job.path}: {why}")
    reasons: Sequence[tuple[object, str]] = (
        (not values.get("do_train"), "no do_train: true, so nothing is trained"),
        (
            values.get("streaming"),
            "with `streaming` the longest batch is not known before it comes",
        ),
        (
            values.get("stage") == "ppo",
            "`stage: ppo` generates its rows: their times are not known",
        ),
        (values.get("auto_find_batch_size"), "`auto_find_batch_size` changes the batch by itself"),
    )
    numbers = ("per_device_train_batch_size", "gradient_accumulation_steps")
    for name in numbers:
        one = values.get(name)
        whole = isinstance(one, int) and not isinstance(one, bool) and one > 0
        reasons = (*reasons, (not whole, f"{name} is not a positive integer"))
    for said, why in reasons:
        if said:
            raise configs.BadConfig(f"{job.path}: {why}")


def _line(record: TrialRecord, found: Trial) -> str:
    """Return what a line on the terminal says of a trial."""
    parts = [f"{told(found.candidate)}:"]
    if found.seconds is not None:
        parts.append(f"{found.seconds:.3g} s a step")
    if found.allocated:
        parts.append(f"{found.allocated / 1e9:.1f} GB")
    if record["why_not"]:
        parts.append(f"not taken: {record['why_not']}")
    return "  ".join([f"{found.wall:5.0f} s ", *parts])

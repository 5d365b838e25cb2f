"""What is known of a tuning so far: the run, its axes, and what each trial showed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners.chosen_rows import BEFORE
from ftbench.tuning import expected, limits, search
from ftbench.tuning.axes import BATCH, GROUPING, PACKING, Axes, rows_of_step
from ftbench.tuning.candidate import as_written, changed, told
from ftbench.tuning.sameness import Sameness, compare
from ftbench.tuning.steadiness import difference
from ftlint.support.messages import plural
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ftbench.results.record import Environment
    from ftbench.runners.protocol import Sample
    from ftbench.tuning.candidate import Candidate
    from ftbench.tuning.limits import Circumstances
    from ftbench.tuning.steadiness import Difference
    from ftbench.tuning.trial import Trial

ROWS, LEAST_TIMED, MOST_TIMED = 32, 2, 8
"""Rows that are timed of a candidate, as far as that is between so many steps."""
AGAIN = 1
"""Steps of a proof after those that are timed: the longest rows once more."""
DROPOUT, NOISE = "lora_dropout", "neftune_noise_alpha"
"""What draws numbers in the shape of a batch: losses differ by them whatever else is alike. The
head of a reward model has a dropout of its own (trl/models/modeling_value_head.py ValueHead)."""


class Known(NamedTuple):
    """A run and what was tried of it. The first trial is of the config as written.

    `values` are the config's over its defaults, `lengths` the tokens of all its rows. `block`:
    steps that are timed of the config as written; other trials time whole blocks, so that all have
    rows of the same lengths. `steps`: those of the whole run, where they are known.
    """

    of: Circumstances
    values: Mapping[str, Any]
    world: int
    block: int
    steps: int | None = None
    allowed: tuple[str, ...] = ()
    axes: Axes = Axes((), ())
    lengths: tuple[int, ...] = ()
    environment: Environment | None = None
    trials: tuple[Trial, ...] = ()

    # The run

    @property
    def written(self) -> Candidate:
        """The candidate that the config is."""
        return as_written(self.values)

    @property
    def before(self) -> Trial | None:
        """The trial of the config as written."""
        return self.trials[0] if self.trials else None

    @property
    def share(self) -> int:
        """How many steps of a trial have the rows of one of the training."""
        return self.written.effective // rows_of_step(self.written)

    def sample(self, *, blocks: int = 1, again: bool = False, grouped: bool = False) -> Sample:
        """Return the rows of a trial: of so many blocks, as far as the run has their steps."""
        if self.steps is not None:
            room = self.steps * self.share - BEFORE - again * AGAIN
            blocks = max(1, min(blocks, room // self.block))
        return {
            "per_step": rows_of_step(self.written) * self.world, "timed": blocks * self.block,
            "block": self.block, "again": again, "grouped": grouped,
        }  # fmt: skip

    @property
    def too_short(self) -> str | None:
        """Why nothing can be proven of the run: it has fewer steps than that takes."""
        least = -(-(BEFORE + self.block + AGAIN) // self.share)
        if self.steps is None or self.steps >= least:
            return None
        return (
            f"nothing can be proven of so short a run: it takes {self.steps} optimizer"
            f" {plural('step', self.steps)}, a proof at least {least}"
        )

    def keys(self, candidate: Candidate, *, trialled: bool = False) -> tuple[tuple[str, Any], ...]:
        """Return the keys of a candidate; those of a trial, whose steps may be parts of steps."""
        by_name = Catalogue(self.of.loaded.target, "train").get("train_sampling_strategy")
        if trialled:
            part = candidate.accumulation // self.share
            candidate = candidate._replace(accumulation=part)
        return changed(candidate, self.written, names=by_name is not None)

    def steps_of(self, candidate: Candidate, packs: int | None = None) -> int | None:
        """Return the steps of the whole run; with packing they are known by the `packs` alone."""
        packed = candidate.packing != self.written.packing
        return limits.total_steps(self.of, self.keys(candidate), packs if packed else None)

    # What may be tried

    def space(self) -> search.Space:
        """Return the candidates of this run that may be tried."""
        found: dict[Candidate, bool] = {}

        def allows(candidate: Candidate) -> bool:
            if candidate not in found:
                found[candidate] = self._allows(candidate)
            return found[candidate]

        return search.Space(self.written, self.axes.offered, allows)

    def _allows(self, candidate: Candidate) -> bool:
        """Return whether a candidate takes the same steps, and may fit.

        Segments expand only where it would not fit otherwise: they make nothing faster.
        """
        keys = self.keys(candidate)
        asked = candidate.segments and not self.written.segments
        if asked and limits.too_large(self.of, keys) is None:
            return False
        if limits.too_large(self.of, keys, segments=candidate.segments) is not None:
            return False
        packed = candidate.packing != self.written.packing
        return packed or self.steps_of(candidate) == self.steps_of(self.written)

    def expectation(self) -> Callable[[Candidate], float]:
        """Return what tells the seconds of a candidate's step by what was tried."""
        done = [(one.candidate, one.steps) for one in self.trials if one.seconds is not None]
        found = expected.law(done, self.lengths, self.sample()) if self.lengths else None
        return expected.by_memory if found is None else found.seconds

    # What was found

    def tried(self) -> list[search.Tried]:
        """Return what trials of the search showed of each candidate, and of those that a proof was
        against, that.
        """
        found: dict[Candidate, search.Tried] = {}
        for one in self.trials:
            why_not = self.why_not(one)
            if one.purpose == "alike" or (one.purpose in ("proof", "again") and why_not is None):
                continue
            full = one.error is not None and one.error["kind"] == "out_of_memory"
            seconds = self._deciding(one) if why_not is None else None
            found[one.candidate] = search.Tried(one.candidate, seconds, full)
        return list(found.values())

    def proven(self) -> list[search.Tried]:
        """Return the config as written, and of what was proven the times of the proof."""
        proofs = [one for one in self.trials if one.purpose == "proof"]
        held = [one for one in proofs if self.counting(one.candidate) is not None]
        of_proofs = [search.Tried(one.candidate, self._deciding(one)) for one in held]
        return [*self.held_against(None), *of_proofs]

    def held_against(self, other: Candidate | None) -> list[search.Tried]:
        """Return the config as written and another one, each by the trial that counts."""
        found = [self.counting(one) for one in (self.written, other) if one is not None]
        return [search.Tried(one.candidate, self._deciding(one)) for one in found if one]

    def counting(self, candidate: Candidate) -> Trial | None:
        """Return the trial whose time stands for the config as written, or for what was proven.

        That is the fastest of those timed again at the end, else of all. None where no trial held,
        or one of what was proven failed.
        """
        purposes = ("written", "proof", "again")
        made = [one for one in self.trials
                if one.candidate == candidate and one.purpose in purposes]  # fmt: skip
        held = [one for one in made if self.why_not(one) is None]
        if not held or (len(held) < len(made) and candidate != self.written):
            return None
        again = [one for one in held if one.purpose == "again"]
        return min(again or held, key=lambda one: one.seconds or 0.0)

    def has_same_rows(self, one: Candidate) -> bool:
        """Return whether the steps of a trial have the rows that those of what is written have."""
        written = self.written
        return (one.packing, one.grouped) == (written.packing, written.grouped)

    def timings_as_written(self) -> list[Trial]:
        """Return the trials that timed the config as written, in turn."""
        return [one for one in self.trials if one.candidate == self.written and one.each
                and one.purpose in ("written", "again")]  # fmt: skip

    def disturbed(self) -> Difference | None:
        """Return how the timings of the config as written differ, where that is not by chance."""
        made = self.timings_as_written()
        found = [difference(made[0].each, other.each) for other in made[1:]]
        return next((one for one in found if not one.is_chance), None)

    def finalists(self) -> list[Candidate]:
        """Return what is worth a proof and has none, the fastest first.

        Proofs are often faster than trials: what comes near the best is held against its trial, and
        against its proof where that was slower.
        """
        trials = self.tried()
        last = {**{one.candidate: one for one in trials},
                **{one.candidate: one for one in self.proven()}}  # fmt: skip
        near = [*search.finalists(trials), *search.finalists([*last.values()])]
        done = {self.written, *(one.candidate for one in self.trials if one.purpose == "proof")}
        return [one for one in dict.fromkeys(near) if one not in done]

    def _deciding(self, one: Trial) -> float | None:
        """Return the seconds of a step, or of as much as a step of the config is."""
        if one.seconds is None or one.candidate.packing == self.written.packing:
            return one.seconds
        ours, theirs = self.steps_of(self.written), self.steps_of(one.candidate, one.rows)
        return one.seconds * theirs / ours if ours and theirs else None

    def why_not(self, one: Trial) -> str | None:
        """Return why a candidate that was tried may not be taken, None where it may."""
        if one.error is not None:
            return one.error["kind"].replace("_", " ")
        if one.seconds is None:
            return "it took fewer steps than it should"
        if one.candidate == self.written:
            return None
        if self.sameness(one).same is False and not self._is_other(one.candidate):
            return "loss or gradient differ from those of the config as written"
        keys, segments = self.keys(one.candidate), one.candidate.segments
        return limits.margin(self.of, keys, one.allocated, segments=segments)

    def _is_other(self, one: Candidate) -> bool:
        """Return whether a candidate was asked for although it is another training."""
        written = self.written
        named = (
            (PACKING, one.packing != written.packing),
            (GROUPING, one.grouped != written.grouped),
            (BATCH, one.batch != written.batch),
        )
        return any(name in self.allowed and differs for name, differs in named)

    @property
    def draws(self) -> bool:
        """Return whether losses differ by chance."""
        values = self.values
        return bool(values.get(DROPOUT) or values.get(NOISE)) or values.get("stage") == "rm"

    def sameness(self, one: Trial) -> Sameness:
        """Return how far losses and gradients are from those of the config as written."""
        with_chance = one.purpose != "alike" and self.draws
        others = [other for other in self.trials if other.candidate == self.written]
        if one.purpose == "alike":
            others = [other for other in others if other.purpose == "alike"]
        written = others[0].traces if others and not with_chance else ()
        stage = str(self.values.get("stage") or "sft")
        return compare(written, one.traces, stage=stage, half=self._is_half())

    def _is_half(self) -> bool:
        """Return whether what is compared was computed in 16 bit: never so on a CPU."""
        names = ("bf16", "fp16", "pure_bf16", "quantization_bit")
        on_gpu = self.environment is not None and self.environment["gpu"] is not None
        return on_gpu and any(self.values.get(name) for name in names)

    def without_segments(self) -> str | None:
        """Return the best that needs no variable of the allocator, in words."""
        others = [one for one in self.tried() if not one.candidate.segments]
        proven = {one.candidate: one for one in self.proven()}
        others = [proven.get(one.candidate, one) for one in others]
        found = search.best(self.space(), others)
        if found is None or found.seconds is None:
            return None
        return f"{told(found.candidate)}, {found.seconds:.3g} s a step"


def block_of(written: Candidate, world: int, steps: int | None) -> int:
    """Return the steps of a block: fewer where the run has few, but never less than two."""
    each = rows_of_step(written)
    block = min(MOST_TIMED, -(-ROWS // (each * world)))
    if steps is not None:
        block = min(block, steps * written.effective // each - BEFORE - AGAIN)
    return max(LEAST_TIMED, block)

"""A run on each number of rows that there may be, and what the bands say of its epochs there.

Where the rows are not known, what holds for each number that there may be is said all the same.
"""

from __future__ import annotations

from ftlint.facts.rules_of_thumb import bands_of
from ftlint.facts.sizes import rows_used
from ftlint.rules.forks import is_full_of_foreign_keys
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ftlint.facts.context import Context
    from ftlint.facts.rules_of_thumb import Bands, MethodBand, SizeBand
    from ftlint.facts.sizes import Rows
    from ftlint.syntax.construct import Entry

TOO_MANY, UNWATCHED, FITTING, FEWER, TOO_FEW = 2, 1, 0, -1, -2
"""Verdicts on a number of epochs, from too many to too few."""

_RESTED_ON = frozenset(
    """finetuning_type quantization_bit learning_rate stage do_train num_train_epochs
    max_steps""".split()
)


class JudgedRun(NamedTuple):
    """A run to be judged: its method, how it is limited, and the rows that there may be."""

    context: Context
    bands: Bands
    method: MethodBand
    name: str
    rows: Rows
    by_steps: bool

    @property
    def values(self) -> dict[str, Any]:
        """The config over its defaults."""
        return self.context.instance.effective

    @property
    def entry(self) -> Entry | None:
        """The key that decides how long the run is; None when that is a default."""
        return self.context.entries.get("max_steps" if self.by_steps else "num_train_epochs")

    @property
    def rate_is_low(self) -> bool:
        """Return whether the rate is low for the method; of one that is too low FT303 tells."""
        written, usual = self.values.get("learning_rate"), self.method.learning_rate
        if usual is None or isinstance(written, bool) or not isinstance(written, (int, float)):
            return False
        if self.bands.rate_factor is not None and written * self.bands.rate_factor < usual:
            return False
        return 0 < written < usual * self.bands.low_rate


class SampleCase(NamedTuple):
    """A run on one number of samples that there may be, and its epochs then."""

    run: JudgedRun
    samples: int
    epochs: float

    @property
    def size(self) -> SizeBand:
        """The band of the samples."""
        return self.run.bands.of_size(self.samples)


def run_of(context: Context) -> JudgedRun | None:
    """Return the run, None where it is not to be judged."""
    values, facts = context.instance.effective, context.instance.facts
    if context.command != "train" or not values.get("do_train"):
        return None
    if context.instance.unknown & _RESTED_ON:
        return None
    bands = bands_of(context.given.bands, values.get("stage"))
    method = None if bands is None else bands.methods.get(facts.get("method", ""))
    if bands is None or method is None or not bands.sizes:
        return None
    steps = values.get("max_steps")
    if isinstance(steps, bool) or not isinstance(steps, (int, float)):
        return None
    by_steps = steps > 0
    if by_steps and steps <= bands.trial["steps"]:
        return None
    rows = rows_used(context)
    if rows.exact is None and is_full_of_foreign_keys(context):
        return None
    return JudgedRun(context, bands, method, facts["method"], rows, by_steps)


def cases_of(run: JudgedRun) -> tuple[SampleCase, ...]:
    """Return the cases that stand for all; none where the epochs of some are not known."""
    exact = run.rows.exact
    sizes = (exact,) if exact else run.bands.stretches(run.rows.low, run.rows.high)
    if not run.by_steps:
        epochs = run.values.get("num_train_epochs")
        if isinstance(epochs, bool) or not isinstance(epochs, (int, float)):
            return ()
        if not abs(epochs) < float("inf"):  # `.nan` is not, either
            return ()
        return tuple(SampleCase(run, size, epochs) for size in sizes)
    if run.rows.high is None:
        return ()

    passes = [_epochs_of_steps(run.context, size, known=exact is not None) for size in sizes]
    return tuple(
        SampleCase(run, size, epochs) for size, epochs in zip(sizes, passes) if epochs is not None
    ) if None not in passes else ()  # fmt: skip


def _mildest(verdicts: Iterable[int]) -> int:
    """Return what all verdicts have in common: the mildest of them where none says otherwise."""
    mildest = 0
    for verdict in verdicts:  # most runs fit at once, and no more need be looked at
        if verdict == FITTING or verdict * mildest < 0:
            return FITTING
        mildest = min(mildest or verdict, verdict, key=abs)
    return mildest


def verdict_of(cases: Iterable[SampleCase]) -> int:
    """Return what the bands say of a run, whatever the number of its rows."""
    return _mildest(map(_verdict, cases))


def _verdict(case: SampleCase) -> int:
    """Return what the bands say of a case: of a size near a limit, what both of them say."""
    return _mildest(_of_band(case, band) for band in case.run.bands.near_size(case.samples))


def _of_band(case: SampleCase, size: SizeBand) -> int:
    run, method = case.run, case.run.method
    if case.epochs > _limit(size, method):
        return TOO_MANY
    goes_on = run.by_steps or bool(run.values.get("adapter_name_or_path"))
    if _is_trial(case):
        return FITTING
    least = _least(size, method)
    slow = case.epochs < min(size.epochs.low, method.epochs.low) and run.rate_is_low
    if not goes_on and (slow or case.epochs < least * run.bands.short):
        return TOO_FEW
    if not goes_on and case.epochs < least:  # else it is as short as it is on purpose
        return FEWER
    many = case.epochs > method.epochs.high and case.epochs >= size.epochs.low
    return UNWATCHED if many and size.early_stopping else FITTING


def is_outside_every_band(run: JudgedRun, cases: tuple[SampleCase, ...]) -> bool:
    """Return whether no band has as many epochs as a run has, whatever the number of its rows."""
    most = max(_limit(band, run.method) for band in run.bands.sizes)
    return min(case.epochs for case in cases) > most


def _is_trial(case: SampleCase) -> bool:
    """Return whether max_samples cuts the run down to a trial; rows may be as few without it."""
    few, limit = (
        case.run.bands.trial["samples"],
        case.run.context.instance.config.get("max_samples"),
    )
    return isinstance(limit, int) and limit <= few and case.samples <= few


def _limit(size: SizeBand, method: MethodBand) -> float:
    """Return the most epochs that pass.

    More are outside of both bands, or further above the lower of both than is tolerated.
    """
    outside = max(size.tolerated.high, method.epochs.high)
    return min(outside, min(size.epochs.high, method.epochs.high) + size.beyond)


def _least(size: SizeBand, method: MethodBand) -> float:
    """Return the fewest epochs that pass: fewer are outside of both bands."""
    return min(size.tolerated.low, method.epochs.low)


def _epochs_of_steps(context: Context, rows: int, *, known: bool) -> float | None:
    """Return the epochs that max_steps comes to at the least on so many rows.

    `known`: these are the rows, and the plan says it; of packed rows only that does.
    """
    planned = context.planned
    if known:
        plan = None if planned is None else planned.plan
        return None if plan is None or plan.epochs.high is None else plan.epochs.low
    if context.instance.effective.get("packing") or context.instance.effective.get("neat_packing"):
        return None
    from ftlint.facts.plan import inputs_of, replan
    from ftlint.steps import SampleCount, exactly

    inputs = inputs_of(context)._replace(samples=SampleCount((), merged=exactly(rows)))
    made = replan(inputs, val_size=0.0, max_samples=None, tokenized_path=None)
    return None if made is None else made.epochs.low

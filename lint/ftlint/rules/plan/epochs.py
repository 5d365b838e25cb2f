"""Epochs really run, against the bands of dataset size and of method.

Where the rows are not known, what holds for each number that there may be is said all the same.
"""

from __future__ import annotations

from math import isfinite

from ftlint.diagnostics import Change, Fix, at_key
from ftlint.facts.rules_of_thumb import bands_of
from ftlint.facts.sizes import rows_used
from ftlint.rules.forks import is_full_of_foreign_keys
from ftlint.rules.plan.wording import METHODS, count, launched, of, of_epochs, rate, span
from ftlint.rules.watching import evaluates, stopping, stops_early, watched
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.facts.rules_of_thumb import Bands, MethodBand, SizeBand
    from ftlint.facts.sizes import Rows
    from ftlint.syntax.construct import Entry

TOO_MANY, UNWATCHED, FITTING, FEWER, TOO_FEW = 2, 1, 0, -1, -2
"""Verdicts on a number of epochs, from too many to too few."""
LONG, ALONE, SHORTER, SHORT, RUN_TO_THE_END = "FT301", "FT306", "FT307", "FT302", "FT310"

_RESTED_ON = frozenset(
    """finetuning_type quantization_bit learning_rate stage do_train num_train_epochs
    max_steps""".split()
)


class Run(NamedTuple):
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


class Case(NamedTuple):
    """A run on one number of samples that there may be, and its epochs then."""

    run: Run
    samples: int
    epochs: float

    @property
    def size(self) -> SizeBand:
        """The band of the samples."""
        return self.run.bands.of_size(self.samples)


def check(context: Context) -> Iterator[Finding]:
    """Yield at most one finding: too many epochs, too few, or many that nobody watches.

    It is the mildest of what is said for each number of rows that there may be.
    """
    run = _run(context)
    if run is None:
        return
    cases = _cases(run)
    verdict = _mildest(map(_verdict, cases))
    if verdict == TOO_MANY:
        if not watched(context):
            yield _too_many(run, cases)
        elif not stops_early(context) and _is_outside_every_band(run, cases):
            yield _at(run, RUN_TO_THE_END, {**_bands(run, cases, many=True)})
    elif verdict == UNWATCHED and not watched(context):
        yield _unwatched(run, cases)
    elif verdict == TOO_FEW or (verdict == FEWER and not evaluates(context)):
        yield _too_few(run, cases, SHORT if verdict == TOO_FEW else SHORTER)


def _run(context: Context) -> Run | None:
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
    return Run(context, bands, method, facts["method"], rows, by_steps)


def _cases(run: Run) -> tuple[Case, ...]:
    """Return the cases that stand for all; none where the epochs of some are not known."""
    exact = run.rows.exact
    sizes = (exact,) if exact else run.bands.stretches(run.rows.low, run.rows.high)
    if not run.by_steps:
        epochs = run.values.get("num_train_epochs")
        if isinstance(epochs, bool) or not isinstance(epochs, (int, float)) or not isfinite(epochs):
            return ()
        return tuple(Case(run, size, epochs) for size in sizes)
    if run.rows.high is None:
        return ()

    passes = [_epochs_of_steps(run.context, size, known=exact is not None) for size in sizes]
    return tuple(
        Case(run, size, epochs) for size, epochs in zip(sizes, passes) if epochs is not None
    ) if None not in passes else ()  # fmt: skip


def _mildest(verdicts: Iterable[int]) -> int:
    """Return what all verdicts have in common: the mildest of them where none says otherwise."""
    mildest = 0
    for verdict in verdicts:  # most runs fit at once, and no more need be looked at
        if verdict == FITTING or verdict * mildest < 0:
            return FITTING
        mildest = min(mildest or verdict, verdict, key=abs)
    return mildest


def _verdict(case: Case) -> int:
    """Return what the bands say of a case: of a size near a limit, what both of them say."""
    return _mildest(_of_band(case, band) for band in case.run.bands.near_size(case.samples))


def _of_band(case: Case, size: SizeBand) -> int:
    run, method = case.run, case.run.method
    if case.epochs > _limit(size, method):
        return TOO_MANY
    goes_on = run.by_steps or bool(run.values.get("adapter_name_or_path"))
    if _is_trial(case):
        return FITTING
    least = _least(size, method)
    slow = case.epochs < min(size.epochs.low, method.epochs.low) and _rate_is_low(run)
    if not goes_on and (slow or case.epochs < least * run.bands.short):
        return TOO_FEW
    if not goes_on and case.epochs < least:  # else it is as short as it is on purpose
        return FEWER
    many = case.epochs > method.epochs.high and case.epochs >= size.epochs.low
    return UNWATCHED if many and size.early_stopping else FITTING


def _is_outside_every_band(run: Run, cases: tuple[Case, ...]) -> bool:
    most = max(_limit(band, run.method) for band in run.bands.sizes)
    return min(case.epochs for case in cases) > most


def _is_trial(case: Case) -> bool:
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


def _rate_is_low(run: Run) -> bool:
    written, usual = run.values.get("learning_rate"), run.method.learning_rate
    if usual is None or isinstance(written, bool) or not isinstance(written, (int, float)):
        return False
    if run.bands.rate_factor is not None and written * run.bands.rate_factor < usual:
        return False  # FT303 says it
    return 0 < written < usual * run.bands.low_rate


def _passes(run: Run, case: Case) -> str:
    exact = run.rows.exact
    passes = of_epochs(case.epochs)
    if exact:
        passes += f" of {of(exact, 'sample')}"
    elif run.rows.high is not None and run.by_steps:
        passes = f"at least {passes} of at most {of(run.rows.high, 'sample')}"
    if not run.by_steps:
        return passes
    planned = run.context.planned
    at = " on one GPU" if planned is None else launched(planned)
    return f"`max_steps: {run.values['max_steps']}`{at} ({passes})"


def _of_size(size: SizeBand) -> str:
    if size.below is None:
        return f"{count(size.above)} or more samples"
    if size.above:
        return f"{count(size.above)} to {count(size.below - 1)} samples"
    return f"fewer than {count(size.below)} samples"


def _bands(run: Run, cases: tuple[Case, ...], *, many: bool) -> dict[str, object]:
    """Return what a message says of the bands; of several sizes the epochs that some allow."""
    sizes = tuple(dict.fromkeys(case.size for case in cases))
    if len(sizes) == 1:
        what, epochs = _of_size(sizes[0]), span(*sizes[0].epochs)
    else:
        high = run.rows.high
        what = "any number of samples" if high is None else f"up to {of(high, 'sample')}"
        most, least = max(one.epochs.high for one in sizes), min(one.epochs.low for one in sizes)
        epochs = f"at most {count(most)}" if many else f"at least {count(least)}"
    method, usual = METHODS.get(run.name, run.name), span(*run.method.epochs)
    both = f" and {what}" if epochs == usual else f", {epochs} for {what}"
    return {
        "passes": _passes(run, cases[-1]), "method": method, "method_epochs": usual,
        "bands": f"{usual} epochs are usual for {method}{both}",
    }  # fmt: skip


def _too_many(run: Run, cases: tuple[Case, ...]) -> Finding:
    last, method = cases[-1], run.method.epochs.high
    best = max(min(case.size.epochs.high, method) for case in cases)
    remedy, fix = f"`num_train_epochs: {count(best)}` or fewer", _set(run, _epochs(run, best))
    if run.by_steps:
        best = min(last.size.epochs.high, method)
        steps = max(int(run.values["max_steps"] * best / last.epochs), 1)
        remedy, fix = f"`max_steps: {steps}` or fewer", _set(run, ("max_steps", str(steps)))
    values = {"remedy": remedy, "stopping": stopping(run.context)}
    return _at(run, LONG, {**_bands(run, cases, many=True), **values}, fix)


def _unwatched(run: Run, cases: tuple[Case, ...]) -> Finding:
    few = next(size for size in run.bands.sizes if size.early_stopping)
    values = {"few": _of_size(few), "stopping": stopping(run.context)}
    return _at(run, ALONE, {**_bands(run, cases, many=True), **values})


def _epochs(run: Run, best: float) -> tuple[str, str]:
    """Return num_train_epochs and its new value, an integer where the old one is."""
    whole = run.entry is not None and isinstance(run.entry.value, int) and best == int(best)
    return "num_train_epochs", str(int(best) if whole else float(best))


def _set(run: Run, *pairs: tuple[str, str]) -> Fix:
    """Return what to write, be the keys in the file or not; no edit sets epochs or a rate."""
    present = run.context.entries
    changes = [Change("replace" if key in present else "insert", key, text) for key, text in pairs]
    message = "set " + " and ".join(f"`{key}: {text}`" for key, text in pairs)
    return Fix("display", message, (), tuple(changes))


def _too_few(run: Run, cases: tuple[Case, ...], code: str) -> Finding:
    method = run.method.epochs
    best = min(
        min(max(case.size.epochs.low, method.low), min(case.size.epochs.high, method.high))
        for case in cases
    )
    remedy, at = f"`num_train_epochs: {count(best)}`", ""
    pairs = [_epochs(run, best)]
    if _rate_is_low(run):
        usual = run.method.learning_rate
        assert usual is not None
        written = run.values["learning_rate"]
        at = f" at learning rate {rate(written)} (usual: {rate(usual)})"
        better = f"{usual * run.bands.low_rate:.1e}".replace("e-0", "e-")
        remedy += f" and `learning_rate: {better}`"
        pairs.append(("learning_rate", better))
    values = {**_bands(run, cases, many=False), "remedy": remedy, "rate": at}
    return _at(run, code, values, _set(run, *pairs))


def _at(run: Run, code: str, values: dict[str, object], fix: Fix | None = None) -> Finding:
    entry = run.entry or next(iter(run.context.entries.values()))
    return at_key(code, entry, values, fix)


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

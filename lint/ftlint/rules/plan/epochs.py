"""Epochs really run, against the bands of dataset size and of method."""

from __future__ import annotations

from ftlint.diagnostics import Change, Fix, at_key
from ftlint.rules.plan.cases import (
    FEWER,
    TOO_FEW,
    TOO_MANY,
    UNWATCHED,
    cases_of,
    is_outside_every_band,
    run_of,
    verdict_of,
)
from ftlint.rules.plan.wording import METHODS, count, launched, of, of_epochs, rate, span
from ftlint.rules.watching import evaluates, stopping, stops_early, watched
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.facts.rules_of_thumb import SizeBand
    from ftlint.rules.plan.cases import JudgedRun, SampleCase

LONG, ALONE, SHORTER, SHORT, RUN_TO_THE_END = "FT301", "FT306", "FT307", "FT302", "FT310"


def check(context: Context) -> Iterator[Finding]:
    """Yield at most one finding: too many epochs, too few, or many that nobody watches.

    It is the mildest of what is said for each number of rows that there may be.
    """
    run = run_of(context)
    if run is None:
        return
    cases = cases_of(run)
    code = _code(run, cases)
    if code is not None:
        yield _told(code, run, cases)


def _code(run: JudgedRun, cases: tuple[SampleCase, ...]) -> str | None:
    """Return the rule that speaks of a run."""
    verdict = verdict_of(cases)
    if verdict in (TOO_MANY, UNWATCHED) and not watched(run.context):
        return LONG if verdict == TOO_MANY else ALONE
    if verdict == TOO_MANY:
        outside = not stops_early(run.context) and is_outside_every_band(run, cases)
        return RUN_TO_THE_END if outside else None
    if verdict == TOO_FEW:
        return SHORT
    return SHORTER if verdict == FEWER and not evaluates(run.context) else None


def _told(code: str, run: JudgedRun, cases: tuple[SampleCase, ...]) -> Finding:
    """Return the finding of a rule on the epochs of a run."""
    if code == LONG:
        return _too_many(run, cases)
    if code == ALONE:
        return _unwatched(run, cases)
    if code == RUN_TO_THE_END:
        return _at(run, code, _bands(run, cases, many=True))
    return _too_few(run, cases, code)


def _passes(run: JudgedRun, case: SampleCase) -> str:
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


def _bands(run: JudgedRun, cases: tuple[SampleCase, ...], *, many: bool) -> dict[str, object]:
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


def _too_many(run: JudgedRun, cases: tuple[SampleCase, ...]) -> Finding:
    last, method = cases[-1], run.method.epochs.high
    best = max(min(case.size.epochs.high, method) for case in cases)
    remedy, fix = f"`num_train_epochs: {count(best)}` or fewer", _set(run, _epochs(run, best))
    if run.by_steps:
        best = min(last.size.epochs.high, method)
        steps = max(int(run.values["max_steps"] * best / last.epochs), 1)
        remedy, fix = f"`max_steps: {steps}` or fewer", _set(run, ("max_steps", str(steps)))
    values = {"remedy": remedy, "stopping": stopping(run.context)}
    return _at(run, LONG, {**_bands(run, cases, many=True), **values}, fix)


def _unwatched(run: JudgedRun, cases: tuple[SampleCase, ...]) -> Finding:
    few = next(size for size in run.bands.sizes if size.early_stopping)
    values = {"few": _of_size(few), "stopping": stopping(run.context)}
    return _at(run, ALONE, {**_bands(run, cases, many=True), **values})


def _epochs(run: JudgedRun, best: float) -> tuple[str, str]:
    """Return num_train_epochs and its new value, an integer where the old one is."""
    whole = run.entry is not None and isinstance(run.entry.value, int) and best == int(best)
    return "num_train_epochs", str(int(best) if whole else float(best))


def _set(run: JudgedRun, *pairs: tuple[str, str]) -> Fix:
    """Return what to write, be the keys in the file or not; no edit sets epochs or a rate."""
    present = run.context.entries
    changes = [Change("replace" if key in present else "insert", key, text) for key, text in pairs]
    message = "set " + " and ".join(f"`{key}: {text}`" for key, text in pairs)
    return Fix("display", message, (), tuple(changes))


def _too_few(run: JudgedRun, cases: tuple[SampleCase, ...], code: str) -> Finding:
    method = run.method.epochs
    best = min(
        min(max(case.size.epochs.low, method.low), min(case.size.epochs.high, method.high))
        for case in cases
    )
    remedy, at = f"`num_train_epochs: {count(best)}`", ""
    pairs = [_epochs(run, best)]
    if run.rate_is_low:
        usual = run.method.learning_rate
        assert usual is not None
        written = run.values["learning_rate"]
        at = f" at learning rate {rate(written)} (usual: {rate(usual)})"
        better = f"{usual * run.bands.low_rate:.1e}".replace("e-0", "e-")
        remedy += f" and `learning_rate: {better}`"
        pairs.append(("learning_rate", better))
    values = {**_bands(run, cases, many=False), "remedy": remedy, "rate": at}
    return _at(run, code, values, _set(run, *pairs))


def _at(run: JudgedRun, code: str, values: dict[str, object], fix: Fix | None = None) -> Finding:
    entry = run.entry or next(iter(run.context.entries.values()))
    return at_key(code, entry, values, fix)

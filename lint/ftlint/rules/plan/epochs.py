"""Epochs really run, against the bands of dataset size and of method."""

from __future__ import annotations

from ftlint.diagnostics import Change, Fix, at_key
from ftlint.facts.rules_of_thumb import bands_of
from ftlint.rules.plan.wording import METHODS, count, launched, of, of_epochs, rate, span
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Planned
    from ftlint.facts.rules_of_thumb import Bands, MethodBand, SizeBand
    from ftlint.syntax.construct import Entry

TOO_MANY, TOO_FEW, UNWATCHED, FEWER = "FT301", "FT302", "FT306", "FT307"


_METHOD = frozenset(["finetuning_type", "quantization_bit", "learning_rate"])


class Case(NamedTuple):
    """A run to be judged: how often it goes through how many samples, and what it should be."""

    context: Context
    planned: Planned
    bands: Bands
    method: MethodBand
    name: str
    samples: int
    low: float
    high: float
    by_steps: bool

    @property
    def size(self) -> SizeBand:
        """The band of the samples."""
        return self.bands.of_size(self.samples)

    @property
    def entry(self) -> Entry | None:
        """The key that decides how long the run is; None when that is a default."""
        return self.context.entries.get("max_steps" if self.by_steps else "num_train_epochs")


def check(context: Context) -> Iterator[Finding]:
    """Yield at most one finding: too many epochs, too few, or many that nobody watches."""
    case = _case(context)
    if case is None:
        return
    if case.low > max(_limit(band, case.method) for band in case.bands.near_size(case.samples)):
        if not watched(context):
            yield _too_many(case)
    elif not _goes_on(case) and _all(case, _is_too_short):
        yield _too_few(case, TOO_FEW)
    elif not _goes_on(case) and _all(case, _is_short):
        if not _evaluates(context):  # who evaluates sees whether the loss still falls
            yield _too_few(case, FEWER)
    elif _needs_watching(case) and not watched(context):
        yield _at(case, UNWATCHED, {**_bands(case), "stopping": _stopping(context)})


def _case(context: Context) -> Case | None:
    planned, facts = context.planned, context.instance.facts
    if planned is None or planned.plan is None or context.instance.unknown & _METHOD:
        return None
    plan, samples = planned.plan, facts.get("samples")
    bands = bands_of(context.given.bands, plan.stage)
    if bands is None or not bands.sizes or not samples:
        return None
    method = bands.methods.get(facts.get("method", ""))
    if method is None:
        return None
    low, high = plan.epochs
    by_steps = plan.limited_by == "max_steps"
    if not by_steps:
        low = high = context.instance.effective["num_train_epochs"]
    if high is None or _is_trial(bands, samples, context):
        return None
    return Case(context, planned, bands, method, facts["method"], samples, low, high, by_steps)


def _is_trial(bands: Bands, samples: int, context: Context) -> bool:
    config = context.instance.config
    few = "max_samples" in config and samples <= bands.trial["samples"]
    return few or 0 < context.instance.effective["max_steps"] <= bands.trial["steps"]


def _limit(size: SizeBand, method: MethodBand) -> float:
    """Return the most epochs that pass.

    More are outside of both bands, or further above the lower of both than is tolerated.
    """
    outside = max(size.tolerated.high, method.epochs.high)
    return min(outside, min(size.epochs.high, method.epochs.high) + size.beyond)


def _goes_on(case: Case) -> bool:
    """Return whether a run is as short as it is on purpose: cut off, or the next of several."""
    return case.by_steps or bool(case.context.instance.effective.get("adapter_name_or_path"))


def _all(case: Case, judge: Callable[[Case, SizeBand], bool]) -> bool:
    return all(judge(case, band) for band in case.bands.near_size(case.samples))


def _least(case: Case, size: SizeBand) -> float:
    """Return the fewest epochs that pass: fewer are outside of both bands."""
    return min(size.tolerated.low, case.method.epochs.low)


def _is_slow(case: Case, size: SizeBand) -> bool:
    """Return whether epochs below both recommended minima come with a low rate."""
    fewer = case.high < size.epochs.low and case.high < case.method.epochs.low
    return fewer and _rate_is_low(case)


def _is_short(case: Case, size: SizeBand) -> bool:
    return case.high < _least(case, size) or _is_slow(case, size)


def _is_too_short(case: Case, size: SizeBand) -> bool:
    return case.high < _least(case, size) * case.bands.short or _is_slow(case, size)


def _rate_is_low(case: Case) -> bool:
    written = case.context.instance.effective.get("learning_rate")
    usual = case.method.learning_rate
    if usual is None or isinstance(written, bool) or not isinstance(written, (int, float)):
        return False
    if case.bands.rate_factor is not None and written * case.bands.rate_factor < usual:
        return False  # FT303 says it
    return 0 < written < usual * case.bands.low_rate


def _needs_watching(case: Case) -> bool:
    most = case.method.epochs.high
    return case.size.early_stopping and case.low > most and case.low >= case.size.epochs.low


def _evaluates(context: Context) -> bool:
    values = context.instance.effective
    old = context.entries.get("evaluation_strategy")  # refused, and what is meant is plain
    strategy = values.get("eval_strategy") if old is None else old.value
    return strategy in ("steps", "epoch")


def watched(context: Context) -> bool:
    """Return whether the run ends, or goes back, where evaluations get worse."""
    values = context.instance.effective
    if "early_stopping_steps" in context.instance.unknown:
        return True  # it is meant, under another name
    stops = values.get("early_stopping_steps") or values.get("load_best_model_at_end")
    return bool(stops) and values.get("eval_strategy") in ("steps", "epoch")


def _passes(case: Case) -> str:
    passes = f"{of_epochs(case.low)} of {of(case.samples, 'sample')}"
    if not case.by_steps:
        return passes
    steps = case.context.instance.effective["max_steps"]
    return f"`max_steps: {steps}`{launched(case.planned)} ({passes})"


def _bands(case: Case) -> dict[str, object]:
    size = case.size
    if size.below is None:
        sizes = f"{count(size.above)} or more samples"
    elif size.above:
        sizes = f"{count(size.above)} to {count(size.below - 1)} samples"
    else:
        sizes = f"fewer than {count(size.below)} samples"
    return {
        "passes": _passes(case), "sizes": sizes, "size_epochs": span(*size.epochs),
        "method": METHODS.get(case.name, case.name), "method_epochs": span(*case.method.epochs),
    }  # fmt: skip


def _too_many(case: Case) -> Finding:
    best = min(case.size.epochs.high, case.method.epochs.high)
    remedy, fix = f"`num_train_epochs: {count(best)}` or fewer", _set(case, _epochs(case, best))
    if case.by_steps:
        steps = max(int(case.context.instance.effective["max_steps"] * best / case.low), 1)
        remedy, fix = f"`max_steps: {steps}` or fewer", _set(case, ("max_steps", str(steps)))
    values = {**_bands(case), "remedy": remedy, "stopping": _stopping(case.context)}
    return _at(case, TOO_MANY, values, fix)


def _epochs(case: Case, best: float) -> tuple[str, str]:
    """Return num_train_epochs and its new value, an integer if the old one is."""
    whole = case.entry is not None and isinstance(case.entry.value, int) and best == int(best)
    return "num_train_epochs", str(int(best) if whole else float(best))


def _set(case: Case, *pairs: tuple[str, str]) -> Fix:
    """Return what to write, be the keys in the file or not; no edit sets epochs or a rate."""
    present = case.context.entries
    changes = [Change("replace" if key in present else "insert", key, text) for key, text in pairs]
    message = "set " + " and ".join(f"`{key}: {text}`" for key, text in pairs)
    return Fix("display", message, (), tuple(changes))


def _stopping(context: Context) -> str:
    """Return the keys that are missing for a run to end in time, as this target calls them."""
    values = context.instance.effective
    strategy = values.get("eval_strategy")
    evaluates = strategy in ("steps", "epoch")
    wanted = {} if evaluates else {"eval_strategy": "epoch"}
    strategy = strategy if evaluates else "epoch"
    if not values.get("val_size") and not values.get("eval_dataset"):
        rows = "100" if values.get("streaming") else "0.1"  # a stream has no tenth
        wanted = {"val_size": rows, **wanted}
    if values.get("save_strategy") != strategy:
        wanted["save_strategy"] = str(strategy)
    if strategy == "steps" and context.instance.facts.get("save_is_multiple_of_eval") is False:
        wanted["save_steps"] = f"{values.get('eval_steps')}"
    wanted["load_best_model_at_end"] = "true"
    if context.catalogue.get("early_stopping_steps") is not None:
        wanted["early_stopping_steps"] = "2"
    return ", ".join(f"`{name}: {value}`" for name, value in wanted.items())


def _too_few(case: Case, code: str) -> Finding:
    size, method = case.size.epochs, case.method.epochs
    best = min(max(size.low, method.low), min(size.high, method.high))
    remedy, at = f"`num_train_epochs: {count(best)}`", ""
    pairs = [_epochs(case, best)]
    if _rate_is_low(case):
        assert case.method.learning_rate is not None
        written = case.context.instance.effective["learning_rate"]
        usual = case.method.learning_rate
        at = f" at learning rate {rate(written)} (usual: {rate(usual)})"
        better = f"{usual * case.bands.low_rate:.1e}".replace("e-0", "e-")
        remedy += f" and `learning_rate: {better}`"
        pairs.append(("learning_rate", better))
    fix = _set(case, *pairs)
    return _at(case, code, {**_bands(case), "remedy": remedy, "rate": at}, fix)


def _at(case: Case, code: str, values: dict[str, object], fix: Fix | None = None) -> Finding:
    entry = case.entry or next(iter(case.context.entries.values()))
    return at_key(code, entry, values, fix)

"""max_steps over num_train_epochs."""

from __future__ import annotations

from ftlint.diagnostics import Change, at_key
from ftlint.rules.plan.wording import count, is_explained, launched
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Planned
    from ftlint.syntax.construct import Entry

IGNORED, BY_EPOCHS = "FT201", "FT205"


def check(context: Context) -> Iterator[Finding]:
    """Judge max_steps, where the file has it."""
    entry = context.entries.get("max_steps")
    planned = context.planned
    if entry is None or planned is None or "max_steps" in context.instance.unknown:
        return
    if not context.instance.effective.get("do_train"):
        return
    if not isinstance(entry.value, int) or entry.value <= 0:
        return
    other = context.entries.get("num_train_epochs")
    if other is None:
        yield from _by_epochs(context, entry, planned)
    elif isinstance(other.value, (int, float)):
        yield _ignored(context, other, entry.value, planned)


def _ignored(context: Context, entry: Entry, steps: int, planned: Planned) -> Finding:
    change = Change("delete", "num_train_epochs")
    from ftlint.edits import suggest

    fix = suggest.fix(context, "remove `num_train_epochs`", change, safe=True)
    values = {
        "epochs": context.source_text(entry),
        "steps": int(steps),
        "amount": _amount(context, planned),
    }
    return at_key(IGNORED, entry, values, fix)


def _amount(context: Context, planned: Planned) -> str:
    """Return what max_steps comes to in epochs, or how ftlint can know, as a sentence to append.

    Nothing where the number of rows does not tell: streamed rows come without an end to an epoch.
    """
    plan, effective = planned.plan, context.instance.effective
    if plan is None or plan.samples.total.high is None or plan.epochs.high is None:
        counted = plan is not None and plan.samples.total.high is not None
        if counted or planned.refused is not None or effective.get("streaming"):
            return ""
        return " To get the number of epochs, add `# ftlint: dataset-size=N` with the sample count."
    low, high = _epochs(plan.epochs.low), _epochs(plan.epochs.high)
    passes = low if low == high else f"{low} to {high}"
    rows = plan.samples.total
    samples = count(rows.low) if rows.exact else f"{count(rows.low)} to {count(rows.high or 0)}"
    unit = "epoch" if passes == "1" else "epochs"
    batch = plan.effective_batch_size
    batches = f"effective batch size {batch}{launched(planned)}"
    return f" That is {passes} {unit} of {samples} samples at {batches}."


def _epochs(number: float) -> str:
    return f"{number:.3g}" if number < 100 else count(round(number))


def _by_epochs(context: Context, entry: Entry, planned: Planned) -> Iterator[Finding]:
    """Advise epochs where nothing in the file says that steps were meant."""
    plan = planned.plan
    known = context.instance.facts
    if plan is None or "budget" in known or context.instance.effective.get("streaming"):
        return
    passes = plan.epochs.exact
    trial = context.given.bands.get("trial", {}).get("steps", 0)
    if (
        is_explained(context, entry)
        or passes is None
        or passes <= 1
        or plan.total_steps.low <= trial
    ):
        return
    from ftlint.rules.plan import epochs

    if any(epochs.check(context)):
        return
    values = {
        "steps": entry.value, "epochs": _epochs(passes), "launched": launched(planned),
        "better": count(round(passes, 2)),
    }  # fmt: skip
    yield at_key(BY_EPOCHS, entry, values)

"""The rows of a table of step plans: what each says of a plan."""

from __future__ import annotations

from ftlint.facts.budget import format_duration
from ftlint.facts.memory import gigabytes
from ftlint.facts.run_plan import Time
from ftlint.report.text import BOLD, DIM
from ftlint.steps import NoPlan
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from ftlint.facts.run_plan import RunPlan
    from ftlint.steps import Amount, Count, StepPlan
    from ftlint.tokens.summary import Quantile

    _Bounds = TypeVar("_Bounds", "Count", "Amount")
    Cell = Callable[[StepPlan, RunPlan], str]

NONE = "-"
"""What a cell says where there is nothing to say."""


def rows_of(runs: Sequence[RunPlan]) -> Iterator[tuple[str, str, Cell]]:
    """Yield name, style and cell of each row that some plan has something to say in."""
    yield "samples to train on", "", lambda plan, _: bounds(plan.samples.total)
    plans = [run.plan for run in runs if not isinstance(run.plan, NoPlan)]
    names = [name for plan in plans for name, _ in plan.samples.per_dataset]
    many = any(len(plan.samples.per_dataset) > 1 or _is_packed(plan) for plan in plans)
    for name in dict.fromkeys(names) if many else ():
        yield f"  from {visible(name)}", DIM, _of_dataset(name)
    yield "held out for evaluation", "", _held_out
    yield "samples evaluated", "", _evaluated_on
    yield "GPUs", "", lambda _, run: gpus_of(run)
    yield "effective batch size", "", _batch
    yield "steps per epoch", "", lambda plan, _: bounds(plan.updates_per_epoch)
    yield "epochs", "", lambda plan, _: amount(_planned(plan, plan.epochs))
    yield "total steps", BOLD, lambda plan, _: bounds(plan.total_steps)
    yield "  limited by", DIM, lambda plan, _: (
        "max_steps" if plan.limited_by == "max_steps" else "num_train_epochs"
    )  # fmt: skip
    yield (
        "  early stopping",
        DIM,
        lambda plan, _: f"from step {plan.executed_steps.low:,}" if _may_stop(plan) else "",
    )
    yield "samples seen", "", lambda plan, _: bounds(_planned(plan, plan.samples_seen))
    yield "tokens a row (50, 90, 99%)", "", _row_tokens
    yield "  longest", DIM, _longest_row
    yield "rows cut by cutoff_len", "", _cut
    yield "padding", "", _padding
    yield "longest batch", "", _longest_batch
    yield "warmup", "", _warmup
    yield "loss logged", "", lambda plan, _: _times(_planned(plan, plan.logging_events))
    yield "evaluated", "", lambda plan, _: _times(_planned(plan, plan.eval_events))
    yield "checkpoints", "", _checkpoints
    yield "time", "", lambda _, run: _time(run)
    yield "  fits the budget", DIM, lambda _, run: _within(run)
    yield "memory per GPU", "", lambda _, run: _memory(run)


def bounds(count: Count) -> str:
    """Return `1,875`, or what is known: `≤ 4,000`, `≥ 12`, `12–40`, `unknown`."""
    if count.exact is not None:
        return f"{count.exact:,}"
    if count.high is None:
        return "unknown" if count.low <= 1 else f"≥ {count.low:,}"
    return f"≤ {count.high:,}" if count.low <= 1 else f"{count.low:,}–{count.high:,}"


def amount(epochs: Amount) -> str:
    """Return epochs with two decimals at most, or between which bounds they lie."""
    low, high = (None if end is None else f"{end:,.2f}".rstrip("0").rstrip(".") for end in epochs)
    if high is None:
        return "unknown" if epochs.low <= 1 else f"≥ {low}"
    if low == high:
        return str(low)
    return f"≤ {high}" if epochs.low <= 0 else f"{low}–{high}"


def _of_dataset(name: str) -> Cell:
    def cell(plan: StepPlan, _: RunPlan) -> str:
        return next(
            (bounds(rows) for known, rows in plan.samples.per_dataset if known == name), NONE
        )

    return cell


def _is_packed(plan: StepPlan) -> bool:
    """Return whether rows of the data are not what is trained on one by one."""
    return plan.samples.total.exact is None and any(
        rows.exact is not None for _, rows in plan.samples.per_dataset
    )


def _may_stop(plan: StepPlan) -> bool:
    return plan.total_steps.exact is not None and plan.executed_steps.exact is None


def _planned(plan: StepPlan, count: _Bounds) -> _Bounds:
    """Return the most that a run comes to which early stopping may end: its row says when."""
    return count._replace(low=0) if _may_stop(plan) and count.low != count.high else count


def _held_out(plan: StepPlan, _: RunPlan) -> str:
    held_out = plan.samples.held_out
    return "" if held_out.high == 0 else bounds(held_out)


def _evaluated_on(plan: StepPlan, _: RunPlan) -> str:
    """Return the rows of an evaluation, where they are not just those held out."""
    samples = plan.samples
    return "" if samples.evaluated == samples.held_out else bounds(samples.evaluated)


def gpus_of(run: RunPlan) -> str:
    """Return the GPUs of a node, with the nodes where there are several."""
    gpus, nodes = run.launch.shape
    return f"{gpus}" if nodes == 1 else f"{nodes} × {gpus}"


def _batch(plan: StepPlan, _: RunPlan) -> str:
    parts = [plan.per_device_train_batch_size, plan.gradient_accumulation_steps, plan.world_size]
    return f"{' × '.join(map(str, parts))} = {plan.effective_batch_size:,}"


def _warmup(plan: StepPlan, _: RunPlan) -> str:
    steps, total = plan.warmup_steps, plan.total_steps.exact
    if not steps.exact or not total:
        return bounds(steps)
    return f"{bounds(steps)} ({steps.exact / total:.0%})"


def _row_tokens(_: StepPlan, run: RunPlan) -> str:
    """Return what half, 90 and 99 of 100 rows do not exceed, before they are cut."""
    if run.tokens is None:
        return ""
    told = ", ".join(_quantile(one) for one in run.tokens.whole if one.share < 1)
    return f"≤ {told}" if run.tokens.at_most else told


def _quantile(one: Quantile) -> str:
    spread = f" ({one.low:,}–{one.high:,})" if one.low < one.high else ""
    return f"{one.tokens:,}{spread}"


def _longest_row(_: StepPlan, run: RunPlan) -> str:
    if run.tokens is None:
        return ""
    sign = "≤ " if run.tokens.at_most else "≥ " if run.tokens.sampled else ""
    return f"{sign}{run.tokens.whole[-1].tokens:,}"


def _cut(_: StepPlan, run: RunPlan) -> str:
    found = run.tokens
    if found is None:
        return ""
    if not found.cut:
        return "none" if not found.sampled else f"none of {found.rows:,} sampled"
    share = f"{found.cut / found.rows:.1%}"
    if found.at_most:
        return f"≤ {found.cut:,} ({share})"
    rows = f"{found.cut:,} of {found.rows:,} sampled" if found.sampled else f"{found.cut:,}"
    lost = f", {found.lost / found.answers:.1%} of the answers" if found.answers else ""
    return f"{rows} ({share}{lost})"


def _padding(_: StepPlan, run: RunPlan) -> str:
    padding = None if run.tokens is None else run.tokens.padding
    return "" if padding is None else f"{padding:.0%} of all tokens"


def _longest_batch(_: StepPlan, run: RunPlan) -> str:
    batch = None if run.tokens is None else run.tokens.batch
    if batch is None:
        return ""
    size = f"{batch.rows} × {batch.length:,} tokens"
    return f"≤ {size}" if batch.step is None else f"{size} at step {batch.step:,}"


def _times(count: Count) -> str:
    if count.high == 0:
        return "never"
    return f"{bounds(count)}×" if count.high is not None or count.low > 1 else "unknown"


def _checkpoints(plan: StepPlan, _: RunPlan) -> str:
    if plan.checkpoints.high == 0:
        return "none"
    made, kept = bounds(_planned(plan, plan.checkpoints)), bounds(plan.checkpoints_kept)
    return made if plan.checkpoints == plan.checkpoints_kept else f"{made}, {kept} kept"


def _time(run: RunPlan) -> str:
    if not isinstance(run.time, Time):
        return "not calibrated" if run.time is None else "no matching calibration"
    seconds, low, high, _ = run.time
    return f"{format_duration(seconds)} ({format_duration(low)}–{format_duration(high)})"


def _memory(run: RunPlan) -> str:
    """Return the larger peak: of training, or of an evaluation, which is then said."""
    if run.memory is None:
        return ""
    training, evaluation, verdict = run.memory
    peak = gigabytes(max(training, evaluation or 0))
    told = f"{peak}, evaluating" if (evaluation or 0) > training else peak
    return told if verdict in (None, "fits") else f"{told}: {verdict}"


def _within(run: RunPlan) -> str:
    if run.fit is None:
        return ""
    budget, fits, steps = run.fit
    if fits:
        return "yes"
    return f"max_steps: {steps}" if steps else f"no step in {format_duration(budget)}"

"""Step plans as a table for people: configs, or launches of one, side by side."""

from __future__ import annotations

import os
from unicodedata import east_asian_width

from ftlint.facts.budget import format_duration
from ftlint.facts.layers import PLACES
from ftlint.facts.memory import gigabytes
from ftlint.facts.run_plan import Time
from ftlint.report.text import paint
from ftlint.steps import NoPlan
from ftlint.steps.plan import STREAM
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
MOST_COLUMNS = 4
"""Plans that stand side by side; of more each has a row."""
IN_ROWS = ("samples to train on", "GPUs", "effective batch size", "epochs", "total steps", "warmup",
           "evaluated", "checkpoints", "time", "memory per GPU")  # fmt: skip
"""What a row tells; the rest is asked for of fewer plans."""
TERMS = {
    "samples to train on": "Num examples",
    "effective batch size": "Total train batch size",
    "epochs": "Num Epochs (rounded up)",
    "total steps": "Total optimization steps",
}
"""What the log of the trainer calls a row when training starts."""
BOLD, DIM, YELLOW = "1", "2", "33"


def table(runs: Sequence[RunPlan], colour: bool) -> Iterator[str]:
    """Yield the lines of a table with one column a plan."""
    targets = list(dict.fromkeys(visible(run.target.in_full) for run in runs))
    paths = list(dict.fromkeys(run.path for run in runs))
    yield paint("; ".join(targets), DIM, colour)
    if len(paths) == 1 and len(runs) > 1:
        yield visible(paths[0])
    yield ""
    labels = _labels(runs, len(paths) > 1)
    if len(runs) > MOST_COLUMNS:
        yield from _a_row_each(runs, labels, colour)
        yield from _below(runs, labels, colour)
        return
    plans = [run.plan for run in runs if not isinstance(run.plan, NoPlan)]
    logged = bool(plans) and all(map(_logs_the_same, plans))
    rows = [("", labels, BOLD, "in the trainer's log" if logged else "")]
    if len(targets) > 1:
        rows.append(("target", [_target(run) for run in runs], "", ""))
    for name, style, cell in _rows(runs):
        cells = [NONE if isinstance(run.plan, NoPlan) else cell(run.plan, run)
                 for run in runs]  # fmt: skip
        if any(text not in ("", NONE) for text in cells):
            rows.append((name, cells, style, TERMS.get(name, "") if logged else ""))
    yield from _aligned(rows, colour)
    yield from _below(runs, labels, colour)


def _a_row_each(runs: Sequence[RunPlan], labels: list[str], colour: bool) -> Iterator[str]:
    """Yield a table with a row a plan, without columns that say nothing or nothing of any plan."""
    columns = [("", labels)]
    for name, _, cell in _rows(runs):
        if name not in IN_ROWS:
            continue
        cells = [NONE if isinstance(run.plan, NoPlan) else cell(run.plan, run) for run in runs]
        timed = name != "time" or any(isinstance(run.time, Time) for run in runs)
        if timed and any(text not in ("", NONE) for text in cells):
            columns.append((name, cells))
    widths = [max(map(width, (name, *cells))) for name, cells in columns]
    for number in range(-1, len(runs)):
        line = ""
        for (name, cells), space in zip(columns, widths):
            text = name if number < 0 else cells[number]
            fill = " " * (space - width(text))
            line += text + fill if not line and not name else f"   {fill}{text}"
        yield paint(line.rstrip(), BOLD if number < 0 else "", colour)


def _rows(runs: Sequence[RunPlan]) -> Iterator[tuple[str, str, Cell]]:
    """Yield name, style and cell of each row that some plan has something to say in."""
    yield "samples to train on", "", lambda plan, _: bounds(plan.samples.total)
    plans = [run.plan for run in runs if not isinstance(run.plan, NoPlan)]
    names = [name for plan in plans for name, _ in plan.samples.per_dataset]
    many = any(len(plan.samples.per_dataset) > 1 or _is_packed(plan) for plan in plans)
    for name in dict.fromkeys(names) if many else ():
        yield f"  from {visible(name)}", DIM, _of_dataset(name)
    yield "held out for evaluation", "", _held_out
    yield "samples evaluated", "", _evaluated_on
    yield "GPUs", "", lambda _, run: _gpus(run)
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


def _gpus(run: RunPlan) -> str:
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
    training, evaluation, fits = run.memory
    peak = gigabytes(max(training, evaluation or 0))
    told = f"{peak}, evaluating" if (evaluation or 0) > training else peak
    return told if fits is not False else f"{told}: does not fit"


def _within(run: RunPlan) -> str:
    if run.fit is None:
        return ""
    budget, fits, steps = run.fit
    if fits:
        return "yes"
    return f"max_steps: {steps}" if steps else f"no step in {format_duration(budget)}"


def _labels(runs: Sequence[RunPlan], many_paths: bool) -> list[str]:
    """Return the heads: file names, told apart by folders where need be, and launches."""
    paths = [run.path for run in runs]
    names = [visible(os.path.basename(path)) for path in paths]
    if len(set(names)) < len(set(paths)):
        names = [visible(path) for path in paths]
    if any(run.script for run in runs):
        scripts = [_script(run) for run in runs]
        if not many_paths:
            return _numbered(scripts)
        by_flags = [run.script is not None and run.script.path == run.path for run in runs]
        both = zip(names, scripts, by_flags)
        return _numbered([one if own else f"{name} {one}" for name, one, own in both])
    launches = {run.launch.shape for run in runs}
    if len(launches) == 1:
        return names
    gpus = [f"{_gpus(run)} GPU{'' if run.launch.shape == (1, 1) else 's'}"
            for run in runs]  # fmt: skip
    return [f"{name} {launch}" for name, launch in zip(names, gpus)] if many_paths else gpus


def _numbered(labels: list[str]) -> list[str]:
    """Return labels with a number where one line starts several runs, as in a loop."""
    return [
        f"{label} #{labels[: place + 1].count(label)}" if labels.count(label) > 1 else label
        for place, label in enumerate(labels)
    ]


def _script(run: RunPlan) -> str:
    """Return the line of a script that starts a run."""
    if run.script is None:
        return "alone"
    return visible(f"{os.path.basename(run.script.path)}:{run.script.line}")


def _target(run: RunPlan) -> str:
    return visible(f"LLaMA Factory {run.target.label}, transformers {run.target.transformers}")


def _logs_the_same(plan: StepPlan) -> bool:
    """Return whether the trainer logs these numbers: of a stream, and for ppo, it logs others."""
    return plan.stage != "ppo" and STREAM not in plan.assumptions


def _aligned(rows: list[tuple[str, list[str], str, str]], colour: bool) -> Iterator[str]:
    heads = max(width(name) for name, *_ in rows)
    widths = [max(map(width, cells)) for cells in zip(*(cells for _, cells, *_ in rows))]
    for name, cells, style, term in rows:
        line = name + " " * (heads - width(name))
        for cell, space in zip(cells, widths):
            line += "   " + " " * (space - width(cell)) + cell
        told = "   " + paint(term, DIM, colour) if term else ""
        yield paint(line.rstrip(), style, colour) + told


def _below(runs: Sequence[RunPlan], labels: list[str], colour: bool) -> Iterator[str]:
    """Yield what the numbers rest on, once each, and why there is no plan."""
    notes: dict[str, list[str]] = {}
    for run, label in zip(runs, labels):
        plan = run.plan
        if isinstance(plan, NoPlan):
            refused = [f"{one.code} {one.reason}" for one in run.refused] or [plan.reason]
            told = tuple(f"no plan: {why}" for why in refused)
        else:
            told = plan.assumptions
            told = (*told, *([run.token_note] if run.token_note else []), *_sources(run))
        told = (*run.target.origin.notes, *told)
        if run.time is not None:
            time = run.time
            told = (*told, f"time: {time.source if isinstance(time, Time) else time.reason}")
        for note in told:
            notes.setdefault(note, []).append(label)
    if notes:
        yield ""
    for note, where in notes.items():
        about = "" if len(where) == len(runs) else f"{_few([*dict.fromkeys(where)])}: "
        yield paint(f"* {about}{visible(note)}", YELLOW, colour)


def _few(labels: list[str]) -> str:
    left = len(labels) - MOST_COLUMNS
    shown = labels if left <= 0 else [*labels[: MOST_COLUMNS - 1], f"{left + 1} more"]
    return ", ".join(shown)


def _sources(run: RunPlan) -> Iterator[str]:
    """Yield where the facts come from that no config can say, a line a layer."""
    rows = run.sources.get("rows")
    facts = {name: layer for name, layer in run.sources.items() if name != "rows"}
    if isinstance(rows, dict):
        facts.update({f"rows of {name}": layer for name, layer in rows.items()})
    for layer, place in PLACES.items():
        names = [name for name, one in facts.items() if one == layer]
        if names:
            yield f"from {place}: {', '.join(names)}"


def width(text: str) -> int:
    """Return the runs that a terminal takes for a text."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)

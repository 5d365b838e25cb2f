"""Step plans as a table for people: configs, or launches of one, side by side."""

from __future__ import annotations

import os
from unicodedata import east_asian_width

from ftlint.facts.layers import PLACES
from ftlint.facts.run_plan import Time
from ftlint.report.plan_rows import NONE, gpus_of, rows_of
from ftlint.report.text import BOLD, DIM, YELLOW, paint
from ftlint.steps import NoPlan
from ftlint.steps.plan import STREAM
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.facts.run_plan import RunPlan
    from ftlint.steps import StepPlan


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
    for name, style, cell in rows_of(runs):
        cells = [NONE if isinstance(run.plan, NoPlan) else cell(run.plan, run)
                 for run in runs]  # fmt: skip
        if any(text not in ("", NONE) for text in cells):
            rows.append((name, cells, style, TERMS.get(name, "") if logged else ""))
    yield from _aligned(rows, colour)
    yield from _below(runs, labels, colour)


def _a_row_each(runs: Sequence[RunPlan], labels: list[str], colour: bool) -> Iterator[str]:
    """Yield a table with a row a plan, without columns that say nothing or nothing of any plan."""
    columns = [("", labels)]
    for name, _, cell in rows_of(runs):
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
    gpus = [f"{gpus_of(run)} GPU{'' if run.launch.shape == (1, 1) else 's'}"
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

"""The memory of a run as a table for people."""

from __future__ import annotations

from itertools import zip_longest

from ftlint.facts.memory import gigabytes
from ftlint.facts.run_memory import Untold
from ftlint.facts.run_plan import FITS
from ftlint.report.text import BOLD, DIM, RED, YELLOW, paint
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.run_memory import RunMemory
    from ftlint.memory.estimate import Phase

STYLES = {True: "", False: RED, None: YELLOW}


def table(run: RunMemory | Untold, colour: bool) -> Iterator[str]:
    """Yield the lines on one run."""
    target = visible(run.target.in_full)
    yield f"{paint(visible(_name(run)), BOLD, colour)}  {paint(target, DIM, colour)}"
    if isinstance(run, Untold):
        yield paint(f"* not told: {visible(run.reason)}", YELLOW, colour)
        return
    if run.refused is not None:
        yield paint(f"* no run comes of this config: {visible(run.refused)}", RED, colour)
    yield from _phases(run, colour)
    yield ""
    yield from _verdict(run, colour)
    for note in run.assumptions:
        yield paint(f"* {visible(note)}", YELLOW, colour)


def _name(run: RunMemory | Untold) -> str:
    """Return the config, and the line of a script that starts it."""
    if run.script is None:
        return run.path
    started = f"{run.script.path}:{run.script.line}"
    return started if run.script.path == run.path else f"{run.path} {started}"


def _phases(run: RunMemory, colour: bool) -> Iterator[str]:
    """Yield a row a part, a column a phase."""
    phases = {"training": run.estimate.training}
    if run.estimate.evaluation is not None:
        phases["evaluation"] = run.estimate.evaluation
    yield paint(_row("per GPU", list(phases)), BOLD, colour)
    parts = [phase.moment.parts() for phase in phases.values()]
    for name in parts[0]:
        cells = [gigabytes(one[name]) for one in parts]
        if any(one[name] for one in parts):
            yield _row(f"  {name}", cells)
    yield paint(
        _row("allocated", [gigabytes(one.allocated) for one in phases.values()]), BOLD, colour
    )
    yield _row("reserved", [_band(one) for one in phases.values()])
    yield paint(_row("  largest at", [one.moment.name for one in phases.values()]), DIM, colour)


def _verdict(run: RunMemory, colour: bool) -> Iterator[str]:
    if run.gpu is not None:
        words, style = run.verdict, STYLES[FITS[run.verdict]]
        size, left = gigabytes(run.gpu.total), gigabytes(run.gpu.left)
        yield paint(_row(f"GPU {run.gpu.name}", [f"{words} ({size})"]), style, colour)
        yield _row("  left by CUDA's context", [left])
        if FITS[run.verdict] is not True:
            yield from _remedy(run)
        training, evaluation = run.load.training, run.load.evaluation
        yield _row("  largest micro-batch", [_count(run.largest_batch, training.rows)])
        if evaluation is not None and run.largest_evaluation is not None:
            yield _row("  largest evaluation", [_count(run.largest_evaluation, evaluation.rows)])
        yield _row("  longest rows", [_count(run.largest_length, training.length)])
    if run.host is not None:
        yield _row("host memory", [gigabytes(run.host)])
    disk = run.storage
    yield _row("a checkpoint", [gigabytes(disk.checkpoint)])
    if disk.kept is not None:
        yield _row("  all that is kept", [gigabytes(disk.kept)])
    if disk.export is not None:
        yield _row("merged export", [gigabytes(disk.export)])


def _remedy(run: RunMemory) -> Iterator[str]:
    """Yield a row a change."""
    changes = ("none of the changes tried",) if run.remedy is None else run.remedy.changes
    for name, change in zip_longest(("  sure to fit with",), changes, fillvalue=""):
        yield _row(name, [change.replace("`", "")])


def _count(number: int | None, now: int) -> str:
    told = "unknown" if number is None else f"{number:,}" if number else "none fits"
    return f"{told} (now {now:,})"


def _band(phase: Phase) -> str:
    return f"{gigabytes(phase.low)} to {gigabytes(phase.high)}"


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<24}" + "".join(f"{cell:>26}" for cell in cells)

"""A report for a terminal."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from ftbench.report import summary
from ftlint.support.messages import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.report.run_view import RunView

BARS = "▁▂▃▄▅▆▇█"
COLUMNS = 60


def lines(runs: Sequence[RunView]) -> Iterator[str]:
    """Yield the report of results."""
    for run in runs:
        yield visible(f"── {run.name}")
        yield from map(visible, summary.lines(run.summary))
        if run.seconds:
            least, most = min(run.seconds), max(run.seconds)
            yield f"step times    {spark(run.seconds)}  {least:.3g} – {most:.3g} s"
        yield from budgeted(run)
        if run.error is not None:
            yield visible(f"! {run.error}")
        yield ""
    misses = [abs(run.miss) for run in runs if run.miss is not None]
    if misses:
        inside = sum(run.inside for run in runs)
        yield (
            f"predicted: median error {median(misses):.1%}, worst {max(misses):.1%},"
            f" {inside} of {len(misses)} inside the stated interval"
        )


def budgeted(run: RunView) -> Iterator[str]:
    """Yield what was predicted of a run, and what it took."""
    if run.wall is not None:
        yield f"wall clock    {run.wall:.2f} s"
    said = run.predicted
    if said is not None and run.miss is not None:
        where = "inside" if run.inside else "outside"
        span = f"{said.low:.2f} – {said.high:.2f}, {where}"
        yield f"predicted     {said.seconds:.2f} s, {run.miss:+.1%} ({span})"
    elif run.unpredicted is not None:
        yield f"predicted     not: {visible(run.unpredicted)}"
    if run.trainer_estimate is not None and run.training:
        yield (
            f"the trainer's own rate would say {run.trainer_estimate:.2f} s of training,"
            f" {run.trainer_estimate / run.training - 1:+.1%}"
        )


def spark(seconds: Sequence[float]) -> str:
    """Return times as bars of text, the slowest of each stretch."""
    stretch = -(-len(seconds) // COLUMNS)
    values = [max(seconds[start : start + stretch]) for start in range(0, len(seconds), stretch)]
    most = max(values) or 1.0
    return "".join(BARS[min(7, int(8 * value / most))] for value in values)

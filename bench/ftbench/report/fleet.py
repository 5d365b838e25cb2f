"""Jobs before they run, and configs by GPU kinds when they have, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ftbench.analysis.summary import summarise
from ftbench.report.figures import NONE
from ftlint.facts.budget import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ftbench.fleet.bundle import Bundle
    from ftbench.fleet.jobs import FleetJob
    from ftbench.results.record import Result

HEADS = ("config", "GPU", "median step", "tokens/s", "reserved", "whole run", "cost")


class Row(NamedTuple):
    """A job that ended: with a result, or with why it has none."""

    job: FleetJob
    result: Result | None
    problem: str = ""


def plan(jobs: Sequence[FleetJob], bundles: Sequence[Bundle], known: int) -> Iterator[str]:
    """Yield what would be run and what would be sent; no jobs where kinds of GPU are not known."""
    for job in jobs:
        yield f"job   {job.key}  {job.label}, {job.settings.gpus} GPU, {job.settings.steps} steps"
    if not jobs:
        for bundle in bundles:
            yield f"job   {bundle.path} on each kind of GPU of the cluster"
    sent = {one.digest: one for bundle in bundles for one in bundle.files}
    for one in sent.values():
        yield f"send  {one.size:>12,} bytes  {one.source}"
    for note in dict.fromkeys(note for bundle in bundles for note in bundle.elsewhere):
        yield f"not   {note}"
    total = sum(one.size for one in sent.values())
    done = f", {known} of them have a result already" if known else ""
    count = f"{len(jobs)} jobs" if jobs else "1 job a config and kind of GPU"
    yield f"{count}{done}; {len(sent)} files, {total:,} bytes to each node that needs them"


def table(rows: Sequence[Row], prices: Mapping[str, float]) -> Iterator[str]:
    """Yield a row a config and kind: time, memory, tokens/s, and cost where prices are known."""
    heads = HEADS if prices else HEADS[:-1]
    cells = [heads, *(_cells(row, prices)[: len(heads)] for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells)]
    for line in cells:
        words = [
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths))
        ]
        yield "  ".join(words).rstrip()
    for row in rows:
        if row.problem:
            yield f"! {row.job.label}: {row.problem}"
    if any(row.result is not None for row in rows):
        yield "whole run: its steps at the median, without start-up, evaluations and checkpoints"


def _cells(row: Row, prices: Mapping[str, float]) -> tuple[str, ...]:
    named = (row.job.bundle.path, row.job.kind)
    if row.result is None:
        return (*named, "failed", NONE, NONE, NONE, NONE)
    one = summarise(row.result)
    step = None if one.step is None else one.step.value
    steps = row.job.bundle.steps
    hours = None if step is None or steps is None else step * steps / 3600
    price = prices.get(row.job.kind)
    return (
        *named,
        NONE if step is None else f"{step:.4g} s",
        NONE if one.tokens is None else f"{one.tokens.all:,.0f}",
        NONE if not one.peak_reserved else f"{one.peak_reserved / 1e9:.1f} GB",
        NONE if hours is None else format_duration(3600 * hours),
        NONE if hours is None or price is None else f"{hours * price * row.job.settings.gpus:.2f}",
    )

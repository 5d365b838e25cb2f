"""A report as one HTML file: nothing is loaded from anywhere, nothing is run."""

from __future__ import annotations

from html import escape
from statistics import median
from typing import TYPE_CHECKING

from ftbench.report import plots, summary
from ftbench.report.terminal import budgeted
from ftbench.runners.short import as_lines
from ftlint.report import html

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.report.run_view import RunView

HEADS = ("run", "device", "steps", "median step", "95 %", "tokens/s", "padding", "MFU", "peak")


def page(runs: Sequence[RunView], title: str = "bench report") -> str:
    """Return the report of results."""
    return "".join(f"{part}\n" for part in _page(runs, title))


def _page(runs: Sequence[RunView], title: str) -> Iterator[str]:
    yield from html.head(title)
    yield '<div class="scroll"><table id="runs"><thead><tr>'
    yield "".join(f"<th>{escape(head)}</th>" for head in HEADS)
    yield "</tr></thead><tbody>"
    for run in runs:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(run))}</tr>"
    yield "</tbody></table></div>"
    yield from _section("times", "Step times", plots.step_times(runs))
    yield from _predicted(runs)
    yield from _section("memory", "Peak memory", plots.memory(runs))
    for run in runs:
        yield from _details(run)
    yield html.FOOT


def _section(name: str, title: str, plot: str) -> Iterator[str]:
    if plot:
        yield f'<h2>{escape(title)}</h2><div id="{name}">{plot}</div>'


def _cells(run: RunView) -> tuple[str, ...]:
    one = run.summary
    used = next((used for used in one.utilisation if used.attention == "causal"), None)
    share = None if used is None else used.mfu_measured or used.mfu_spec
    return (
        run.name,
        one.device,
        str(one.done),
        "–" if one.step is None else f"{one.step.value:.4g} s",
        "–" if one.step is None else f"{one.step.low:.4g}–{one.step.high:.4g}",
        "–" if one.tokens is None else f"{one.tokens.all:,.0f}",
        "–" if one.tokens is None else f"{one.tokens.padding:.0%}",
        "–" if share is None else f"{share:.1%}",
        "–" if not one.peak_allocated else f"{one.peak_allocated / 1e9:.1f} GB",
    )


def _predicted(runs: Sequence[RunView]) -> Iterator[str]:
    found = [run for run in runs if run.miss is not None]
    if not found:
        return
    yield from _section("predictions", "Predicted against measured", plots.predictions(runs))
    misses = sorted(abs(run.miss or 0) for run in found)
    inside = sum(run.inside for run in found)
    yield (
        f"<p>Median error {median(misses):.1%}, worst {misses[-1]:.1%};"
        f" {inside} of {len(found)} inside the stated interval.</p>"
    )
    yield '<div class="scroll"><table id="predicted"><thead><tr><th>run</th><th>measured</th>'
    yield "<th>predicted</th><th>interval</th><th>error</th>"
    yield "<th>training alone</th><th>by the trainer's own rate</th></tr></thead><tbody>"
    for run in found:
        said = run.predicted
        assert said is not None
        mark = "" if run.inside else ' class="out"'
        theirs = "–" if run.trainer_estimate is None else f"{run.trainer_estimate:.1f} s"
        if run.trainer_estimate is not None and run.training:
            theirs += f" ({run.trainer_estimate / run.training - 1:+.1%})"
        yield (
            f"<tr><td>{escape(run.name)}</td><td>{run.wall:.1f} s</td>"
            f"<td>{said.seconds:.1f} s</td><td>{said.low:.1f}–{said.high:.1f}</td>"
            f"<td{mark}>{run.miss:+.1%}</td>"
            f"<td>{'–' if run.training is None else f'{run.training:.1f} s'}</td>"
            f"<td>{theirs}</td></tr>"
        )
    yield "</tbody></table></div>"


def _details(run: RunView) -> Iterator[str]:
    yield f"<h2>{escape(run.name)}</h2><p>{escape(run.when)}</p>"
    lines = [*summary.lines(run.summary), *budgeted(run)]
    if run.error is not None:
        lines.append(f"! {run.error}")
    yield f"<pre>{escape(chr(10).join(lines))}</pre>"
    if run.changes:
        told = escape("\n".join(as_lines(list(run.changes))))
        yield f"<details><summary>How it differs from the config</summary><pre>{told}</pre>"
        yield "</details>"

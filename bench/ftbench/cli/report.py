"""`bench report`: results as a page, or in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from ftbench.cli import options as shared


@click.command("report")
@click.argument("results", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="PAGE.html",
    help="Write a page that needs nothing besides; without, the terminal.",
)
@click.option("--title", default="bench report", show_default=True)
def command(results: tuple[str, ...], output: str | None, title: str) -> None:
    """Show results: step times, rates, memory, and what was predicted against what it took.

    Predictions are those of the calibrations kept here that are older than the run. Exit status:
    0, or 2 when a file is no result.
    """  # fmt: skip
    from ftbench.report.page import page
    from ftbench.report.shown import of_results
    from ftbench.report.terminal import lines
    from ftbench.results.record import read

    shared.writable(output)
    with shared.as_results(results):
        runs = of_results([(path, read(path)) for path in results])
        text = list(lines(runs)) if output is None else [page(runs, title)]
    if output is None:
        shared.put(text)
        return
    try:
        Path(output).write_text(text[0], encoding="utf-8", errors="replace")
    except OSError as error:
        shared.stop(f"{output}: {error.strerror}", shared.USAGE)

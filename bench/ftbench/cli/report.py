"""`bench report`: results as a page, or in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from ftbench.cli import options as shared


@click.command("report")
@click.argument("results", nargs=-1, required=True, type=click.Path())
@shared.output_file("Write a self-contained HTML page to FILE, not to the terminal.")
@click.option("--title", default="bench report", show_default=True, help="Title of the page.")
def command(results: tuple[str, ...], output_file: str | None, title: str) -> None:
    """Show results: step times, rates, memory, and predicted against measured time.

    Predictions come from the calibrations on this machine that are older than the run. Exit status:
    0; 2 if a file is not a result.
    """  # fmt: skip
    from ftbench.report.page import page
    from ftbench.report.run_view import of_results
    from ftbench.report.terminal import lines
    from ftbench.results.files import read

    shared.writable(output_file)
    with shared.as_results(results):
        runs = of_results([(path, read(path)) for path in results])
        text = list(lines(runs)) if output_file is None else [page(runs, title)]
    if output_file is None:
        shared.put(text)
        return
    try:
        Path(output_file).write_text(text[0], encoding="utf-8", errors="replace")
    except OSError as error:
        shared.stop(f"{output_file}: {error.strerror}", shared.USAGE)

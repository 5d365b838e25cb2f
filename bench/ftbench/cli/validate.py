"""`bench validate`: configs trained to their end, and every count of the plan checked."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared
from ftbench.results.files import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.validation.campaign import ValidatedRun


@click.command("validate")
@click.argument("configs", nargs=-1, required=True, type=click.Path())
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Runs at a time on the same GPU.",
)
@click.option(
    "--fresh", is_flag=True, help="Start a process for each run instead of forking a warm one."
)
@shared.output_file("Write the report as JSON to FILE.")
@shared.runner
@shared.model
@shared.python
@shared.time_limit
@shared.processes
def command(configs: tuple[str, ...], jobs: int, fresh: bool, **options: Any) -> None:
    """Train each CONFIG to its end and compare ftlint's plan with what the trainer did.

    Of a folder, all configs in it. A tiny model replaces the config's own: no count depends on it.
    The number of packed rows depends on the tokenizer: there the plan is first checked against its
    bounds, then computed again from the number of rows of the run. Exit status: 0 if every number
    agrees; 1 if one does not, or a run failed; 2 if a config cannot be run.
    """
    from ftbench.models.source import TINY
    from ftbench.report import validation
    from ftbench.runners.job import Job, prepare, working_folder
    from ftbench.validation.campaign import run_all
    from ftbench.validation.checks import BOUNDED, EXACT

    paths = list(files(configs))
    if not paths:
        shared.stop(f"{', '.join(configs)}: no *.yaml in there", shared.USAGE)
    output = shared.writable(options.pop("output_file"))
    options["model"] = options["model"] or TINY
    interpreter = shared.interpreter(options.pop("python"), paths)
    processes = shared.taken_processes(options)
    runs: list[ValidatedRun] = []
    try:
        with ExitStack() as stack, shared.as_usage():
            caches = stack.enter_context(working_folder())
            os.environ.setdefault("HF_DATASETS_CACHE", str(caches))
            os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
            made = [
                prepare(
                    Job(path, interpreter, processes=processes, full=True, measure=False,
                        **options),
                    stack.enter_context(working_folder()),
                )
                for path in paths
            ]  # fmt: skip
            for one in made:
                shared.say_errors(one.loaded)
            for run in run_all(made, jobs, fresh=fresh):
                runs.append(run)
                shared.say(f"{len(runs)}/{len(made)} {run.path}: {run.verdict}")
    except KeyboardInterrupt:
        shared.stop(
            "interrupted; the runs have been ended and nothing was written", shared.INTERRUPTED
        )
    order = {path: number for number, path in enumerate(paths)}
    runs.sort(key=lambda run: order[run.path])
    if output is not None:
        with shared.as_usage():
            write(output, validation.as_json(runs))
    shared.put(validation.lines(runs))
    if any(run.verdict not in (EXACT, BOUNDED) for run in runs):
        sys.exit(shared.FAILED)


def files(given: tuple[str, ...]) -> Iterator[str]:
    """Yield the configs, of a folder those that lie in it."""
    for one in given:
        if Path(one).is_dir():
            yield from sorted(str(path) for path in Path(one).glob("*.y*ml"))
        else:
            yield one

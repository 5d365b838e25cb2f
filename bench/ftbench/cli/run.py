"""`bench run`: a few real steps of a config, measured."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared
from ftbench.results.files import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import Result
    from ftbench.runners.job import PreparedRun


@click.command("run")
@click.argument("config", type=click.Path())
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Optimizer steps (default: 30).")
@click.option(
    "--full",
    is_flag=True,
    help="Run the whole config, with evaluations and checkpoints.",
)
@click.option(
    "--measure/--no-measure",
    default=True,
    help="Time every step; --no-measure times only the whole run.",
)
@click.option("--lengths", is_flag=True, help="Record the tokenized length of every row.")
@shared.output_file("Write the result as JSON to FILE.")
@click.option(
    "--log", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the trainer's output."
)
@shared.runner
@shared.model
@shared.python
@shared.time_limit
@shared.processes
def command(config: str, **options: Any) -> None:
    """Train a few steps of CONFIG on this machine and measure them.

    The run has a process and an output folder of its own; how it differs from the config is printed
    first. Exit status: 0; 1 if the run failed; 2 if it could not start.
    """
    from ftbench.runners.job import STEPS, Job, run

    output = shared.writable(options.pop("output_file"))
    job = Job(
        path=config,
        interpreter=shared.interpreter(options.pop("python"), [config]),
        processes=shared.taken_processes(options),
        steps=options.pop("steps") or STEPS,
        keep_log=shared.writable(options.pop("log")),
        count_lengths=options.pop("lengths"),
        **options,
    )
    try:
        with shared.as_usage():
            result = run(job, shared.say, _announce)
    except KeyboardInterrupt:
        shared.stop(
            "interrupted; the run has been ended and nothing was written", shared.INTERRUPTED
        )
    if output is not None and _worth_writing(result):
        with shared.as_usage():
            write(output, result)
    shared.put(_lines(result))
    error = result["error"]
    if error is not None:
        shared.say(f"bench: {error['kind'].replace('_', ' ')}: {error['message']}")
        shared.say(f"  try: {error['remedy']}")
        sys.exit(shared.FAILED)


def _announce(made: PreparedRun) -> None:
    from ftbench.runners.short import as_lines

    steps = made.plan.get("total_steps")
    shared.say(f"{made.loaded.path}: {made.runner}, {made.source.label}, {steps or '?'} steps")
    if not made.job.interpreter.gpus:
        shared.say("  no GPU visible: this runs on the CPU, and its times are a CPU's")
    shared.say_errors(made.loaded)
    for line in as_lines(made.adapted.changes):
        shared.say(f"  {line}")


def _worth_writing(result: Result) -> bool:
    """A run that ended before it began has nothing to keep but its error, which is shown."""
    return result["error"] is None or result["trainer"] is not None


def _lines(result: Result) -> Iterator[str]:
    from ftbench.analysis.summary import summarise
    from ftbench.calibration.store import peak_of
    from ftbench.report import summary

    if result["trainer"] is not None and result["steps"]:
        return summary.lines(summarise(result, peak_of(result)))
    return summary.without_steps(result)

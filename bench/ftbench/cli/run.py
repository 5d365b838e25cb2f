"""`bench run`: a few real steps of a config, measured."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared
from ftbench.results.record import write

if TYPE_CHECKING:
    from ftbench.results.record import Result
    from ftbench.runners.job import Prepared


@click.command("run")
@click.argument("config", type=click.Path())
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Optimizer steps (30).")
@click.option(
    "--full",
    is_flag=True,
    help="The whole config with its evaluations and checkpoints, timed on the wall.",
)
@click.option(
    "--measure/--no-measure",
    default=True,
    help="Record every step; without, only begin and end, to see what measuring costs.",
)
@click.option("--lengths", is_flag=True, help="Keep the tokenised length of every row.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the result there as JSON.",
)
@click.option(
    "--log", type=click.Path(dir_okay=False), metavar="FILE", help="Keep what the trainer printed."
)
@shared.runner
@shared.model
@shared.python
@shared.time_limit
@shared.processes
def command(config: str, **options: Any) -> None:
    """Train a few steps of CONFIG on this machine, and measure them.

    The run happens in a process of its own, with an output folder of its own; how it differs from
    the config is shown first. Exit status: 0, 1 when the run failed, 2 when it could not start.
    """
    from ftbench.runners.job import STEPS, Job, run

    output = shared.writable(options.pop("output"))
    job = Job(
        path=config,
        interpreter=shared.interpreter(options.pop("python")),
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


def _announce(made: Prepared) -> None:
    from ftbench.runners.short import as_lines

    steps = made.plan.get("total_steps")
    shared.say(f"{made.loaded.path}: {made.runner}, {made.source.label}, {steps or '?'} steps")
    if not made.job.interpreter.gpus:
        shared.say("  no GPU can be seen here: this runs on the CPU, and its times are a CPU's")
    shared.say_errors(made.loaded)
    for line in as_lines(made.planned.changes):
        shared.say(f"  {line}")


def _worth_writing(result: Result) -> bool:
    """A run that ended before it began has nothing to keep but its error, which is shown."""
    return result["error"] is None or result["trainer"] is not None


def _lines(result: Result) -> list[str]:
    if result["trainer"] is None:
        return []
    if importlib.util.find_spec("ftbench.analysis.summary") is not None and result["steps"]:
        from ftbench.analysis import summary
        from ftbench.calibration.store import peak_of

        return list(summary.render(summary.summarise(result, peak_of(result))))
    return _plain(result)


def _plain(result: Result) -> list[str]:
    trainer, phases, memory = result["trainer"], result["phases"], result["memory"]
    assert trainer is not None
    planned = (result["plan"] or {}).get("total_steps")
    lines = [f"steps: {trainer['global_step']} done, {planned} planned"]
    after = None if phases is None else phases["after_first"]
    done = trainer["global_step"] or 0
    if after and done > 1:
        lines.append(f"steps/s after the first: {(done - 1) / after:.4g}")
    if phases is not None and phases["wall"] is not None:
        lines.append(f"wall: {phases['wall']:.2f} s")
    if memory is not None and memory["peak_allocated"]:
        lines.append(f"peak allocated: {memory['peak_allocated'] / 1e9:.2f} GB")
    return lines

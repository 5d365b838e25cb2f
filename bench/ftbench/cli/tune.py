"""`bench tune`: the same training, as fast as this GPU can run it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared
from ftbench.results.files import write
from ftbench.tuning.axes import BY_NAME

if TYPE_CHECKING:
    from ftbench.results.record import Result
    from ftbench.runners.job import Job
    from ftbench.tuning.edit import Edited
    from ftbench.tuning.record import Tuned


def _names(_context: object, _parameter: object, value: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in (value or "").split(",") if name.strip())
    for name in names:
        if name not in BY_NAME:
            raise click.BadParameter(f"{name} is not one of {', '.join(BY_NAME)}")
    return names


@click.command("tune")
@click.argument("config", type=click.Path())
@click.option(
    "--budget",
    type=click.FloatRange(min=10),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="What all trials may take.",
)
@click.option(
    "--allow",
    metavar="NAMES",
    callback=_names,
    help=f"Also try what changes the training: {', '.join(BY_NAME)}.",
)
@click.option("--write", "write_", is_flag=True, help="Write the result into CONFIG.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    show_default=True,
    help="Format of the result.",
)
@shared.output_file("Write the result as JSON to FILE, after every trial.")
@click.option(
    "--raw",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Keep the result of each run in FOLDER.",
)
@shared.model
@shared.python
@shared.gpus_of_this_node
def command(config: str, **options: Any) -> None:
    """Find the fastest way to run the training of CONFIG on this machine, and prove it.

    Micro-batch and accumulation at the config's effective batch, Liger, attention, checkpointing,
    workers and allocator are varied; rows of a step and steps stay what they are. Nothing is
    written unless --write is set. Exit status: 0; 1 if the run failed; 2 if it could not start.
    """
    from ftbench.report import tuning as report
    from ftbench.runners import configs
    from ftbench.runners.job import Job
    from ftbench.runners.launch import Processes
    from ftbench.tuning import edit

    output, form = shared.writable(options.pop("output_file")), options.pop("output_format")
    writes, raw = options.pop("write_"), options.pop("raw")
    budget, allowed = options.pop("budget"), options.pop("allow")
    processes = Processes(options.pop("gpus"), accelerate=options.pop("accelerate_config"))
    job = Job(
        path=config, interpreter=shared.interpreter(options.pop("python"), [config]),
        processes=processes, **options,
    )  # fmt: skip
    with shared.as_usage():
        read, data = configs.read(config, job.interpreter.packages, processes.gpus)
    tuned = _tuned(job, budget, allowed, output, raw)
    made = edit.edited(read, tuned["keys"].items())
    if form == "json":
        shown = {**tuned, "diff": "".join(made.diff), "comments": made.comments}
        click.echo(json.dumps(shown, indent=1))
    elif form == "html":
        click.echo(report.page(tuned, made.diff, made.comments))
    else:
        shared.put(report.lines(tuned, made.diff, made.by_hand, made.comments))
    if writes:
        _write(tuned, made, data)
    if tuned["after"] is None:
        sys.exit(shared.FAILED)


def _tuned(
    job: Job, budget: float, allowed: tuple[str, ...], output: str | None, raw: str | None
) -> Tuned:
    from ftbench.tuning.session import Told, TuningFailed, TuningRequest, tune

    if raw is not None:
        Path(raw).mkdir(parents=True, exist_ok=True)

    def keep(tuned: Tuned) -> None:
        if output is not None:
            write(output, tuned)

    def keep_raw(name: str, result: Result) -> None:
        if raw is not None:
            write(Path(raw, f"{name}.json"), result)

    try:
        with shared.as_usage():
            tuned = tune(TuningRequest(job, budget, allowed), Told(shared.say, keep, keep_raw))
            keep(tuned)
            return tuned
    except KeyboardInterrupt:
        kept = f"; {output} has what was measured" if output is not None else ""
        shared.stop(f"interrupted; the run has been ended{kept}", shared.INTERRUPTED)
    except TuningFailed as failed:
        shared.say(f"bench: {failed.error['kind'].replace('_', ' ')}: {failed.error['message']}")
        remedies = {
            "time_limit": "a higher --budget",
            "crash": f"`bench run {job.path} --log FILE` keeps what the trainer printed",
        }
        remedy = remedies.get(failed.error["kind"], failed.error["remedy"])
        shared.stop(f"try: {remedy}", shared.FAILED)


def _write(tuned: Tuned, made: Edited, data: bytes) -> None:
    if not tuned["keys"]:
        shared.say("nothing to write: no keys change")
        return
    if made.by_hand is not None:
        shared.stop(f"not written: {made.by_hand}", shared.FAILED)
    from ftbench.tuning.edit import written

    why = written(made, data)
    if why is not None:
        shared.stop(f"{made.path}: not written: {why}", shared.FAILED)
    shared.say(f"{made.path}: written")

"""`ftlint doctor` as click reads it."""

from __future__ import annotations

import sys

import click

from ftlint.cli.options import (
    cli_options,
    of_colour,
    of_formats,
    of_gpus,
    of_overrides,
    of_run,
    of_settings,
    of_target,
)
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@click.command(short_help="Judge a run by its logs.")
@click.argument("paths", metavar="RUN_DIR... [CONFIG]", nargs=-1, required=True, type=click.Path())
@click.option("--plan", "plan", metavar="CONFIG", type=click.Path(), help="The config of the run.")
@click.option(
    "--log", metavar="FILE", type=click.Path(), help="What the run printed: why it ended."
)  # fmt: skip
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="Evaluations without improvement after which to stop.  [default: the run's own, or 3]",
)
@click.option("--watch", is_flag=True, help="Report again when something is logged, to the end.")
@click.option(
    "--prune", is_flag=True, help="List evaluated checkpoints that are worse, and offer to delete"
    " them.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --prune: delete without asking.")
@of_target
@of_overrides
@of_gpus
@of_run
@of_formats("text", "json", "html")
@of_settings
@of_colour
def doctor(**options: Any) -> None:
    """Show what the logs of runs say: overfitting beyond noise, what to keep, why a run ended.

    RUN_DIR is the `output_dir` of a run, or a checkpoint in it; several are compared. With the
    config of the run (--plan, or a file named last) the trainer's plan is compared with that of the
    config. Exit status: 0, 1 if something is wrong, 2 if no run can be read.
    """
    from ftlint.cli.doctor import DoctorRequest, doctor, parted
    from ftlint.cli.steps import PlanRequest

    names = ("log", "patience", "watch", "prune", "yes", "format", "colour")
    own = {name: options.pop(name) for name in names}
    folders, last = parted(options.pop("paths"))
    named = options.pop("plan")
    config = last if named is None else named
    of = None if config is None else PlanRequest(cli_options((config,), options))
    if named is not None and last is not None:
        folders = (*folders, last)
    sys.exit(doctor(DoctorRequest(folders, of=of, **own)))

"""`ftlint steps` as click reads it."""

from __future__ import annotations

import sys

import click

from ftlint.cli.options import (
    cli_options,
    of_colour,
    of_format,
    of_limits,
    of_overrides,
    of_run,
    of_sample,
    of_settings,
    of_target,
)
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def _gpu_list(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    words = [] if value is None else value.split(",")
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise click.BadParameter(f"{value!r}: write 8, or 1,2,4,8 to compare")
    return tuple(map(int, words))


@click.command(short_help="Show the plan of a run.")
@click.argument("paths", metavar="CONFIG...", nargs=-1, required=True, type=click.Path())
@of_target
@of_overrides
@click.option(
    "--gpus",
    callback=_gpu_list,
    metavar="N[,N...]",
    help="GPUs per node; several numbers are compared.",
)
@of_sample
@of_run
@of_format
@of_settings
@of_limits
@of_colour
def steps(**options: Any) -> None:
    """Show the plan of a run: samples, steps, epochs, warmup, evaluations, checkpoints.

    Several configs, or several numbers of GPUs, are shown side by side, more than four a row each,
    and of a script each start in it. Exit status: 0, or 2 if a config cannot be read or cannot
    train.
    """
    from ftlint.cli.steps import PlanRequest, steps

    own = {name: options.pop(name) for name in ("gpus", "sample", "format", "colour")}
    options["gpus"] = None
    sys.exit(steps(PlanRequest(cli_options(options.pop("paths"), options), **own)))

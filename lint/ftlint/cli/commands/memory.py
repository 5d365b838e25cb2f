"""`ftlint memory` as click reads it."""

from __future__ import annotations

import sys

import click

from ftlint.cli.options import (
    cli_options,
    of_colour,
    of_format,
    of_gpus,
    of_limits,
    of_overrides,
    of_run,
    of_settings,
    of_target,
)
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@click.command(short_help="Show the memory of a run.")
@click.argument("paths", metavar="CONFIG...", nargs=-1, required=True, type=click.Path())
@of_target
@of_overrides
@of_gpus
@of_run
@of_format
@of_settings
@of_limits
@of_colour
def memory(**options: Any) -> None:
    """Show what each GPU holds at its peak, while training and while evaluating.

    By part, with a band for what the allocator holds besides; with --gpu also whether it fits, and
    the largest micro-batch and rows that do. Of a script, each start in it. Exit status: 0, 1 if a
    run does not fit the GPU or none comes of a config, 2 if a config cannot be read or its memory
    not be told.
    """
    from ftlint.cli.memory import memory
    from ftlint.cli.steps import PlanRequest

    own = {name: options.pop(name) for name in ("format", "colour")}
    sys.exit(memory(PlanRequest(cli_options(options.pop("paths"), options), **own)))

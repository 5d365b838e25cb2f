"""`ftlint record` as click reads it."""

from __future__ import annotations

import sys

import click

from ftlint.cli.options import of_dataset_dir, of_overrides, of_sample, of_settings, of_target
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@click.command()
@click.argument("paths", metavar="[CONFIG...]", nargs=-1, type=click.Path())
@of_target
@of_overrides
@of_sample
@of_dataset_dir
@of_settings
def record(**options: Any) -> None:
    """Write rows and tokens of the datasets to ftlint-facts.json.

    Run it where the data are, and commit the file: where they are not (CI), configs are then
    judged by what was recorded. It lies next to the nearest settings, else in the project's root,
    and holds names, sizes and hashes of files, names of columns, numbers of rows and of tokens: no
    rows. Without CONFIG those of this folder and below. Exit status: 0, or 2 when a config cannot
    be read or a dataset not be counted.
    """
    from ftlint.cli.record import record
    from ftlint.project.request import CliOptions

    paths, sample = tuple(options.pop("paths") or (".",)), options.pop("sample")
    sys.exit(record(CliOptions(paths, **options), sample))

"""`ftlint init` as click reads it."""

from __future__ import annotations

import re

import click

from ftlint.cli.presets import METHODS, PRESETS


@click.command()
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    default="beginner",
    show_default=True,
    help="Kind of run.",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="lora",
    show_default=True,
    help="Fine-tuning method.",
)
@click.option(
    "--model", default="", metavar="NAME", help="Model.  [default: one that suits the method]"
)
@click.option(
    "--template", default="", metavar="NAME", help="Chat template.  [default: the model's own]"
)
@click.option(
    "--dataset",
    default="identity",
    show_default=True,
    help="Name of the dataset in dataset_info.json.",
)
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE; fails if FILE exists."
)
def init(output: str | None, **options: str) -> None:
    """Write a commented config to start from, without findings."""
    from ftlint.cli.check import write
    from ftlint.cli.presets import render, unfit

    for name in ("model", "template", "dataset"):
        if not re.fullmatch(r"[\w./,+-]*", options[name]):
            raise click.UsageError(
                f"--{name} {options[name]!r}: only letters, digits and ._-/,+ are allowed"
            )
    problem = unfit(options["method"], options["model"])
    if problem is not None:
        raise click.UsageError(problem)
    text = render(**options)
    if output is None:
        write(text)
        return
    try:
        with open(output, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror or error}") from None

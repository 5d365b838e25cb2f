"""`ftlint key` as click reads it."""

from __future__ import annotations

import click

from ftlint.cli.options import of_format, of_target


@click.command(short_help="Show what a key does.")
@click.argument("name", metavar="NAME")
@of_target
@of_format
def key(name: str, target: str | None, transformers: str | None, format: str) -> None:
    """Show what a key does: its default, its values, the commands and releases that have it."""
    from ftlint.cli.check import say, wants_colour, write
    from ftlint.cli.keys import UnknownKey, about_key
    from ftlint.target.releases import UnknownTarget

    try:
        text, notes = about_key(name, target, transformers, format, wants_colour("auto"))
    except (UnknownTarget, UnknownKey) as error:
        raise click.UsageError(str(error)) from None
    say(notes)
    write(text)

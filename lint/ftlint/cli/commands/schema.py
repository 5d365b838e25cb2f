"""`ftlint schema` as click reads it."""

from __future__ import annotations

import click

from ftlint.cli.options import of_target


@click.command()
@of_target
@click.option(
    "--command", type=click.Choice(["train", "export", "chat", "api", "eval", "v1"]),
    default="train", show_default=True, help="Command that reads the config.",
)  # fmt: skip
@click.option("--settings", is_flag=True, help="Print the schema of [tool.ftlint] instead.")
def schema(target: str | None, transformers: str | None, command: str, settings: bool) -> None:
    """Print a JSON Schema of the config's keys, for editors.

    Save it and set it in your editor, or write `# yaml-language-server: $schema=PATH` at the top of
    a config.
    """
    import json

    from ftlint.cli.check import say, write
    from ftlint.project.reading import json_schema
    from ftlint.target.editor_schema import editor_schema
    from ftlint.target.releases import UnknownTarget, resolve_target

    if settings:
        write(json.dumps(json_schema(), indent=2) + "\n")
        return
    try:
        chosen = resolve_target(target, transformers)
        parsed = "chat" if command == "api" else command  # the same parser, and the same keys
        made = editor_schema(chosen, parsed)
    except UnknownTarget as error:
        raise click.UsageError(str(error)) from None
    say(chosen.origin.notes)
    write(json.dumps(made, indent=2) + "\n")

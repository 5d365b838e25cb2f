"""`ftlint mcp` as click reads it."""

from __future__ import annotations

import click


@click.command(short_help="Serve the same judgements to coding agents.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False), default=".")
def mcp(folder: str) -> None:
    """Serve lint, fix, steps, memory, predict, doctor, rule and key as tools, on standard input.

    For agents that speak the Model Context Protocol; needs `ftlint[mcp]`. Files are read and
    written below FOLDER alone, and only `fix` with `write` writes.
    """
    try:
        from ftlint.agents.server import server
    except ImportError as error:
        raise click.UsageError(f"{error.name} is missing: pip install 'ftlint[mcp]'") from None
    server(folder).run()

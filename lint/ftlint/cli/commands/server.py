"""`ftlint server` as click reads it."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option("--stdio", is_flag=True, help="Accepted for clients that pass it; always so.")
def server(stdio: bool) -> None:
    """Serve an editor by the Language Server Protocol.

    Editors start it, on standard input and output; the options are theirs: `target`,
    `transformers`, `trusted` and `lens` as initializationOptions or in the section `ftlint` of
    their settings.
    """
    from ftlint.server.serve import main

    sys.exit(main())

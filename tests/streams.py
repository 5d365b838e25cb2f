"""A click command in this process, its streams apart, which click's own runner does from 8.2 on."""

from __future__ import annotations

import sys
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import click


class Done(NamedTuple):
    """How a call ended."""

    status: int
    out: str
    err: str


def call(command: click.Command, *arguments: object, stdin: str | bytes = b"") -> Done:
    """Run a command as its script would; an exception that it lets through comes out here."""
    sent = stdin.encode() if isinstance(stdin, str) else stdin
    made = [TextIOWrapper(BytesIO(data), "utf-8", newline="") for data in (sent, b"", b"")]
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = made
    try:
        command.main([str(one) for one in arguments], prog_name=command.name)
        status: object = 0
    except SystemExit as stop:
        status = stop.code
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for stream in made[1:]:
            stream.flush()
    out, err = (stream.buffer.getvalue().decode() for stream in made[1:])  # type: ignore[attr-defined]
    assert isinstance(status, int | None)
    return Done(status or 0, out, err)

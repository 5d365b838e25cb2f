"""The `ftlint` command. A hook's call, `ftlint FILE…`, goes straight to work: no option parser."""

from __future__ import annotations

import gc
import os
import sys

from ftlint.support.own_modules import find_directly

OF_HOOKS = "--force-exclude"

SELDOM = 100_000
"""New objects between searches for cycles: a file makes 20,000, of which nearly all live on."""


def main() -> None:
    """Run ftlint and end the process with its status."""
    try:
        status = run(sys.argv[1:])
    except ImportError as error:
        if os.environ.get("FTLINT_TRACEBACK"):
            raise
        what = f"{error.name or error} cannot be imported".replace("\n", " ")
        if sys.stderr is not None:
            sys.stderr.write(
                f"ftlint: {what} by {sys.executable}: install ftlint again with"
                " `pip install --force-reinstall ftlint` (FTLINT_TRACEBACK=1 shows where)\n"
            )
        status = 3
    _leave(status)


def run(arguments: list[str]) -> int:
    """Return the exit status of a call with these arguments; where click parses them, it exits."""
    gc.set_threshold(SELDOM)
    find_directly()
    if "_FTLINT_COMPLETE" in os.environ:  # a shell asks what could follow; it wants nothing linted
        from ftlint.cli.commands import cli

        try:
            cli(prog_name="ftlint")
        except (KeyError, ValueError):  # called by hand: the shell says what is typed and where
            return 2
        return 0
    if arguments == ["--version"]:
        from ftlint import __version__

        if sys.stdout is not None:
            sys.stdout.write(f"ftlint, version {__version__}\n")
        return 0
    if arguments[:1] == ["server"] and {*arguments[1:]} <= {"--stdio"}:  # click is slow to load
        from ftlint.server.serve import main

        return main()
    forced = arguments[:1] == [OF_HOOKS]
    paths = arguments[1:] if forced else arguments
    plain = all(not argument.startswith("-") or argument == "-" for argument in paths)
    from ftlint.cli import COMMANDS

    if plain and not (arguments and arguments[0] in COMMANDS):
        from ftlint.cli.check import Output, check
        from ftlint.project.request import CliOptions

        return check(CliOptions(tuple(paths) or (".",), force_exclude=forced), Output())
    from ftlint.cli.check import guarded
    from ftlint.cli.commands import cli

    return guarded(lambda: cli(arguments))


def _leave(status: int) -> None:
    """End the process without taking its objects apart, which takes an eighth of a short run."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):  # closed, or told already
        sys.exit(status)
    os._exit(status)


if __name__ == "__main__":
    main()

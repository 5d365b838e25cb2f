"""The `ftlint` command. A hook's call, `ftlint FILE…`, goes straight to work: no option parser."""

from __future__ import annotations

import gc
import sys

COMMANDS = frozenset(["check", "rule", "schema", "steps", "init", "doctor", "bench"])

SELDOM = 100_000
"""New objects between searches for cycles: a file makes 20,000, of which nearly all live on."""


def main() -> None:
    """Run ftlint and exit with its status."""
    gc.set_threshold(SELDOM)
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from ftlint import __version__

        if sys.stdout is not None:
            sys.stdout.write(f"ftlint, version {__version__}\n")
        return
    plain = all(not argument.startswith("-") or argument == "-" for argument in arguments)
    if plain and not (arguments and arguments[0] in COMMANDS):
        from ftlint.cli.check import Output, check
        from ftlint.run import Request

        sys.exit(check(Request(tuple(arguments) or (".",)), Output()))
    from ftlint.cli.check import guarded
    from ftlint.cli.commands import cli

    sys.exit(guarded(cli))


if __name__ == "__main__":
    main()

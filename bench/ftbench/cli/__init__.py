"""The `bench` command. Each subcommand is a module of its own, loaded when it is called.

Exit status as of ftlint: 0 done, 1 a finding or a run that failed, 2 wrong usage or config.
"""

from __future__ import annotations

import importlib
import signal
from typing import cast

import click

from ftlint import __version__

COMMANDS = {
    "run": "Train a few steps of a config on this machine and measure them.",
    "validate": "Train configs to their end and compare ftlint's plan with the trainer.",
    "calibrate": "Measure step times on this machine, for `predict` and `ftlint steps`.",
    "predict": "Predict how long a run takes, from calibrations. Needs no torch.",
    "compare": "Compare two results.",
    "tune": "Find the fastest way to run the same training on this GPU.",
    "fleet": "Run configs on every kind of GPU of a Ray cluster.",
    "report": "Show results in the terminal or as an HTML page.",
}


class _Lazy(click.Group):
    """A group whose commands are imported one at a time: `bench predict` never imports torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ftbench.cli.{cmd_name}")
        return cast("click.Command", module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


OLD_NAMES = {"output": "output-file", "nnodes": "nodes"}
"""Options that had other names; they are still taken."""


@click.group(
    cls=_Lazy,
    short_help="Measure short runs on this GPU.",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda name: OLD_NAMES.get(name, name),
    },
)
@click.version_option(__version__, prog_name="bench")
def bench() -> None:
    """Short real fine-tunes that check ftlint's step counts and measure time per step."""
    for name in ("SIGTERM", "SIGHUP"):  # clean up after these as after Ctrl-C
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)

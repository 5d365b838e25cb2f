"""The commands as click reads them: a module each, loaded when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from ftlint import __version__
from ftlint.cli import COMMANDS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _Group(click.Group):
    """`ftlint PATHS` means `ftlint check PATHS`, and `ftlint bench` is `bench`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = (*self.list_commands(ctx), "--help", "-h", "--version")
        # While a shell completes a word, the arguments end before it: `ftlint st` has none yet.
        if args and args[0] not in known:
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return commands, and what `check` takes in their place: options, files, folders."""
        check = self.get_command(ctx, "check")
        assert check is not None
        of_check = check.shell_complete(click.Context(check, ctx, "check"), incomplete)
        found = [*super().shell_complete(ctx, incomplete), *of_check]
        if incomplete.startswith("-"):
            return found
        from click.shell_completion import CompletionItem

        # First: what bash meets before them it forgets, and what follows it takes in their place.
        return [CompletionItem(incomplete, type="file"), *found]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "bench":
            from ftbench.cli import bench

            return bench
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"ftlint.cli.commands.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ftlint")
def cli() -> None:
    """Lint, fix and plan LLaMA Factory configs.

    `ftlint PATHS` lints files and folders; see `ftlint check --help` for its options.
    """

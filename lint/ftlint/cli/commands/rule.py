"""`ftlint rule` and what is below it: explain rules, begin one, run the examples of files."""

from __future__ import annotations

import os
import re
import sys

import click

from ftlint.cli.check import wants_colour, write
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.rulebook.registry import RuleBook


class _Group(click.Group):
    """`ftlint rule CODE` explains a rule; `new` and `test` are commands below it.

    Its help shows the options of `explain`, which stands for the group and has no name of its own.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in ("new", "test", "--help", "-h"):
            args = ["explain", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the three ways to call it."""
        ways = ("[OPTIONS] CODE|NAME", "[OPTIONS] --all", "COMMAND [ARGS]...")
        formatter.write_usage(ctx.command_path, ways[0])
        for way in ways[1:]:
            formatter.write_usage(ctx.command_path, way, prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of `explain`, and the commands."""
        options = [one for one in explain.get_params(ctx) if isinstance(one, click.Option)]
        shown = [record for one in options if (record := one.get_help_record(ctx))]
        with formatter.section("Options"):
            formatter.write_dl(shown)
        self.format_commands(ctx, formatter)


class _Explain(click.Command):
    """The command that the group stands for: help and errors are the group's."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            error.ctx = parent
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = ctx.parent
            raise

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the group."""
        assert ctx.parent is not None
        ctx.parent.command.format_help(ctx.parent, formatter)


@click.group(cls=_Group, short_help="Explain, write and test rules.")
def rule() -> None:
    """Explain a rule: what it checks, why, and how to fix it; write and test rules.

    `ftlint rule CODE|NAME` explains one, `ftlint rule --all` lists them, a project's policies
    included; `--output-format json` for programs, `--config FILE` for other settings.
    """


@rule.command(cls=_Explain, hidden=True)
@click.argument("word", metavar="[CODE|NAME]", required=False)
@click.option("--all", "every", is_flag=True, help="List all rules.")
@click.option("--config", type=click.Path(), help="Settings file, in place of the nearest.")
@click.option(
    "--output-format", "format", type=click.Choice(["text", "json"]), default="text",
    show_default=True, help="Format of the report.",
)  # fmt: skip
def explain(word: str | None, every: bool, config: str | None, format: str) -> None:
    """Explain a rule: what it checks, why, and how to fix it."""
    write(_explained(None if every else word, config, format))


@rule.command()
@click.argument("code")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(), help="Write it there (CODE-NAME.yaml).")
def new(code: str, name: str, output: str | None) -> None:
    """Write a commented file to begin a rule or policy with.

    Of a family, such as FT4, the next free code is taken. Fails if the file exists.
    """
    write(_begun(code, name, output))


@rule.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path())
def test(paths: tuple[str, ...]) -> None:
    """Run the examples of rule files and policies: `bad` fires where it says, `good` is clean.

    Exit status: 0, 1 when an example does not hold, 2 when a file cannot be read.
    """
    sys.exit(_tested(paths))


def _explained(word: str | None, config: str | None, format: str) -> str:
    """Return what is asked of the rules that count in this folder: one, or the list of all."""
    from ftlint.cli.explain import explain, listing
    from ftlint.rulebook.registry import BUILT_IN

    found = None if word is None else BUILT_IN.find(word)
    if found is not None and config is None:  # told also where settings cannot be used
        return explain(found, BUILT_IN, format, wants_colour("auto"))
    rules = _rules(config)
    if word is None:
        return listing(rules, format)
    found = rules.find(word)
    if found is None:
        raise click.UsageError(f"unknown rule {word!r}: see `ftlint rule --all`")
    return explain(found, rules, format, wants_colour("auto"))


def _rules(config: str | None) -> RuleBook:
    """Return ftlint's rules and the policies of the settings nearest to this folder."""
    from ftlint.project.options import OptionsResolver
    from ftlint.project.request import CliOptions, UsageError

    try:
        return OptionsResolver(CliOptions(config=config)).of(os.getcwd())[0].rules
    except UsageError as error:
        raise click.UsageError(str(error)) from None


def _begun(code: str, name: str, output: str | None) -> str:
    """Write a file to begin a rule with; return what to do next."""
    from ftlint import __version__
    from ftlint.authoring.files import BadRuleFile, new

    if not re.fullmatch(r"FT[0-9]|[A-Z]{2,6}[0-9]{3,4}", code):
        raise click.UsageError(f"{code!r}: letters and three digits, as ACME001; or a family, FT4")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise click.UsageError(f"{name!r}: lower case, words with dashes, as rank-above-64")
    try:
        code, text = new(code, name, __version__)
    except BadRuleFile as error:
        raise click.UsageError(str(error)) from None
    path = output or os.path.join(_folder(code), f"{code}-{name}.yaml")
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror or error}") from None
    return f"Wrote {path}: replace what says TODO, then `ftlint rule test {path}`.\n"


def _folder(code: str) -> str:
    """Return where a rule of ftlint's own lies in its repository; others begin in this folder."""
    from ftlint.support.disk import Disk

    own = os.path.join("schemas", "ftschemas", "rules")
    return own if code.startswith("FT") and Disk().is_folder(own) else ""


def _tested(paths: tuple[str, ...]) -> int:
    """Run the examples of rule files and print what does not hold; return the exit status."""
    from ftlint.authoring.files import BadRuleFile, tested_rules
    from ftlint.report.text import paint
    from ftlint.support.messages import plural, shown_path, visible

    colour = wants_colour("auto")
    count = failed = 0
    for path in paths:
        try:
            rules = list(tested_rules(path))
        except BadRuleFile as error:
            raise click.UsageError(str(error)) from None
        for one in rules:
            count, failed = count + 1, failed + bool(one.complaints)
            verdict = paint("failed", "31", colour) if one.complaints else paint("ok", "32", colour)
            write(f"{shown_path(path)}: {visible(one.rule)}: {verdict}\n")
            for complaint in one.complaints:
                write(f"  {visible(complaint)}\n")
    told = f"{count} {plural('rule', count)}"
    write(f"{told}, {failed} failed.\n" if failed else f"{told}: every example holds.\n")
    return int(failed > 0)

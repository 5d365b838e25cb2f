"""`ftlint check` as click reads it."""

from __future__ import annotations

import sys

import click

from ftlint.cli.options import (
    Grouped,
    cli_options,
    codes,
    of_colour,
    of_formats,
    of_gpus,
    of_limits,
    of_overrides,
    of_run,
    of_settings,
    of_target,
    patterns,
    shard,
)
from ftlint.report import FORMATS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class _Check(Grouped):
    """`ftlint check`, whose options are many."""

    groups = (
        ("Files", ("files_from", "exclude", "force_exclude", "shard", "stdin_filename", "command",
                   "show_files")),
        ("Rules and fixes", ("select", "ignore", "extend_select", "fix", "unsafe_fixes", "diff",
                             "add_ignores")),
        ("Release and run", ("target", "transformers", "overrides", "gpus", "nodes", "gpu",
                             "dataset_dir", "dataset_sizes", "budget", "here", "facts")),
        ("Report", ("format", "file", "colour", "quiet", "statistics", "fail_on", "exit_zero")),
        ("Settings", ("config", "isolated", "show_settings", "baseline", "write_baseline",
                      "limits", "cache")),
    )  # fmt: skip
    examples = (
        ("ftlint configs/", "all configs of a folder"),
        ("ftlint check --fix sft.yaml", "repair what does not change the run"),
        ("ftlint check --gpus 8 --gpu h100-80g sft.yaml", "for the machine that trains"),
        ("git diff --name-only | ftlint check --files-from -", "what has changed"),
        ("ftlint check --output-format sarif --output-file f.sarif", "for code scanning"),
    )


@click.command(cls=_Check)
@click.argument("paths", nargs=-1, type=click.Path())
@of_target
@of_overrides
@of_gpus
@of_run
@click.option(
    "--files-from", metavar="F|-", type=click.Path(allow_dash=True),
    help="Also lint the files that F names, a line each or separated by NUL.",
)  # fmt: skip
@click.option(
    "--exclude", multiple=True, callback=patterns, metavar="PATTERNS",
    help="Also skip files and folders that match, when a folder is linted.",
)  # fmt: skip
@click.option(
    "--force-exclude", is_flag=True, help="Also skip excluded files that are named, as hooks do."
)
@click.option(
    "--shard", callback=shard, metavar="I/N", default="1/1",
    help="Lint part I of N: each file belongs to one part, by its name.",
)  # fmt: skip
@click.option("--fix", is_flag=True, help="Apply safe fixes, which do not change the run.")
@click.option("--unsafe-fixes", is_flag=True, help="Also apply fixes that change the run.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, without writing.")
@click.option(
    "--select", multiple=True, callback=codes, metavar="CODES", help="Report only these rules."
)
@click.option(
    "--ignore", multiple=True, callback=codes, metavar="CODES", help="Do not report these rules."
)
@click.option(
    "--extend-select",
    multiple=True,
    callback=codes,
    metavar="CODES",
    help="Also report these rules.",
)
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "info"]),
    help="Lowest severity that sets exit status 1.  [default: warning]",
)  # fmt: skip
@click.option("--exit-zero", is_flag=True, help="Exit with 0 also if there are findings.")
@of_formats(*FORMATS)
@click.option(
    "--output-file", "file", type=click.Path(), metavar="F", help="Write the report to this file."
)
@of_settings
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    metavar="F",
    help="File of known findings, which are not reported.",
)
@click.option("--write-baseline", is_flag=True, help="Record current findings as the baseline.")
@click.option("--stdin-filename", metavar="F", help="File name to assume for standard input (`-`).")
@of_colour
@of_limits
@click.option(
    "--no-cache",
    "cache",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Disable the result cache.",
)
@click.option(
    "--command", type=click.Choice(["train", "export", "chat", "api", "eval", "v1"]),
    help="Check all named files, and the configs in folders, as configs of this command.",
)  # fmt: skip
@click.option(
    "--show-files", is_flag=True,
    help="Show how each file is checked, or why it is skipped, without linting.",
)  # fmt: skip
@click.option(
    "--show-settings", is_flag=True,
    help="Show the settings that count for each path and where they come from, without linting.",
)  # fmt: skip
@click.option(
    "--add-ignores", is_flag=True,
    help="Write `# ftlint: ignore[CODE]` above each finding, so that it is no longer reported.",
)  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Print findings only, no notes and no summary.")
@click.option("--statistics", is_flag=True, help="Show the number of findings per rule.")
def check(**options: Any) -> None:
    """Lint files and folders; `-` reads standard input.

    In folders ftlint checks every *.yaml, *.yml and *.json that is a LLaMA Factory config, and
    scripts that start LLaMA Factory. A named file is checked if a key belongs to LLaMA Factory
    only, or if half of its keys are LLaMA Factory keys, and if it is not a file of another tool;
    see --show-files. For a named dataset_info.json, data file or DeepSpeed config, ftlint checks
    the project's configs that use it. Exit status: 0 no findings, 1 findings, 2 wrong usage or
    settings, 3 ftlint failed.
    """
    from ftlint.cli.check import Output, check, show_files

    adding, settings = options.pop("add_ignores"), options.pop("show_settings")
    if options["write_baseline"] and options["diff"]:
        raise click.UsageError("--write-baseline cannot be combined with --diff")
    if options["files_from"] == "-" and "-" in options["paths"]:
        raise click.UsageError("--files-from - and the path - both read standard input")
    if adding and (options["fix"] or options["unsafe_fixes"] or options["write_baseline"]):
        raise click.UsageError("--add-ignores cannot be combined with a fix or a baseline")
    if options.pop("statistics"):
        options["format"] = "statistics"
    output = Output(**{name: options.pop(name) for name in ("format", "file", "colour")})
    show = show_files if options.pop("show_files") else check
    if adding:
        from ftlint.cli.add_ignores import add_ignores as show
    elif settings:
        from ftlint.cli.show_settings import show_settings as show
    if options["command"] == "api":
        options["command"] = "chat"  # the same parser, and the same keys
    paths = options.pop("paths") or (() if options["files_from"] else (".",))
    sys.exit(show(cli_options(paths, options), output))

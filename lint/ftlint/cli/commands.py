"""The commands, as click reads them, to requests."""

from __future__ import annotations

import re
import sys

import click

from ftlint import __version__
from ftlint.cli.options import (
    Grouped,
    cli_options,
    codes,
    limits,
    of_colour,
    of_dataset_dir,
    of_format,
    of_gpus,
    of_overrides,
    of_run,
    of_settings,
    of_target,
    patterns,
    shard,
)
from ftlint.cli.presets import METHODS, PRESETS
from ftlint.report import FORMATS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from click.shell_completion import CompletionItem

    _Command = TypeVar("_Command", bound="Callable[..., Any]")


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
        return [*super().list_commands(ctx), "bench", "rule"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "bench":
            from ftbench.cli import bench

            return bench
        if cmd_name == "rule":
            from ftlint.cli.rules import rule

            return rule
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ftlint")
def cli() -> None:
    """Lint, fix and plan LLaMA Factory configs.

    `ftlint PATHS` lints files and folders; see `ftlint check --help` for its options.
    """


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


@cli.command(cls=_Check)
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
@click.option(
    "--output-format",
    "format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Output format.",
)
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
@click.option(
    "--limit", "limits", multiple=True, callback=limits, metavar="NAME=N",
    help="Raise a limit on what is read: bytes, depth, nodes, keys, scalar, seconds or files.",
)  # fmt: skip
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


_of_sample = click.option(
    "--sample", type=click.IntRange(min=1), metavar="N",
    help="Count the tokens of N rows of each dataset, drawn by chance; without it, of all rows.",
)  # fmt: skip


def _gpu_list(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    words = [] if value is None else value.split(",")
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise click.BadParameter(f"{value!r}: write 8, or 1,2,4,8 to compare")
    return tuple(map(int, words))


@cli.command(short_help="Show the plan of a run.")
@click.argument("paths", metavar="CONFIG...", nargs=-1, required=True, type=click.Path())
@of_target
@of_overrides
@click.option(
    "--gpus",
    callback=_gpu_list,
    metavar="N[,N...]",
    help="GPUs per node; several numbers are compared.",
)
@_of_sample
@of_run
@of_format
@of_settings
@of_colour
def steps(**options: Any) -> None:
    """Show the plan of a run: samples, steps, epochs, warmup, evaluations, checkpoints.

    Several configs, or several numbers of GPUs, are shown side by side, more than four a row each,
    and of a script each start in it. Exit status: 0, or 2 if a config cannot be read or cannot
    train.
    """
    from ftlint.cli.steps import Asked, steps

    own = {name: options.pop(name) for name in ("gpus", "sample", "format", "colour")}
    options["gpus"] = None
    sys.exit(steps(Asked(cli_options(options.pop("paths"), options), **own)))


@cli.command(short_help="Show the memory of a run.")
@click.argument("paths", metavar="CONFIG...", nargs=-1, required=True, type=click.Path())
@of_target
@of_overrides
@of_gpus
@of_run
@of_format
@of_settings
@of_colour
def memory(**options: Any) -> None:
    """Show what each GPU holds at its peak, while training and while evaluating.

    By part, with a band for what the allocator holds besides; with --gpu also whether it fits, and
    the largest micro-batch and rows that do. Of a script, each start in it. Exit status: 0, 1 if a
    run does not fit the GPU, 2 if a config cannot be read or its memory not be told.
    """
    from ftlint.cli.memory import memory
    from ftlint.cli.steps import Asked

    own = {name: options.pop(name) for name in ("format", "colour")}
    sys.exit(memory(Asked(cli_options(options.pop("paths"), options), **own)))


@cli.command()
@click.argument("paths", metavar="[CONFIG...]", nargs=-1, type=click.Path())
@of_target
@of_overrides
@_of_sample
@of_dataset_dir
@of_settings
def record(**options: Any) -> None:
    """Write rows and tokens of the datasets to ftlint-facts.json.

    Run it where the data are, and commit the file: where they are not (CI), configs are then
    judged by what was recorded. It lies next to the nearest settings, else in the project's root,
    and holds names, sizes and hashes of files, names of columns, numbers of rows and of tokens: no
    rows. Without CONFIG those of this folder and below. Exit status: 0, or 2 when a config cannot
    be read or a dataset not be counted.
    """
    from ftlint.cli.record import record
    from ftlint.project.request import CliOptions

    paths, sample = tuple(options.pop("paths") or (".",)), options.pop("sample")
    sys.exit(record(CliOptions(paths, **options), sample))


@cli.command(short_help="Judge a run by its logs.")
@click.argument("paths", metavar="RUN_DIR... [CONFIG]", nargs=-1, required=True, type=click.Path())
@click.option("--plan", "plan", metavar="CONFIG", type=click.Path(), help="The config of the run.")
@click.option(
    "--log", metavar="FILE", type=click.Path(), help="What the run printed: why it ended."
)  # fmt: skip
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="Evaluations without improvement after which to stop.  [default: the run's own, or 3]",
)
@click.option("--watch", is_flag=True, help="Report again when something is logged, to the end.")
@click.option(
    "--prune", is_flag=True, help="List evaluated checkpoints that are worse, and offer to delete"
    " them.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --prune: delete without asking.")
@of_target
@of_overrides
@of_gpus
@of_run
@click.option(
    "--output-format", "format", type=click.Choice(["text", "json", "html"]), default="text",
    show_default=True, help="Output format.",
)  # fmt: skip
@of_settings
@of_colour
def doctor(**options: Any) -> None:
    """Show what the logs of runs say: overfitting beyond noise, what to keep, why a run ended.

    RUN_DIR is the `output_dir` of a run, or a checkpoint in it; several are compared. With the
    config of the run (--plan, or a file named last) the trainer's plan is compared with that of the
    config. Exit status: 0, 1 if something is wrong, 2 if no run can be read.
    """
    from ftlint.cli.doctor import Wanted, doctor, parted
    from ftlint.cli.steps import Asked

    names = ("log", "patience", "watch", "prune", "yes", "format", "colour")
    own = {name: options.pop(name) for name in names}
    folders, last = parted(options.pop("paths"))
    named = options.pop("plan")
    config = last if named is None else named
    of = None if config is None else Asked(cli_options((config,), options))
    sys.exit(
        doctor(Wanted(folders if named is None or last is None else (*folders, last), of=of, **own))
    )


@cli.command()
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
    from ftlint.project.settings import json_schema
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


@cli.command(short_help="Show what a key does.")
@click.argument("name", metavar="NAME")
@of_target
@of_format
def key(name: str, target: str | None, transformers: str | None, format: str) -> None:
    """Show what a key does: its default, its values, the commands and releases that have it."""
    from ftlint.cli.check import say, wants_colour, write
    from ftlint.cli.keys import UnknownKey, about_key
    from ftlint.target.releases import UnknownTarget

    try:
        text, notes = about_key(name, target, transformers, format, wants_colour("auto"))
    except (UnknownTarget, UnknownKey) as error:
        raise click.UsageError(str(error)) from None
    say(notes)
    write(text)


@cli.command(short_help="Serve the same judgements to coding agents.")
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


@cli.command()
@click.option("--stdio", is_flag=True, help="Accepted for clients that pass it; always so.")
def server(stdio: bool) -> None:
    """Serve an editor by the Language Server Protocol.

    Editors start it, on standard input and output; the options are theirs: `target`,
    `transformers`, `trusted` and `lens` as initializationOptions or in the section `ftlint` of
    their settings.
    """
    from ftlint.server.serve import main

    sys.exit(main())


@cli.command()
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    default="beginner",
    show_default=True,
    help="Kind of run.",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="lora",
    show_default=True,
    help="Fine-tuning method.",
)
@click.option(
    "--model", default="", metavar="NAME", help="Model.  [default: one that suits the method]"
)
@click.option(
    "--template", default="", metavar="NAME", help="Chat template.  [default: the model's own]"
)
@click.option(
    "--dataset",
    default="identity",
    show_default=True,
    help="Name of the dataset in dataset_info.json.",
)
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE; fails if FILE exists."
)
def init(output: str | None, **options: str) -> None:
    """Write a commented config to start from, without findings."""
    from ftlint.cli.check import write
    from ftlint.cli.presets import render, unfit

    for name in ("model", "template", "dataset"):
        if not re.fullmatch(r"[\w./,+-]*", options[name]):
            raise click.UsageError(
                f"--{name} {options[name]!r}: only letters, digits and ._-/,+ are allowed"
            )
    problem = unfit(options["method"], options["model"])
    if problem is not None:
        raise click.UsageError(problem)
    text = render(**options)
    if output is None:
        write(text)
        return
    try:
        with open(output, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror or error}") from None

"""Options and arguments, as click reads them, to requests."""

from __future__ import annotations

import re
import sys

import click

from ftlint import __version__
from ftlint.cli.presets import METHODS, PRESETS
from ftlint.report import FORMATS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from click.shell_completion import CompletionItem

    from ftlint.project.options import CliOptions

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
    """Lint LLaMA Factory configs before a GPU is touched.

    `ftlint PATHS` lints files and folders; see `ftlint check --help` for its options.
    """


def _sizes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    sizes = []
    for value in values:
        name, _sep, number = value.rpartition("=")
        if not number.isdecimal() or len(number) > 18 or int(number) < 1:
            raise click.BadParameter(f"{value!r}: write NAME=ROWS, or ROWS for the only dataset")
        sizes.append((name, int(number)))
    return tuple(sizes)


def _facts(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    from ftlint.facts.machine import NAMES

    pairs = [value.partition("=")[::2] for value in values]
    for value, (name, said) in zip(values, pairs):
        if name not in NAMES or not said:
            raise click.BadParameter(f"{value!r}: write NAME=VALUE, NAME of {', '.join(NAMES)}")
    return tuple(pairs)


def _budget(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from ftlint.facts.budget import parse_budget

    if value is not None and parse_budget(value) is None:
        raise click.BadParameter(f"{value!r}: write 30m, 2h or 1h30m")
    return value


def _limits(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    pairs = []
    for value in values:
        name, _sep, number = value.partition("=")
        if not number.isdecimal() or len(number) > 18:
            raise click.BadParameter(f"{value!r}: write NAME=N, such as bytes=4194304")
        pairs.append((name, int(number)))
    return tuple(pairs)


def _codes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for value in values for code in value.split(",") if code.strip())


def _together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return a decorator that gives a command these options, in this order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _cli_options(paths: Iterable[str], options: dict[str, Any]) -> CliOptions:
    """Return a request; GPUs and nodes are of one launch."""
    from ftlint.facts.launch import Launch
    from ftlint.project.options import CliOptions

    launch = Launch(options.pop("gpus"), options.pop("nodes"))
    return CliOptions(tuple(paths), launch=launch, **options)


# What `check` and `steps` are both told: for which release, of what run, by which settings.
_of_target = _together(
    click.option(
        "--target", metavar="V", help="LLaMA Factory release, or auto for the installed one."
    ),
    click.option("--transformers", metavar="V", help="transformers release beside it."),
)  # fmt: skip
_of_gpus = click.option("--gpus", type=click.IntRange(1), metavar="N", help="GPUs per node.")
_of_run = _together(
    click.option("--nodes", type=click.IntRange(1), metavar="N", help="Nodes."),
    click.option("--dataset-dir", type=click.Path(), help="Where dataset_info.json lies."),
    click.option(
        "--dataset-size", "dataset_sizes", multiple=True, callback=_sizes, metavar="[NAME=]N",
        help="Rows of a dataset that cannot be counted here.",
    ),
    click.option(
        "--budget", callback=_budget, metavar="TIME",
        help="Wall clock that a run may take, as 30m or 2h (needs `bench calibrate`).",
    ),
    click.option(
        "--here", is_flag=True,
        help="The configs run on this machine: its packages, GPU, environment and folders count.",
    ),
    click.option(
        "--fact", "facts", multiple=True, callback=_facts, metavar="NAME=VALUE",
        help="What is so where they run: installed, env, compute_capability, output_dir_holds.",
    ),
)  # fmt: skip
_of_settings = _together(
    click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Settings file."),
    click.option("--isolated", is_flag=True, help="Read no settings file."),
)  # fmt: skip
_of_format = click.option(
    "--output-format", "format", type=click.Choice(["text", "json"]), default="text",
    show_default=True,
)  # fmt: skip
_of_colour = _together(
    click.option(
        "--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto",
        show_default=True,
    ),
)  # fmt: skip


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path())
@_of_target
@_of_gpus
@_of_run
@click.option("--fix", is_flag=True, help="Repair what can be repaired without changing the run.")
@click.option("--unsafe-fixes", is_flag=True, help="Repair as well what changes the run.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--select", multiple=True, callback=_codes, metavar="CODES", help="Only these rules.")
@click.option("--ignore", multiple=True, callback=_codes, metavar="CODES", help="Not these rules.")
@click.option(
    "--extend-select", multiple=True, callback=_codes, metavar="CODES", help="These rules as well."
)
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "info"]),
    help="Least severity that sets the exit status (warning).",
)  # fmt: skip
@click.option(
    "--output-format", "format", type=click.Choice(FORMATS), default="text", show_default=True
)
@click.option("--output-file", "file", type=click.Path(), help="Write the report there.")
@_of_settings
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    metavar="F",
    help="File of findings that are known: they are not shown and do not count.",
)
@click.option(
    "--write-baseline", is_flag=True, help="Write the findings that there are to that file."
)
@click.option("--stdin-filename", metavar="F", help="Name of the file that `-` stands for.")
@_of_colour
@click.option(
    "--limit", "limits", multiple=True, callback=_limits, metavar="NAME=N",
    help="Lift a limit on what is read: bytes, depth, nodes, keys, scalar, seconds, files.",
)  # fmt: skip
@click.option(
    "--no-cache",
    "cache",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Take no results of earlier runs, and keep none.",
)
@click.option(
    "--command", type=click.Choice(["train", "export", "chat", "api", "eval", "v1"]),
    help="Judge named files as configs of this command, whatever they look like, "
    "and those configs that folders hold.",
)  # fmt: skip
@click.option(
    "--show-files", is_flag=True,
    help="List what each file is judged as, or why it is passed over; lint nothing.",
)  # fmt: skip
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of listing them.")
def check(**options: Any) -> None:
    """Lint files and folders; `-` reads standard input.

    Folders give every *.yaml, *.yml and *.json that is a LLaMA Factory config. A file that is
    named is judged, however misspelt, when one of its keys is LLaMA Factory's alone or half of
    them are among its keys, and it is not another tool's; --show-files tells. Of a
    dataset_info.json, a data file or DeepSpeed settings that are named, the project's configs
    that use them are judged. Exit status: 0 clean, 1 findings, 2 wrong usage or settings, 3
    ftlint failed.
    """
    from ftlint.cli.check import Output, check, show_files

    if options["write_baseline"] and options["diff"]:
        raise click.UsageError("--write-baseline and --diff: what --diff shows is not written yet")
    if options.pop("statistics"):
        options["format"] = "statistics"
    output = Output(**{name: options.pop(name) for name in ("format", "file", "colour")})
    show = show_files if options.pop("show_files") else check
    if options["command"] == "api":
        options["command"] = "chat"  # the same parser, and the same keys
    paths = options.pop("paths") or (".",)
    sys.exit(show(_cli_options(paths, options), output))


def _gpu_list(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    words = [] if value is None else value.split(",")
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise click.BadParameter(f"{value!r}: write 8, or 1,2,4,8 to compare")
    return tuple(map(int, words))


@cli.command()
@click.argument("paths", metavar="CONFIG...", nargs=-1, required=True, type=click.Path())
@_of_target
@click.option(
    "--gpus", callback=_gpu_list, metavar="N[,N...]", help="GPUs per node; several to compare."
)
@_of_run
@_of_format
@_of_settings
@_of_colour
def steps(**options: Any) -> None:
    """Say exactly what a run will do: samples, steps, epochs, warmup, evaluations, checkpoints.

    Several configs, or several numbers of GPUs, are shown side by side. Exit status: 0, or 2 when
    a config cannot be read or gives no run.
    """
    from ftlint.cli.steps import Asked, steps

    own = {name: options.pop(name) for name in ("gpus", "format", "colour")}
    options["gpus"] = None
    sys.exit(steps(Asked(_cli_options(options.pop("paths"), options), **own)))


@cli.command()
@click.argument("folder", metavar="RUN_DIR", type=click.Path())
@click.argument("config_of", metavar="[CONFIG]", required=False, type=click.Path())
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="Evaluations without a new best after which to stop (the run's own, or 3).",
)
@_of_target
@_of_gpus
@_of_run
@_of_format
@_of_settings
@_of_colour
def doctor(**options: Any) -> None:
    """Say what the logs of a run show: over- and under-fitting, the best step, how far it went.

    RUN_DIR is its output_dir, or a checkpoint in it. With CONFIG the trainer's plan is held against
    that of the config. Exit status: 0, 1 when something is wrong, 2 when no run can be read there.
    """
    from ftlint.cli.doctor import Wanted, doctor
    from ftlint.cli.steps import Asked

    own = {name: options.pop(name) for name in ("folder", "patience", "format", "colour")}
    config = options.pop("config_of")
    of = None if config is None else Asked(_cli_options((config,), options))
    sys.exit(doctor(Wanted(of=of, **own)))


@cli.command()
@click.option("--target", metavar="V", help="LLaMA Factory release (newest).")
@click.option("--transformers", metavar="V", help="transformers release (the newest it takes).")
@click.option(
    "--command", type=click.Choice(["train", "export", "chat", "api", "eval"]), default="train",
    show_default=True,
)  # fmt: skip
@click.option("--settings", is_flag=True, help="The schema of [tool.ftlint] instead.")
def schema(target: str | None, transformers: str | None, command: str, settings: bool) -> None:
    """Print a JSON Schema of the config's keys, for editors.

    Save it and point your editor at it, or put
    `# yaml-language-server: $schema=PATH` at the head of a config.
    """
    import json

    from ftlint.cli.check import write
    from ftlint.project.settings import json_schema
    from ftlint.target.editor_schema import editor_schema
    from ftlint.target.releases import UnknownTarget, resolve_target

    if settings:
        write(json.dumps(json_schema(), indent=2) + "\n")
        return
    try:
        chosen = resolve_target(target, transformers)
    except UnknownTarget as error:
        raise click.UsageError(str(error)) from None
    parsed = "chat" if command == "api" else command  # the same parser, and the same keys
    write(json.dumps(editor_schema(chosen, parsed), indent=2) + "\n")


@cli.command()
@click.option("--preset", type=click.Choice(PRESETS), default="beginner", show_default=True)
@click.option("--method", type=click.Choice(METHODS), default="lora", show_default=True)
@click.option("--model", default="", metavar="NAME", help="Model (one that suits the method).")
@click.option("--template", default="qwen", show_default=True, help="The model's chat template.")
@click.option("--dataset", default="identity", show_default=True, help="Name of the dataset.")
@click.option("-o", "--output", type=click.Path(), help="Write it there; never over a file.")
def init(output: str | None, **options: str) -> None:
    """Write a commented config to start from, which passes its own lint."""
    from ftlint.cli.check import write
    from ftlint.cli.presets import render

    for name in ("model", "template", "dataset"):
        if not re.fullmatch(r"[\w./,+-]*", options[name]):
            raise click.UsageError(f"--{name} {options[name]!r}: letters, digits and ._-/, only")
    text = render(**options)
    if output is None:
        write(text)
        return
    try:
        with open(output, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror or error}") from None

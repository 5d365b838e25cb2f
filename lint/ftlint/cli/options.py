"""Options that several commands take, as click reads them, and what each text stands for."""

from __future__ import annotations

import click

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from ftlint.project.request import CliOptions

    _Command = TypeVar("_Command", bound="Callable[..., Any]")


def _sizes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    sizes = []
    for value in values:
        name, _sep, number = value.rpartition("=")
        if not number.isdecimal() or len(number) > 18 or int(number) < 1:
            raise click.BadParameter(f"{value!r}: write NAME=ROWS, or ROWS for the only dataset")
        sizes.append((name, int(number)))
    return tuple(sizes)


def _facts(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    from ftlint.facts.machine import LISTED, NAMES

    pairs = [value.partition("=")[::2] for value in values]
    for value, (name, said) in zip(values, pairs):
        if name not in NAMES or not said:
            raise click.BadParameter(
                f"{value!r}: write NAME=VALUE, NAME is one of {', '.join(NAMES)}"
            )
    found: dict[str, str] = {}
    for name, said in pairs:
        found[name] = f"{found[name]},{said}" if name in LISTED and name in found else said
    return tuple(found.items())


def _budget(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from ftlint.facts.budget import parse_budget

        if parse_budget(value) is None:
            raise click.BadParameter(f"{value!r}: write 30m, 2h or 1h30m")
    return value


def _gpu(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from ftlint.memory.gpus import BadGpu, total_memory

        try:
            total_memory(value)
        except BadGpu as error:
            raise click.BadParameter(str(error)) from None
    return value


def _limits(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    """Return pairs of `NAME=N`."""
    pairs = []
    for value in values:
        name, _sep, number = value.partition("=")
        if not number.isdecimal() or len(number) > 18:
            raise click.BadParameter(f"{value!r}: write NAME=N, such as bytes=4194304")
        pairs.append((name, int(number)))
    return tuple(pairs)


def codes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of options that hold one or several each, with commas between."""
    return tuple(code.strip() for value in values for code in value.split(",") if code.strip())


def patterns(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns of options that hold one or several each, with commas between."""
    return codes(_, __, values)


def shard(_: click.Context, __: click.Parameter, value: str) -> tuple[int, int]:
    """Return which part of how many `I/N` is."""
    part, _sep, parts = value.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 0 < int(part) <= int(parts) < 10_000):
        raise click.BadParameter(f"{value!r}: write 1/4 for the first of four parts")
    return int(part), int(parts)


def _together(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return a decorator that gives a command these options, in this order."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


class Grouped(click.Command):
    """A command whose help lists its options by what they are about, and examples below."""

    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Titles, each with the names of its options; the rest comes last."""
    examples: tuple[tuple[str, str], ...] = ()
    """Command lines, each with what it is for."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section a group."""
        shown = {
            str(one.name): record
            for one in self.get_params(ctx)
            if isinstance(one, click.Option) and (record := one.get_help_record(ctx))
        }
        for title, names in self.groups:
            with formatter.section(title):
                formatter.write_dl([shown.pop(name) for name in names])
        with formatter.section("Other options"):
            formatter.write_dl([*shown.values()])
        with formatter.section("Examples"):
            formatter.write_dl(list(self.examples), col_max=48)


def cli_options(paths: Iterable[str], options: dict[str, Any]) -> CliOptions:
    """Return a request; GPUs and nodes are of one launch."""
    from ftlint.facts.launch import Launch
    from ftlint.project.request import CliOptions

    launch = Launch(options.pop("gpus"), options.pop("nodes"))
    return CliOptions(tuple(paths), launch=launch, **options)


# What `check` and `steps` are both told: for which release, of what run, by which settings.
of_target = _together(
    click.option(
        "--target", metavar="V|PATH",
        help="LLaMA Factory release; `auto`, what is installed; `main`, the development version;"
        " a checkout or fork by its PATH (./LLaMA-Factory); `tree`, the one above each config."
        "  [default: newest release]",
    ),
    click.option(
        "--transformers", metavar="V",
        help="transformers release.  [default: the newest that works with it]",
    ),
)  # fmt: skip
of_gpus = click.option("--gpus", type=click.IntRange(1), metavar="N", help="GPUs per node.")
of_dataset_dir = click.option(
    "--dataset-dir", type=click.Path(), metavar="D", help="Folder that contains dataset_info.json."
)
of_run = _together(
    click.option("--nodes", type=click.IntRange(1), metavar="N", help="Number of nodes."),
    of_dataset_dir,
    click.option(
        "--dataset-size", "dataset_sizes", multiple=True, callback=_sizes, metavar="[NAME=]N",
        help="Number of rows of a dataset that cannot be counted on this machine.",
    ),
    click.option(
        "--budget", callback=_budget, metavar="TIME",
        help="Time that a run may take, such as 30m or 2h (needs `bench calibrate`).",
    ),
    click.option(
        "--gpu", callback=_gpu, metavar="NAME|SIZE",
        help="GPU that the run is for, such as h100-80g, or its memory, such as 24g.",
    ),
    click.option(
        "--here", is_flag=True,
        help="Check against this machine's packages, GPU, environment and paths.",
    ),
    click.option(
        "--fact", "facts", multiple=True, callback=_facts, metavar="NAME=VALUE",
        help="State a fact about the training machine: installed (NAME[==VERSION]), env, "
        "compute_capability or output_dir_holds.",
    ),
)  # fmt: skip
of_overrides = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Set a key over the file, as `llamafactory-cli train FILE KEY=VALUE` does.",
)  # fmt: skip
of_settings = _together(
    click.option(
        "--config", type=click.Path(exists=True, dir_okay=False), metavar="F",
        help="Settings file to use.",
    ),
    click.option("--isolated", is_flag=True, help="Ignore all settings files."),
)  # fmt: skip
of_sample = click.option(
    "--sample", type=click.IntRange(min=1), metavar="N",
    help="Count the tokens of N rows of each dataset, drawn by chance; without it, of all rows.",
)  # fmt: skip


def of_formats(*names: str) -> Callable[[_Command], _Command]:
    """Return the option that chooses the form of a report; the first is what comes unasked."""
    return click.option(
        "--output-format", "format", type=click.Choice(names), default=names[0],
        show_default=True, help="Output format.",
    )  # fmt: skip


of_format = of_formats("text", "json")
of_limits = click.option(
    "--limit", "limits", multiple=True, callback=_limits, metavar="NAME=N",
    help="Raise a limit on what is read: bytes, depth, nodes, keys, scalar, seconds or files.",
)  # fmt: skip
of_colour = _together(
    click.option(
        "--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto",
        show_default=True, help="When to use colors.",
    ),
)  # fmt: skip

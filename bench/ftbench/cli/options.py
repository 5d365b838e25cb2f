"""Options that the commands share, and what they become."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from ftbench.models.source import NoModel
from ftbench.runners.configs import BadConfig
from ftbench.runners.interpreter import Interpreter, Missing, probe
from ftbench.runners.launch import Processes
from ftbench.runners.protocol import RUNNERS
from ftlint.support.messages import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ftbench.fleet.bundle import Bundle
    from ftbench.runners.configs import Loaded

FAILED, USAGE, INTERRUPTED = 1, 2, 130

Command = TypeVar("Command", bound="Callable[..., Any]")


def python(command: Command) -> Command:
    """Add `--python`."""
    return click.option(
        "--python", envvar="FTBENCH_PYTHON", type=click.Path(), metavar="PATH",
        help="Python of the environment with LLaMA Factory (default: this one).",
    )(command)  # fmt: skip


def model(command: Command) -> Command:
    """Add `--model`."""
    return click.option(
        "--model", metavar="SHAPE",
        help="Random weights in a bundled shape (tiny, qwen2.5-0.5b, …, llama-3-8b) or in the shape"
        " of a folder's config.json; `weights`: the config's own model, downloaded if needed.",
    )(command)  # fmt: skip


def runner(command: Command) -> Command:
    """Add `--runner`."""
    return click.option(
        "--runner", type=click.Choice(RUNNERS),
        help="Default: llamafactory if installed, else hf (transformers and peft, set up alike).",
    )(command)  # fmt: skip


def time_limit(command: Command) -> Command:
    """Add `--time-limit`."""
    return click.option(
        "--time-limit", type=click.FloatRange(min=1), metavar="SECONDS",
        help="Stop a run that takes longer.",
    )(command)  # fmt: skip


_GPUS = click.option(
    "--gpus", type=click.IntRange(1), default=1, show_default=True, metavar="N",
    help="GPUs on each node, one process each.",
)  # fmt: skip
_NODES = click.option(
    "--nodes", type=click.IntRange(1), default=1, show_default=True, metavar="N",
    help="Nodes of the run.",
)  # fmt: skip
_ACCELERATE = click.option(
    "--accelerate-config", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="Launch with `accelerate launch` and this file (FSDP).",
)  # fmt: skip


def gpus(command: Command) -> Command:
    """Add `--gpus`, `--nodes` and `--accelerate-config`: how a run is launched."""
    return _GPUS(_NODES(_ACCELERATE(command)))


def gpus_of_this_node(command: Command) -> Command:
    """Add `--gpus` and `--accelerate-config`: how a run on one node is launched."""
    return _GPUS(_ACCELERATE(command))


def processes(command: Command) -> Command:
    """Add the options of `gpus` and those of torchrun for several nodes."""
    for option in reversed((
        gpus,
        click.option("--node-rank", type=click.IntRange(0), metavar="R", help="This node's rank."),
        click.option("--rdzv-backend", metavar="B", help="Passed to torchrun."),
        click.option("--rdzv-endpoint", metavar="HOST:PORT", help="Passed to torchrun."),
        click.option("--rdzv-id", metavar="ID", help="Passed to torchrun."),
        click.option("--master-addr", metavar="HOST", help="Passed to torchrun."),
        click.option("--master-port", type=int, metavar="PORT", help="Passed to torchrun."),
    )):  # fmt: skip
        command = option(command)
    return command


def output_file(what: str) -> Callable[[Command], Command]:
    """Add `--output-file`."""
    return click.option(
        "-o", "--output-file", type=click.Path(dir_okay=False), metavar="FILE", help=what
    )


_PASSED = ("node_rank", "rdzv_backend", "rdzv_endpoint", "rdzv_id", "master_addr", "master_port")


def taken_processes(options: dict[str, Any]) -> Processes:
    """Take the options of `processes` out of a command's own."""
    passed: list[str] = []
    for name in _PASSED:
        value = options.pop(name)
        if value is not None:
            passed += [f"--{name}", str(value)]
    return Processes(
        options.pop("gpus"), options.pop("nodes"), tuple(passed), options.pop("accelerate_config")
    )


def interpreter(path: str | None, configs: Iterable[str]) -> Interpreter:
    """Return the environment that trains; the failure is one of usage.

    A config that is not there is told first: nobody installs anything for it.
    """
    with as_usage():
        for config in configs:
            with Path(config).open("rb"):
                pass
        return probe(path)


@contextmanager
def as_usage() -> Iterator[None]:
    """Say in one line what keeps a run from being started, and leave with the status for it."""
    try:
        yield
    except (BadConfig, NoModel, Missing) as error:
        stop(str(error), USAGE)
    except OSError as error:
        stop(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), USAGE)


@contextmanager
def as_results(paths: Iterable[str]) -> Iterator[None]:
    """Say in one line that files are no results, or have numbers that nothing can be made of."""
    from ftbench.results.files import UnusableResult

    try:
        yield
    except UnusableResult as error:
        stop(str(error), USAGE)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        kind = type(error).__name__
        stop(f"{', '.join(paths)}: numbers of no run that ever was ({kind})", USAGE)


def stop(text: str, status: int) -> NoReturn:
    """Leave with a message."""
    say(f"bench: {text}")
    sys.exit(status)


def writable(path: str | None) -> str | None:
    """Return a file that can be written to, found out before the run and not after it."""
    if path is not None and not Path(path).absolute().parent.is_dir():
        stop(f"{path}: there is no such folder", USAGE)
    return path


def say(text: str) -> None:
    """Tell of the progress, apart from the result."""
    click.echo(as_line(text), err=True)


def put(lines: Iterable[str]) -> None:
    """Print a result, a line each: what a file says starts no line of its own, nor a colour."""
    for line in lines:
        click.echo(as_line(line))


def as_line(text: str) -> str:
    """Return a text as one line in which nothing acts on a terminal or on a CI that reads it."""
    shown = visible(text)
    return f" {shown}" if shown.startswith("::") else shown


def say_errors(loaded: Loaded | Bundle) -> None:
    """Tell before a run what keeps LLaMA Factory from training its config as it stands."""
    for error in loaded.errors:
        say(f"! {loaded.path}: {error}")

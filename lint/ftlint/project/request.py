"""What the command line asks for, before settings are looked at."""

from __future__ import annotations

from ftlint.facts.launch import Launch
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.target.classify import Command


class CliOptions(NamedTuple):
    """What the command line asks for; None and empty mean that settings decide."""

    paths: tuple[str, ...] = (".",)
    target: str | None = None
    transformers: str | None = None
    launch: Launch = Launch()
    dataset_dir: str | None = None
    dataset_sizes: tuple[tuple[str, int], ...] = ()
    budget: str | None = None
    gpu: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    fail_on: str | None = None
    config: str | None = None
    isolated: bool = False
    stdin_filename: str | None = None
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    cache: bool = True
    limits: tuple[tuple[str, int], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    here: bool = False
    baseline: str | None = None
    write_baseline: bool = False
    command: Command | None = None
    """What named files are judged as, whatever they look like, and the configs of folders."""
    overrides: tuple[str, ...] = ()
    """`KEY=VALUE` behind each config."""
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    files_from: str | None = None
    """A file that names files, a line each; `-` is standard input."""
    shard: tuple[int, int] = (1, 1)
    """Which part of the files, of how many."""
    quiet: bool = False
    exit_zero: bool = False


class UsageError(ValueError):
    """The request cannot be carried out: wrong usage, or settings that cannot be used."""

"""What is asked of ftlint: by the command line, and by the settings of a project."""

from __future__ import annotations

import os

from ftlint.facts.launch import Launch
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.target.classify import Command


MAX_BYTES = 1 << 20
"""Of a settings file."""


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


class Settings(NamedTuple):
    """What a project asks of ftlint. `root` is the folder of the file that says so."""

    root: str | None = None
    extend: str | None = None
    target: str | None = None
    transformers: str | None = None
    gpus: int | None = None
    nodes: int | None = None
    gpu: str | None = None
    dataset_dir: str | None = None
    datasets: tuple[tuple[str, int], ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    policies: tuple[str, ...] = ()
    bands: str | None = None
    fail_on: str = "warning"
    limits: tuple[tuple[str, int], ...] = ()
    facts: tuple[tuple[str, object], ...] = ()
    here: bool = False
    launch: bool = True
    scripts: bool = True
    baseline: str | None = None
    extra_keys: tuple[str, ...] = ()
    extra_values: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def beside(self, path: str | None) -> str | None:
        """Return a path that the settings name: it is relative to their file."""
        return path if path is None else os.path.join(self.root or ".", path)


class BadSettings(ValueError):
    """The settings cannot be used; the message names file, key and reason."""

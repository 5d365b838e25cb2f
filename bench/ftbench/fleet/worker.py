"""What a node does: lay out the files it was sent, and run the config as `bench run` does."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.fleet.bundle import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftbench.fleet.jobs import JobSettings


class Order(NamedTuple):
    """What a node is asked for: the files by their place, keys that are changed, and how to run."""

    path: str
    changed: tuple[tuple[str, Any], ...]
    settings: JobSettings


def work(order: Order, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the result of a config that is run on this node.

    Raises:
        CannotRun: it cannot be run here.
    """
    from ftbench.models.source import NoModel
    from ftbench.runners.configs import BadConfig
    from ftbench.runners.interpreter import Missing, probe
    from ftbench.runners.job import Job, run, working_folder
    from ftbench.runners.launch import Processes

    settings = order.settings
    with working_folder() as folder, _inside(folder):
        for place, content in files.items():
            target = folder / place
            if folder.resolve() not in target.resolve().parents:
                raise CannotRun(f"{place} is no place in the run's folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            job = Job(
                CONFIG, probe(settings.python), settings.runner, settings.model, settings.steps,
                changed=order.changed, processes=Processes(settings.gpus),
                time_limit=settings.time_limit,
            )  # fmt: skip
            result = run(job, _quiet, _quiet)
        except (BadConfig, NoModel, Missing, OSError) as error:
            raise CannotRun(str(error)) from None
    result["config"]["path"] = order.path
    return dict(result)


class CannotRun(Exception):
    """A config cannot be run on a node. The text says why."""


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in a folder: relative paths of a config are from where it is started."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _quiet(_: object) -> None:
    pass

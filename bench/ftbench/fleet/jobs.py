"""One job a config and GPU kind, and the record that it ends in."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.results.files import UnusableResult, read, write
from ftbench.results.record import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ftbench.fleet.bundle import Bundle
    from ftbench.results.record import Result


class JobSettings(NamedTuple):
    """How every job is run."""

    steps: int
    gpus: int
    model: str | None = None
    runner: str | None = None
    python: str | None = None
    time_limit: float | None = None


class FleetJob(NamedTuple):
    """A config on a kind of GPU. Jobs of one key do the same work, so one record is enough."""

    bundle: Bundle
    kind: str
    settings: JobSettings

    @property
    def key(self) -> str:
        """What is run, and on what: the bytes of config and data, the settings, the kind."""
        files = sorted((one.place, one.digest) for one in self.bundle.files)
        how = {**self.settings._asdict(), "python": None, "time_limit": None}
        text = json.dumps([VERSION, files, self.kind, how], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """How it is called where it is told of."""
        return f"{self.bundle.path} on {self.kind}"


def jobs_of(
    bundles: Iterable[Bundle], kinds: Iterable[str], settings: JobSettings
) -> list[FleetJob]:
    """Return the jobs: each config on each kind, the same work once."""
    every = [FleetJob(bundle, kind, settings) for bundle in bundles for kind in kinds]
    return list({one.key: one for one in every}.values())


class Store(NamedTuple):
    """A folder of results, one file a job."""

    folder: Path

    def place(self, job: FleetJob) -> Path:
        """Return where the record of a job is: the name holds its key, so there is but one."""
        words = (Path(job.bundle.path).stem, job.kind, job.key)
        return self.folder / ("-".join(re.sub(r"[^\w.-]+", "_", word) for word in words) + ".json")

    def found(self, job: FleetJob) -> Result | None:
        """Return the record of a job, None where there is none that can be read."""
        try:
            return read(self.place(job))
        except UnusableResult:
            return None

    def add(self, job: FleetJob, result: Mapping[str, Any]) -> None:
        """Write the record of a job: in one step, over what an earlier one may have left.

        Raises:
            OSError: the folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.place(job), result)

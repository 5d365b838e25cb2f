"""The one module that knows Ray: kinds of GPU, and work that is tried again where a node dies.

It is a client of a cluster that runs already (`ray://`), and starts nothing: a process that joins a
cluster, or starts one, listens on every address of its machine, while a client opens no port.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.fleet.worker import Order, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ftbench.fleet.jobs import FleetJob

TALKERS = ("ray.client_builder", "ray.util.client.logsclient", "ray.util.client.worker")
"""Ray's loggers that tell of what goes well."""
PORT = 10001
"""On which the head of a cluster takes clients."""
KIND = "accelerator_type:"
"""What Ray calls the resource of which each node with such a GPU has one."""
SLIVER = 0.001
"""Of that resource: enough to be placed there, without keeping others away."""
TOKEN = "; if it asks for a token, set RAY_AUTH_MODE=token"
"""A client that sends none is only told that nobody answers."""
STUMBLED = "Initialization failure from server"
"""How a head answers that could not start its process for this client: what it needs is not up yet,
as in a cluster that has just been started, or the process died. With Ray 2.60 it dies now and then,
unless the head runs without gRPC's handlers of forks."""
FORKS = "; a head that was started with GRPC_ENABLE_FORK_SUPPORT=0 starts such processes reliably"
TRIES = 5
"""So often such a head is asked. It starts a process of its own for each try, and takes a minute to
say that it is not up, so that a limit in seconds would be a limit of one or two tries."""
SAID = 300
"""Characters of what Ray said: the last ones, since it may be a traceback."""
MOST_CPUS = 8
POLL_SECONDS = 1.0


class NoCluster(Exception):
    """There is no cluster to be had. The text says why."""


class Outcome(NamedTuple):
    """How a job ended: with a result or why without, and how many nodes it was lost with."""

    job: FleetJob
    result: dict[str, Any] | None
    problem: str = ""
    lost: int = 0


@contextmanager
def joined(address: str, say: Callable[[str], None]) -> Iterator[Cluster]:
    """Become a client of the cluster at HOST or HOST:PORT, and leave it afterwards.

    `say` is told of each try that the head had no process for.

    Raises:
        NoCluster: Ray is not installed, or nothing answers there.
    """
    try:
        ray: Any = importlib.import_module("ray")
        importlib.import_module("grpc")  # without it there is no client
    except ImportError:
        raise NoCluster(
            f"Ray is not installed for {sys.executable}: pip install 'ftlint[fleet]'"
        ) from None
    for name in TALKERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    place = address.removeprefix("ray://")
    place = place if ":" in place else f"{place}:{PORT}"
    for tried in range(1, TRIES + 1):
        try:
            ray.init(f"ray://{place}", log_to_driver=False)
            break
        except Exception as error:  # Ray raises what its transport does, of any kind
            ray.shutdown()
            said = " ".join(str(error).split())
            if STUMBLED in said and tried < TRIES:
                say(f"{place} started no process for this client; asked again ({tried} of"
                    f" {TRIES - 1})")  # fmt: skip
                time.sleep(POLL_SECONDS)
                continue
            hint = FORKS if STUMBLED in said else "" if "RAY_AUTH_MODE" in os.environ else TOKEN
            raise NoCluster(f"no Ray cluster at {place}: {_end_of(said)}{hint}") from None
    try:
        yield Cluster(ray)
    finally:
        ray.shutdown()


def _end_of(said: str) -> str:
    end = said[-SAID:]
    return said if end == said else f"… {end.partition(' ')[2] or end}"


class Cluster:
    """A cluster that was joined."""

    def __init__(self, ray: Any) -> None:
        self.ray = ray
        self.kept: dict[str, Any] = {}

    def kinds(self) -> dict[str, float]:
        """Return the kinds of GPU there are, and how many of each."""
        found: dict[str, float] = {}
        for resources in self._nodes():
            for name in resources:
                if name.startswith(KIND):
                    kind = name.removeprefix(KIND)
                    found[kind] = found.get(kind, 0.0) + resources.get("GPU", 0.0)
        return dict(sorted(found.items()))

    def run(
        self, jobs: Sequence[FleetJob], retries: int, wait: float, say: Callable[[str], None]
    ) -> Iterator[Outcome]:
        """Yield each job as it ends, every one exactly once.

        A job whose node dies is given to another, up to `retries` times; one for whose kind no
        node is there is given up after `wait` seconds.
        """
        running = {self._begin(job): (job, 0) for job in jobs}
        seen = dict.fromkeys((job.kind for job in jobs), time.monotonic())
        try:
            while running:
                done, _ = self.ray.wait(list(running), timeout=POLL_SECONDS)
                for ref in done:
                    job, lost = running.pop(ref)
                    ended = self._ended(ref, job, lost)
                    if ended is not None:
                        yield ended
                    elif lost >= retries:
                        yield Outcome(job, None, f"lost with its node {lost + 1} times", lost + 1)
                    else:
                        say(f"{job.label}: its node died; tried again ({lost + 1} of {retries})")
                        running[self._begin(job)] = (job, lost + 1)
                yield from self._hopeless(running, seen, wait)
        finally:
            for ref in running:
                self.ray.cancel(ref, force=True)

    def _hopeless(
        self, running: dict[Any, tuple[FleetJob, int]], seen: dict[str, float], wait: float
    ) -> Iterator[Outcome]:
        """Yield the jobs of kinds that no node has had for too long, and take them back."""
        now = time.monotonic()
        seen.update(dict.fromkeys(self.kinds(), now))
        for ref, (job, lost) in list(running.items()):
            if now - seen[job.kind] > wait:
                self.ray.cancel(ref, force=True)
                del running[ref]
                yield Outcome(job, None, f"no node with {job.kind} for {wait:.0f} s", lost)

    def _begin(self, job: FleetJob) -> Any:
        gpus = job.settings.gpus
        files = {one.place: self._put(one) for one in job.bundle.files}
        task = self.ray.remote(_task).options(
            num_gpus=gpus, num_cpus=self._cpus(job.kind, gpus), max_retries=0,
            resources={f"{KIND}{job.kind}": SLIVER},
        )  # fmt: skip
        return task.remote(Order(job.bundle.path, job.bundle.changed, job.settings), files)

    def _put(self, sent: Any) -> Any:
        """Return a file in the cluster's memory; the same bytes are there once."""
        if sent.digest not in self.kept:
            self.kept[sent.digest] = self.ray.put(sent.read())
        return self.kept[sent.digest]

    def _cpus(self, kind: str, gpus: int) -> int:
        """Return a GPU's fair share of its node's CPUs; Ray sets OMP_NUM_THREADS to it."""
        shares = [
            resources.get("CPU", 1.0) * gpus / max(resources.get("GPU", 0.0), float(gpus))
            for resources in self._nodes()
            if f"{KIND}{kind}" in resources
        ]
        return max(1, min(MOST_CPUS * gpus, int(min(shares, default=1.0))))

    def _ended(self, ref: Any, job: FleetJob, lost: int) -> Outcome | None:
        """Return how a job ended; None where its node, or its process there, died."""
        try:
            return Outcome(job, self.ray.get(ref), lost=lost)
        except self.ray.exceptions.RayTaskError as error:
            cause = error.cause if getattr(error, "cause", None) is not None else error
            said = " ".join(str(cause).split())
            return Outcome(job, None, said[-400:], lost)
        except self.ray.exceptions.RayError:
            return None

    def _nodes(self) -> list[dict[str, float]]:
        return [dict(node["Resources"]) for node in self.ray.nodes() if node["Alive"]]


def _task(order: Order, files: dict[str, Any]) -> dict[str, Any]:
    ray: Any = importlib.import_module("ray")
    contents = dict(zip(files, ray.get(list(files.values()))))
    node = ray.get_runtime_context().get_node_id()
    return {**work(order, contents), "node": node}

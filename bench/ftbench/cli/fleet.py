"""`bench fleet`: configs on every kind of GPU of a Ray cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared

if TYPE_CHECKING:
    from ftbench.fleet.bundle import Bundle
    from ftbench.fleet.cluster import Cluster
    from ftbench.fleet.jobs import FleetJob, Store
    from ftbench.report.fleet import Row


def _prices(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for one in given:
        kind, sign, price = one.partition("=")
        try:
            found[kind] = float(price)
        except ValueError:
            found[kind] = -1.0
        if not (sign and kind) or not 0 <= found[kind] < 1e6:
            raise click.BadParameter(f"{one!r}: write KIND=PRICE, such as H100=2.50")
    return found


@click.command("fleet")
@click.argument("configs", nargs=-1, required=True, type=click.Path())
@click.option(
    "--ray",
    "address",
    metavar="ADDRESS",
    help="Where the cluster's head takes clients, as HOST or HOST:PORT (10001).",
)
@click.option(
    "--gpu",
    "kinds",
    multiple=True,
    metavar="KIND",
    help="Kinds of GPU, as Ray names them (H100, A100-40G); default: all of the cluster.",
)
@click.option(
    "--gpus",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="GPUs of each job, all on one node.",
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    metavar="N",
    help="Optimizer steps of each job.",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False),
    default="fleet",
    show_default=True,
    metavar="FOLDER",
    help="Where results are kept, one file a job.",
)
@click.option(
    "--retries",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    metavar="N",
    help="Times that a job is tried again when its node dies.",
)
@click.option(
    "--wait",
    type=click.FloatRange(1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Give a job up when no node with its GPU is there so long.",
)
@click.option(
    "--price",
    "prices",
    multiple=True,
    callback=_prices,
    metavar="KIND=PRICE",
    help="Price of a GPU of this kind for an hour.",
)
@click.option(
    "--send-limit",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    metavar="MB",
    help="Send no more than this.",
)
@click.option(
    "--data-on-nodes",
    is_flag=True,
    help="Send configs only: every node finds the data under the same paths.",
)
@click.option("--dry-run", is_flag=True, help="Show jobs and what would be sent, and end.")
@shared.runner
@shared.model
@shared.python
@shared.time_limit
def command(configs: tuple[str, ...], **options: Any) -> None:  # fmt: skip
    """Run a few steps of each CONFIG on each kind of GPU of a Ray cluster.

    Each job runs as `bench run` does; nodes need ftlint[bench,fleet]. No cluster is started and no
    port opened. The files that are sent are shown first. A job that has a result in the store is
    not run again. Exit status: 0; 1 if a job failed; 2 if nothing could be started.
    """
    from ftbench.fleet import bundle
    from ftbench.fleet.cluster import NoCluster, joined
    from ftbench.fleet.jobs import JobSettings, Store

    address = options["address"]
    if address is None and not options["dry_run"]:
        raise click.UsageError("--ray ADDRESS says on which cluster to run; --dry-run needs none")
    settings = JobSettings(
        options["steps"], options["gpus"], options["model"], options["runner"], options["python"],
        options["time_limit"],
    )  # fmt: skip
    store = Store(Path(options["store"]))
    with shared.as_usage():
        bundles = [bundle.of_config(path, settings.gpus) for path in configs]
        if options["data_on_nodes"]:
            bundles = [bundle.without_data(one) for one in bundles]
    try:
        bundle.within(bundles, options["send_limit"] * 1_000_000)
        if options["dry_run"] and (options["kinds"] or address is None):
            _show(bundles, options["kinds"], settings, store)
            return
        with joined(address, shared.say) as cluster:
            kinds = options["kinds"] or tuple(cluster.kinds())
            if not kinds:
                shared.stop("no node of the cluster has a GPU that Ray knows by name; --gpu KIND"
                            " names one that may still come", shared.USAGE)  # fmt: skip
            jobs = _show(bundles, kinds, settings, store)
            if options["dry_run"]:
                return
            rows = _run(cluster, jobs, store, options)
    except (bundle.TooLarge, NoCluster) as error:
        shared.stop(str(error), shared.USAGE)
    except KeyboardInterrupt:
        shared.stop("interrupted; results that were there are kept", shared.INTERRUPTED)
    _tell(rows, options["prices"])


def _show(bundles: list[Bundle], kinds: Any, settings: Any, store: Store) -> list[FleetJob]:
    from ftbench.fleet.jobs import jobs_of
    from ftbench.report import fleet

    jobs = jobs_of(bundles, kinds, settings)
    known = sum(store.found(job) is not None for job in jobs)
    for one in bundles:
        shared.say_errors(one)
    shared.put(fleet.plan(jobs, bundles, known))
    return jobs


def _run(cluster: Cluster, jobs: list[FleetJob], store: Store, options: Any) -> list[Row]:
    """Run what has no result yet, and return a row for every job, in their order."""
    from ftbench.report.fleet import Row

    rows = {
        job.key: Row(job, found, _problem(found))
        for job in jobs
        if (found := store.found(job)) is not None
    }
    waiting = [job for job in jobs if job.key not in rows]
    for ended in cluster.run(waiting, options["retries"], options["wait"], shared.say):
        job, problem = ended.job, ended.problem
        if ended.result is not None:
            problem = _problem(ended.result)
            if not problem or problem.startswith("out_of_memory"):  # it would be again
                with shared.as_usage():
                    store.add(job, ended.result)
        rows[job.key] = Row(job, store.found(job), problem)
        shared.say(f"{len(rows)}/{len(jobs)} {job.label}: {problem or 'done'}")
    return [rows[job.key] for job in jobs]


def _problem(result: Any) -> str:
    error = result["error"]
    return "" if error is None else f"{error['kind']}: {error['message']}"


def _tell(rows: list[Row], prices: dict[str, float]) -> None:
    from ftbench.report import fleet

    shared.put(fleet.table(rows, prices))
    if any(row.result is None or row.problem for row in rows):
        sys.exit(shared.FAILED)

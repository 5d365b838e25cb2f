"""`bench calibrate`: a few shapes of a config's family, measured and kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared
from ftbench.results.record import write

if TYPE_CHECKING:
    from ftbench.calibration.cost_model import CostModel
    from ftbench.results.record import Result
    from ftbench.runners.job import Prepared

WORST = 0.03
"""A held-out shape that is missed by more says that the law does not hold here."""


@click.command("calibrate")
@click.argument("config", type=click.Path(), required=False)
@click.option("--batch", type=click.IntRange(1), metavar="N", help="Largest micro-batch to cover.")
@click.option("--length", type=click.IntRange(8), metavar="N", help="Longest rows to cover.")
@click.option(
    "--export",
    "export",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write what is kept (or was just made) to a file for another machine.",
)
@click.option(
    "--import",
    "taken",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Take in what another machine exported.",
)
@click.option(
    "--raw",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Also keep the results of the runs there.",
)
@click.option("--peak/--no-peak", default=True, help="Also measure what the GPU multiplies.")
@shared.runner
@shared.model
@shared.python
@shared.time_limit
@shared.processes
def command(config: str | None, **options: Any) -> None:
    """Measure what a step costs here, so that `bench predict` can say how long a run takes.

    Trains a few steps of some shapes, at most two minutes on one GPU, and keeps the result under
    ~/.cache/ftlint/calibration (FTBENCH_CALIBRATION names another folder). Nothing that was kept
    is overwritten. Exit status: 0, 1 when a run failed, 2 when it could not start.
    """  # fmt: skip
    from ftbench.calibration import store

    export, taken = shared.writable(options.pop("export")), options.pop("taken")
    if config is None and export is None and taken is None:
        shared.stop("a CONFIG to calibrate, or --export, or --import", shared.USAGE)
    try:
        if config is not None:
            store.ready()
        if taken is not None:
            click.echo(f"calibrations taken in: {store.import_file(taken)}")
        made = None if config is None else _calibrate(config, options)
        if export is not None:
            records = list(store.everything()) if made is None else [made]
            store.export(records, export)
            click.echo(f"calibrations written to {export}: {len(records)}")
    except store.Unusable as error:
        shared.stop(str(error), shared.USAGE)
    except OSError as error:
        shared.stop(f"{error.filename}: {error.strerror}", shared.USAGE)


def _calibrate(config: str, options: dict[str, Any]) -> dict[str, Any]:
    from ftbench.calibration import store
    from ftbench.calibration.points import Incomplete
    from ftbench.calibration.sessions import Failed, Request, calibrate
    from ftbench.runners.job import Job

    raw = options.pop("raw")
    wanted = {name: options.pop(name) for name in ("batch", "length", "peak")}
    job = Job(
        path=config, interpreter=shared.interpreter(options.pop("python")),
        processes=shared.taken_processes(options), **options,
    )  # fmt: skip
    try:
        with shared.as_usage():
            record, results = calibrate(Request(job, **wanted), shared.say, _announce)
    except KeyboardInterrupt:
        shared.stop("interrupted; the run has been ended and nothing was kept", shared.INTERRUPTED)
    except Failed as failed:
        error = failed.result["error"]
        assert error is not None
        shared.say(f"bench: {error['kind'].replace('_', ' ')}: {error['message']}")
        shared.stop(f"try: {error['remedy']}", shared.FAILED)
    except Incomplete as error:
        shared.stop(f"nothing was kept: {error}", shared.FAILED)
    _keep_raw(raw, results)
    path = store.add(record)
    shared.put(lines(record))
    click.echo(f"kept in {path}")
    return record


def _announce(made: Prepared) -> None:
    kind = "synthetic shapes" if made.request["schedule"] else "the config's own data"
    shared.say(f"{made.loaded.path}: {made.runner}, {made.source.label}, {kind}")
    if not made.request["schedule"]:
        shared.say_errors(made.loaded)


def _keep_raw(folder: str | None, results: list[Result]) -> None:
    if folder is None:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for result in results:
        name = "scheduled" if result["schedule"] else "real"
        write(Path(folder, f"calibration-{name}-{result['when'].replace(':', '')}.json"), result)


def lines(record: dict[str, Any]) -> list[str]:
    """Return what a calibration found, for a terminal."""
    from ftbench.calibration.cost_model import cost_model_of

    law, check, prices = cost_model_of(record["law"]), record["check"], record["prices"]
    found = [
        f"{record['gpu']['name']}, {record['key']['model']}, {record['key']['method']}",
        f"a micro-batch  {_sum(law)} s, no less than {law.floor:.4g} s",
        f"beside it      {prices['step']:.4g} s a step,"
        f" {1e6 * prices['token']:.3g} µs to fetch a token",
        f"once           start-up {prices['startup']:.1f} s, first step {prices['first']:.1f} s,"
        f" a new shape {prices['shape']:.3g} s",
        f"held out       {check['rows']} x {check['length']}: {check['predicted']:.4g} s said,"
        f" {check['measured']:.4g} s measured ({check['error']:+.1%})",
        f"took           {record['seconds']:.0f} s",
    ]
    if abs(check["error"]) > WORST:
        found.append(f"! the held-out shape is missed by more than {WORST:.0%}: bounds are wider")
    return found


def _sum(law: CostModel) -> str:
    """Return the law's terms, without those that the fit left out."""
    terms = (
        (law.start, ""), (law.per_token, " x tokens"), (law.per_square, " x squares"),
        (law.per_piece, " x pieces of the loss"),
    )  # fmt: skip
    return " + ".join(f"{value:.4g}{of}" for value, of in terms if value) or "0"


if __name__ == "__main__":
    sys.exit(command())

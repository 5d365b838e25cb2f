"""`bench calibrate`: a few shapes of a config's family, measured and kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared
from ftbench.results.files import write

if TYPE_CHECKING:
    from ftbench.calibration.record import Calibration
    from ftbench.results.record import Result
    from ftbench.runners.job import PreparedRun


@click.command("calibrate")
@click.argument("config", type=click.Path(), required=False)
@click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="N",
    help="Largest micro-batch to measure (default: the config's).",
)
@click.option(
    "--length",
    type=click.IntRange(8),
    metavar="N",
    help="Longest rows to measure (default: the data's).",
)
@click.option(
    "--export",
    "export",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write calibrations (of CONFIG, else all) to FILE for another machine.",
)
@click.option(
    "--import",
    "taken",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Add the calibrations that another machine exported.",
)
@click.option(
    "--raw",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Also keep the results of the runs in FOLDER.",
)
@click.option("--peak/--no-peak", default=True, help="Also measure peak matmul throughput.")
@shared.runner
@shared.model
@shared.python
@shared.time_limit
@shared.processes
def command(config: str | None, **options: Any) -> None:
    """Measure step times on this machine for `bench predict` and `ftlint steps`.

    Trains a few steps of several batch shapes, up to two minutes on one GPU, and appends the result
    to ~/.cache/ftlint/calibration (FTBENCH_CALIBRATION names another folder). Exit status: 0; 1 if
    a run failed; 2 if it could not start.
    """  # fmt: skip
    from ftbench.calibration import store

    export, taken = shared.writable(options.pop("export")), options.pop("taken")
    if config is None and export is None and taken is None:
        shared.stop("give a CONFIG to calibrate, --export or --import", shared.USAGE)
    try:
        if config is not None:
            store.ready()
        if taken is not None:
            click.echo(f"calibrations added: {store.import_file(taken)}")
        made = None if config is None else _calibrate(config, options)
        if export is not None:
            records = list(store.everything()) if made is None else [made]
            store.export(records, export)
            click.echo(f"calibrations written to {export}: {len(records)}")
    except store.UnusableCalibrations as error:
        shared.stop(str(error), shared.USAGE)
    except OSError as error:
        shared.stop(f"{error.filename}: {error.strerror}", shared.USAGE)


def _calibrate(config: str, options: dict[str, Any]) -> Calibration:
    from ftbench.calibration import store
    from ftbench.calibration.points import Incomplete
    from ftbench.calibration.sessions import CalibrationFailed, CalibrationRequest, calibrate
    from ftbench.report import calibration
    from ftbench.runners.job import Job

    raw = options.pop("raw")
    wanted = {name: options.pop(name) for name in ("batch", "length", "peak")}
    job = Job(
        path=config, interpreter=shared.interpreter(options.pop("python"), [config]),
        processes=shared.taken_processes(options), **options,
    )  # fmt: skip
    try:
        with shared.as_usage():
            record, results = calibrate(CalibrationRequest(job, **wanted), shared.say, _announce)
    except KeyboardInterrupt:
        shared.stop("interrupted; the run has been ended and nothing was kept", shared.INTERRUPTED)
    except CalibrationFailed as failed:
        error = failed.result["error"]
        assert error is not None
        shared.say(f"bench: {error['kind'].replace('_', ' ')}: {error['message']}")
        shared.stop(f"try: {error['remedy']}", shared.FAILED)
    except Incomplete as error:
        shared.stop(f"nothing was kept: {error}", shared.FAILED)
    _keep_raw(raw, results)
    path = store.add(record)
    shared.put(calibration.lines(record))
    click.echo(f"kept in {path}")
    return record


def _announce(made: PreparedRun) -> None:
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


if __name__ == "__main__":
    sys.exit(command())

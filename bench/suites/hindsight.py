"""What the present code makes of the calibrations and held-out runs that are kept.

`python bench/suites/hindsight.py FOLDER...` calibrates anew from the raw results of each family in
the folders, and holds what that says against the runs that were made: their wall time, and the time
of their micro-batches alone. Then it leaves the longest rows out of each calibration, and holds
what the rest says of them against what they took, with the model's FLOPs and without. It is no
proof of the forecasts, since the code was written with these runs at hand; it shows what a change
to the cost model or the overheads does.
"""

from __future__ import annotations

import argparse
import json
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.calibration import query
from ftbench.calibration.cost_model import fit
from ftbench.calibration.design import Design
from ftbench.calibration.expected import expected_of
from ftbench.calibration.fit_record import fit_record
from ftbench.calibration.lookup import Answer, look_up
from ftbench.calibration.overheads import startup_of
from ftbench.calibration.points import HOSTED, by_shape
from ftbench.calibration.sequence import MIXING, SPLITTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ftbench.calibration.forecast import Forecast
    from ftbench.calibration.record import Calibration

SHORT = 0.7
"""Share of a calibration's longest row up to which its shapes stay in the fit."""
FORWARD = ("first step and new shapes", "micro-batches")
COUNTED = (
    "rows", "counts", "longer_cutoff", "longer_counts", "sequence", "sequence_cutoff", "folder",
)  # fmt: skip
"""What a calibration notes of its rows and this does not take from it: it is counted anew, and the
folder of a machine that is gone is the same for the calibration and the runs."""


class Miss(NamedTuple):
    """A held-out run: what was said over what was measured, minus one."""

    run: str
    wall: float
    inside: bool
    width: float
    """Half the interval, over what was said."""
    micro_batches: float
    beside: float
    """What was said of all but the start-up, minus what it took, as a share of the wall time."""


def _load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@cache
def recalibrated(family: Path) -> Calibration:
    """Return the calibration that the present code makes of a family's calibration runs."""
    kept = json.loads((family / "calibration.jsonl").read_text("utf-8").partition("\n")[0])
    found = {path.name.split("-")[1]: _load(path) for path in sorted(family.glob("cal/*.json"))}
    scheduled = found["scheduled"]
    repeated = (group[0]["micro_batches"][0] for group in by_shape(scheduled))
    *fitted, held_out = ((rows, length) for rows, length, *_ in repeated)
    lengths = kept["lengths"] or {}
    about: Any = {name: value for name, value in lengths.items() if name not in COUNTED}
    asked = query.of_result(scheduled)
    if asked is not None:  # what older calibrations did not note
        about |= {name: asked.values.get(name) for name in (*MIXING, *SPLITTING)}
    design = Design(tuple(fitted), held_out)
    return fit_record(scheduled, found.get("real"), design, kept["key"], about, when=kept["when"])


def misses(folder: Path) -> Iterator[Miss]:
    """Yield the held-out runs of a folder's families that the present code can answer for."""
    for kept in sorted(folder.glob("*/calibration.jsonl")):
        family = kept.parent
        calibration = recalibrated(family)
        for path in sorted(family.glob("held-?.json")):
            result = _load(path)
            asked = query.of_result(result)
            said = None if asked is None else look_up(asked, [calibration])
            if not isinstance(said, Answer):
                continue
            forecast, wall = said.forecast, result["phases"]["wall"]
            steps = sum(part.seconds for part in forecast.parts if part.name in FORWARD)
            took = sum(step["forward_backward"] for step in result["steps"])
            yield Miss(
                f"{family.name} {path.stem}", forecast.seconds / wall - 1,
                forecast.low <= wall <= forecast.high,
                (forecast.high - forecast.low) / 2 / forecast.seconds, steps / took - 1,
                (forecast.seconds - _start(forecast) + startup_of(result) - wall) / wall,
            )  # fmt: skip


def _start(said: Forecast) -> float:
    """Return the seconds of a start-up by a forecast."""
    return next(part.seconds for part in said.parts if part.name == "start-up")


class Beyond(NamedTuple):
    """A shape longer than those fitted: said over measured, minus one, without FLOPs and with."""

    family: str
    rows: int
    length: int
    free: float
    tied: float


def beyond(folder: Path) -> Iterator[Beyond]:
    """Yield the shapes of a folder's calibrations with rows longer than `SHORT` of the longest.

    Those whose time the host decides are left out: they tell nothing of the device's work.
    """
    for kept in sorted(folder.glob("*/calibration.jsonl")):
        one = recalibrated(kept.parent)
        longest = max(point.length for point in one.points)
        seen = [point for point in one.points if point.length <= SHORT * longest]
        if len({point.tokens for point in seen}) < 2 or len({point.length for point in seen}) < 2:
            continue
        known = expected_of(one.model, one.key, one.gpu["name"])
        free, tied = fit(seen, known._replace(attention=None)), fit(seen, known)
        for point in one.points:
            rows, length = point.rows, point.length
            if point in seen or one.cost.host_share(rows, length) > HOSTED:
                continue
            yield Beyond(
                kept.parent.name, rows, length, free.seconds(rows, length) / point.typical - 1,
                tied.seconds(rows, length) / point.typical - 1,
            )  # fmt: skip


def summary(found: Sequence[Miss]) -> tuple[str, ...]:
    """Return the columns of some runs: how many, and the median and worst miss of each kind.

    Of the wall time, then how many runs were inside; without start-up; of the micro-batches.
    """
    return (
        str(len(found)), *_median_and_worst(one.wall for one in found),
        str(sum(one.inside for one in found)), *_median_and_worst(one.beside for one in found),
        *_median_and_worst(one.micro_batches for one in found),
    )  # fmt: skip


def summary_beyond(found: Sequence[Beyond]) -> tuple[str, ...]:
    """Return how many longer shapes, and the median and worst miss without FLOPs and with."""
    if not found:
        return "0", "-", "-", "-", "-"
    return (
        str(len(found)), *_median_and_worst(one.free for one in found),
        *_median_and_worst(one.tied for one in found),
    )  # fmt: skip


def _median_and_worst(found: Iterable[float]) -> tuple[str, str]:
    sizes = [abs(one) for one in found]
    return f"{median(sizes):.1%}", f"{max(sizes):.1%}"


def main() -> None:
    """Print each run and the summary of each folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="+")
    for folder in parser.parse_args().folder:
        found = list(misses(Path(folder)))
        if not found:
            print(folder, "has no held-out runs")
            continue
        for one in found:
            inside = "inside" if one.inside else "OUTSIDE"
            print(
                f"{one.run:18} wall {one.wall:+.1%} {inside:7} ± {one.width:.0%}"
                f" steps {one.micro_batches:+.1%}"
            )
        print(folder, *summary(found))
        longer = list(beyond(Path(folder)))
        for far in longer:
            shape = f"{far.rows}x{far.length}"
            print(f"{far.family:18} {shape:10} without FLOPs {far.free:+.1%}, with {far.tied:+.1%}")
        print(folder, "longer rows", *summary_beyond(longer))


if __name__ == "__main__":
    main()

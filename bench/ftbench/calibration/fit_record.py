"""From the results of calibration runs to what is kept of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ftbench.calibration.cost_model import fit
from ftbench.calibration.expected import expected_of
from ftbench.calibration.overheads import overheads_of
from ftbench.calibration.points import (
    Incomplete,
    accumulated,
    by_shape,
    levelled,
    point_of,
    points_of,
)
from ftbench.calibration.record import Calibration, Check, RowLengths
from ftbench.calibration.sequence import kept_of
from ftbench.results.record import device_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.calibration.cost_model import CostModel, Point
    from ftbench.calibration.design import Design
    from ftbench.calibration.key import Key
    from ftbench.calibration.record import Peak
    from ftbench.results.record import Result


def fit_record(
    scheduled: Result,
    real: Result | None,
    design: Design,
    key: Key,
    about: RowLengths,
    *,
    when: str,
    peak: Peak | None = None,
) -> Calibration:
    """Return what is kept of a calibration.

    Args:
        scheduled: the run over the shapes of `design`.
        real: the run over batches of the config's own data.
        design: the shapes.
        key: what the calibration holds for.
        about: what decided how long the rows are; their lengths are added.
        when: the time of calibrating.
        peak: the measured rate of matrix products.

    Raises:
        Incomplete: the runs do not hold what it is made of.
    """
    fitted, held_out = points_of(scheduled, design)
    environment, memory = scheduled["environment"], scheduled["memory"]
    if environment is None:
        raise Incomplete("what it ran on was not captured")
    gpu = device_of(environment)
    known = expected_of(scheduled["model"], key, str(gpu.get("name")))
    points = [*fitted, held_out]
    _, together = accumulated(by_shape(scheduled))
    cost = fit(points, known)
    own = None if real is None else point_of(real, cost, together)
    if own is not None:
        points = levelled(points, own, cost)
        cost = fit(points, known)
    lengths = (real or scheduled)["lengths"] or scheduled["lengths"]
    walls = [one["phases"]["wall"] for one in (scheduled, real) if one and one["phases"]]
    return Calibration(
        when=when,
        gpu=gpu,
        key=key,
        packages=environment["packages"],
        model=scheduled["model"],
        points=tuple(points),
        real=own is not None,
        check=_check(held_out, fit(fitted, known)),
        cost=cost,
        overheads=overheads_of(scheduled, cost, real),
        lengths=None if lengths is None else _counted(lengths, about, scheduled),
        seconds=sum(wall for wall in walls if wall),
        memory=None if memory is None else memory["peak_allocated"],
        memory_phases=None if memory is None else memory.get("phases"),
        peak=peak,
        made_by=_made_by(scheduled),
    )


def _made_by(result: Result) -> dict[str, str]:
    """Return by what and on what a calibration was made, for whom it is shared with."""
    around: Mapping[str, Any] = result["environment"] or {}
    names = ("driver", "cuda", "python", "platform")
    machine = {name: str(around[name]) for name in names if around.get(name)}
    return {"ftlint": str(result["tool"].get("ftlint")), **machine}


def _check(held_out: Point, cost: CostModel) -> Check:
    """Return what a fit without the held-out shape predicts of it."""
    predicted, measured = cost.seconds(held_out.rows, held_out.length), held_out.typical
    return Check(held_out.rows, held_out.length, measured, predicted, predicted / measured - 1)


def _counted(lengths: list[int], about: RowLengths, scheduled: Result) -> RowLengths:
    """Return how long the rows are, and what the other run counted: cut off later, and in turn."""
    found: RowLengths = {
        **about, "rows": len(lengths), "counts": sorted(Counter(lengths).items())
    }  # fmt: skip
    counted, theirs = scheduled["lengths"], about.get("cutoff_len")
    cutoff = scheduled["config"]["values"].get("cutoff_len", theirs)
    if not counted or not isinstance(cutoff, int) or not isinstance(theirs, int):
        return found
    if cutoff > theirs:
        found["longer_cutoff"] = cutoff
        found["longer_counts"] = sorted(Counter(counted).items())
    return found if about.get("packed") else {**found, **kept_of(counted, cutoff)}

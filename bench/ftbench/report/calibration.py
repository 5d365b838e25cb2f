"""A calibration for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.calibration.forecast import MISSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.calibration.cost_model import CostModel
    from ftbench.calibration.record import Calibration


def lines(found: Calibration) -> Iterator[str]:
    """Yield what a calibration found."""
    cost, check, overheads = found.cost, found.check, found.overheads
    yield f"{found.gpu['name']}, {found.key['model']}, {found.key['method']}"
    yield f"micro-batch    {_sum(cost)} s, no less than {cost.floor:.4g} s"
    yield (
        f"per step       {overheads.step:.4g} s, {1e6 * overheads.token:.3g} µs to fetch a token"
    )
    yield (
        f"once           start-up {overheads.startup:.1f} s, first step {overheads.first:.1f} s,"
        f" a new shape {overheads.shape:.3g} s"
    )
    yield (
        f"held out       {check.rows} x {check.length}: {check.predicted:.4g} s predicted,"
        f" {check.measured:.4g} s measured ({check.error:+.1%})"
    )
    yield f"took           {found.seconds:.0f} s"
    if abs(check.error) > MISSED:
        yield (
            f"! the held-out shape is missed by more than {MISSED:.0%}, so bounds are wider:"
            " calibrate again when the machine does nothing else"
        )


def _sum(cost: CostModel) -> str:
    """Return the model's terms, without those that the fit left out."""
    terms = (
        (cost.start, ""), (cost.per_token, " x tokens"), (cost.per_square, " x length x tokens"),
        (cost.per_chunk, " x chunks of the loss"),
    )  # fmt: skip
    return " + ".join(f"{value:.4g}{of}" for value, of in terms if value) or "0"

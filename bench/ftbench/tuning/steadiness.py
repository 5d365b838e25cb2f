"""Whether two timings of the same rows agree, by the scatter of their steps.

On a machine that does other work for a while, the config as written may be slow when it is timed
first, and all that follows looks faster than it is.
"""

from __future__ import annotations

from math import hypot, log, sqrt
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ftbench.calibration.forecast import PROCESS

if TYPE_CHECKING:
    from collections.abc import Sequence

SURE = 2.5
"""Standard deviations within which chance stays: more than two, as few steps tell little of it."""
DEVIATION = 1.4826
"""A standard deviation by the median absolute one, in which single steps that stall do not show."""


class Difference(NamedTuple):
    """How much longer the second of two timings took, and what chance makes of that: as shares."""

    apart: float
    noise: float

    @property
    def is_chance(self) -> bool:
        """Return whether the two agree."""
        return abs(log(1 + self.apart)) <= self.noise


def difference(one: Sequence[float], other: Sequence[float]) -> Difference:
    """Return how two timings differ, of steps that have the same rows in pairs.

    What two processes differ by whatever they run is in the noise; what other work on the machine
    takes is not.
    """
    pairs = list(zip(one, other))
    ratios = [log(after / before) for before, after in pairs]
    middle = median(ratios)
    scatter = DEVIATION * median(abs(ratio - middle) for ratio in ratios)
    apart = sum(after for _, after in pairs) / sum(before for before, _ in pairs) - 1
    return Difference(apart, SURE * hypot(sqrt(2) * PROCESS, scatter / sqrt(len(pairs))))

"""How many steps fit into a budget of wall clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftbench.calibration.forecast import Forecast


def steps_within(
    budget: float, most: int, at: Callable[[int], Forecast | None]
) -> tuple[int, Forecast] | None:
    """Return the most steps, up to `most`, whose upper bound fits; None when not even one does.

    `at(steps)` forecasts the run with that max_steps. The upper bound counts, so that the run is
    done in time in all but one of forty cases.
    """
    best = at(1)
    if best is None or best.high > budget:
        return None
    low, high = 1, max(1, most)
    while low < high:
        middle = min(high, max(low + 1, low + int((budget - best.high) / max(best.step, 1e-9))))
        found = at(middle)
        if found is not None and found.high <= budget:
            low, best = middle, found
            continue
        high = middle - 1
        middle = (low + high + 1) // 2
        found = at(middle) if low < high else None
        if found is not None and found.high <= budget:
            low, best = middle, found
        elif found is not None:
            high = middle - 1
    return low, best

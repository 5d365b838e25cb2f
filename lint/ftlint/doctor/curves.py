"""Losses over steps, drawn with letters: the training loss as dots, evaluations as circles."""

from __future__ import annotations

import math
from itertools import cycle

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import Loss

WIDTH, HEIGHT = 64, 12
TRAINED, EVALUATED, BEST = "·", "o", "●"
OUTLYING = 0.02
"""The highest losses, those of the first steps, may lie above the picture: so many of them."""


def curves(
    training: Sequence[Loss], evaluation: Sequence[Loss], best: Loss | None
) -> Iterator[str]:
    """Yield the lines of a picture; none where there are too few losses for one."""
    last_drawn = () if best is None else (best,)
    drawn = ((training, TRAINED), (evaluation, EVALUATED), (last_drawn, BEST))
    yield from _picture(drawn, evaluation)


def overlaid(runs: Sequence[Sequence[Loss]]) -> Iterator[str]:
    """Yield a picture of several curves, each drawn with a letter of its own."""
    drawn = tuple(zip(runs, cycle("abcdefghijklmnopqrstuvwxyz"), strict=False))
    yield from _picture(drawn, ())


def _picture(drawn: Sequence[tuple[Sequence[Loss], str]], whole: Sequence[Loss]) -> Iterator[str]:
    """Yield curves in order, the later ones over the earlier; `whole` is wholly in the picture."""
    shown = {one for losses, _ in drawn for one in losses if math.isfinite(one.value)}
    if len(shown) < 3:
        return
    values = sorted(one.value for one in shown)
    top = values[math.ceil((len(values) - 1) * (1 - OUTLYING))]
    top = max(top, max((one.value for one in whole if math.isfinite(one.value)), default=top))
    bottom, last = values[0], max(one.step for one in shown)
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for losses, letter in drawn:
        for one in losses:
            if math.isfinite(one.value):
                row = _scaled(top - one.value, top - bottom, HEIGHT)
                grid[row][_scaled(one.step, last, WIDTH)] = letter
    for number, cells in enumerate(grid):
        value = top - (top - bottom) * number / (HEIGHT - 1)
        label = f"{value:8.4g}" if number in (0, HEIGHT // 2, HEIGHT - 1) else " " * 8
        yield f"{label} │{''.join(cells).rstrip()}"
    yield f"{'':8} └{'─' * WIDTH}"
    yield f"{'':8}  0{f'step {last:,}':>{WIDTH - 1}}"


def _scaled(value: float, whole: float, size: int) -> int:
    share = value / whole if 0 < whole < math.inf and math.isfinite(value) else 0.0
    return min(size - 1, max(0, round(share * (size - 1))))

"""Evaluations of runs that never were: a true course with noise, to count what doctor says of them.

`tests.doctor.power` prints how often a rise is said where there is none, and where there is one.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from ftlint.doctor.history import History, Loss
from ftlint.doctor.symptoms import signs

SHARES = (0.2, 0.45, 0.65)
"""Where a rise begins: early, in the middle, late."""


class Noise(NamedTuple):
    """What an evaluation is off by: AR(1), with this standard deviation as a share of the loss."""

    scale: float
    correlation: float = 0.0


def course(draw: random.Random, count: int, rise: float, until: float = 1.0) -> list[float]:
    """Return true losses that fall, level off, and end by `rise` above their lowest.

    They rise `until` a share of the evaluations, and level off again there.
    """
    size = draw.choice((0.0, draw.uniform(0.1, 1.0)))
    time = draw.uniform(0.04, 0.2 if rise else 0.5) * count
    level = draw.uniform(0.3, 3.0)
    end = until * (count - 1)
    begin = draw.choice(SHARES) * end
    fall = [1 + size * math.exp(-at / time) for at in range(count)]
    if not rise:
        return [level * one for one in fall]
    shape = [max(0.0, min(at, end) - begin) / (end - begin) for at in range(count)]

    def risen(far: float) -> list[float]:
        return [one + far * share for one, share in zip(fall, shape, strict=True)]

    low, high = 0.0, 2 * rise + 1
    for _ in range(40):
        middle = (low + high) / 2
        found = risen(middle)
        low, high = (middle, high) if found[-1] < min(found) * (1 + rise) else (low, middle)
    return [level * one for one in risen(high)]


def evaluations(
    draw: random.Random, count: int, rise: float, noise: Noise, until: float = 1.0
) -> list[float]:
    """Return such losses as they would be evaluated."""
    off = draw.gauss(0, 1)
    found = []
    for one in course(draw, count, rise, until):
        found.append(one * (1 + noise.scale * off))
        off = noise.correlation * off + math.sqrt(1 - noise.correlation**2) * draw.gauss(0, 1)
    return found


class Said(NamedTuple):
    """Of which share of runs over-fitting is said, and of which that it cannot be told."""

    found: float
    untold: float


def signs_of(values: list[float]) -> list[str]:
    """Return what doctor says of a run that was evaluated so, and whose training loss fell."""
    step = 10
    run = History(
        "run", ("trainer_state.json",), planned=step * len(values), done=step * len(values),
        epochs=3.0, ended=True, evaluated_on=None, patience=None,
        training=tuple(Loss(at, 2 * math.exp(-at / 200)) for at in range(1, step * len(values))),
        evaluation=tuple(Loss(step * at, value) for at, value in enumerate(values, 1)),
    )  # fmt: skip
    return [sign.name for sign in signs(run, 3)]


def said(
    seed: str,
    runs: int,
    counts: tuple[int, int],
    rise: float,
    noises: tuple[Noise, ...],
    until: float = 1.0,
) -> Said:
    """Return what is said of runs with counts of evaluations drawn between two."""
    draw = random.Random(seed)
    found = untold = 0
    for _ in range(runs):
        count = draw.randint(*counts)
        names = signs_of(evaluations(draw, count, rise, draw.choice(noises), until))
        found += "over-fitting" in names
        untold += "too-few-evaluations" in names
    return Said(found / runs, untold / runs)

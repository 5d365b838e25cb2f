"""How often what doctor says of a run that goes on is refuted by what came later.

`python -m tests.doctor.prefixes FOLDER` takes each run whose folder lies in FOLDER as it was after
each of its evaluations, asks doctor, and looks at the evaluations that followed.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftlint.doctor.history import History, read
from ftlint.doctor.symptoms import signs

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST, FEWEST = 4, 6
"""Evaluations of a prefix, and of a run that is taken into account."""
LOWER = 0.01
"""A later evaluation that is lower by more than this refutes that a run had begun to over-fit."""


class Said(NamedTuple):
    """Over-fitting was said after a step."""

    step: int
    lower: float
    """By which share the best evaluation that followed is below the best one until then."""


def prefixes(run: History) -> Iterator[History]:
    """Yield a run as it was after each evaluation but the last one."""
    planned = max(run.planned or 0, run.done or 0, run.evaluation[-1].step)
    for number in range(LEAST, len(run.evaluation)):
        step = run.evaluation[number - 1].step
        yield run._replace(
            planned=planned, done=step, ended=False, stopped=False,
            epochs=run.epochs and run.epochs * step / (run.done or planned),
            training=tuple(one for one in run.training if one.step <= step),
            evaluation=run.evaluation[:number],
            series={
                name: tuple(one for one in values if one.step <= step)
                for name, values in run.series.items()
            },
        )  # fmt: skip


def said_of(run: History) -> list[Said]:
    """Return where over-fitting is said of a run that goes on, and how that came out."""
    found = []
    for prefix in prefixes(run):
        if any(sign.name == "over-fitting" for sign in signs(prefix, 3)):
            number = len(prefix.evaluation)
            until = min(one.value for one in run.evaluation[:number])
            later = min(one.value for one in run.evaluation[number:])
            found.append(Said(prefix.done or 0, 1 - later / until))
    return found


def runs(folder: Path) -> Iterator[tuple[str, History]]:
    """Yield the runs of a folder that were evaluated often enough, each curve once."""
    seen = set()
    for one in sorted(folder.iterdir()):
        run = read(str(one)) if one.is_dir() else None
        if not isinstance(run, History) or run.evaluation in seen:
            continue
        finite = all(math.isfinite(one.value) for one in run.evaluation)
        if finite and len(run.evaluation) >= FEWEST:
            seen.add(run.evaluation)
            yield one.name, run


def main() -> None:
    """Print what was said of each run, and of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    number = told = asked = refuted = 0
    folder = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"no folder: {folder}")
    for name, run in runs(folder):
        said = said_of(run)
        wrong = [one for one in said if one.lower > LOWER]
        number, asked = number + 1, asked + max(0, len(run.evaluation) - LEAST)
        told, refuted = told + len(said), refuted + len(wrong)
        at = ", ".join(f"step {one.step} ({one.lower:.1%} lower later)" for one in wrong)
        print(f"{name}: {len(said)} said, {len(wrong)} refuted{': ' * bool(at)}{at}")
    print(f"{number} runs, {asked} prefixes, {told} said, {refuted} refuted")


if __name__ == "__main__":
    main()

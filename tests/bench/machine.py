"""A machine that is simulated apart from what forecasts it, and calibrations of it.

It has noise between steps, between processes and in starting up, and prices for new shapes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.made import result, step

from ftbench.calibration.cost_model import CostModel
from ftbench.calibration.design import Design, design
from ftbench.calibration.fit_record import fit_record

if TYPE_CHECKING:
    from ftbench.calibration.key import Key
    from ftbench.calibration.record import Calibration

LARGE = CostModel(0.004, 1.3e-4, 6e-9)


@dataclass(frozen=True)
class Machine:
    """What nobody is told: the cost of micro-batches and of all else."""

    cost: CostModel = LARGE
    later: float = 0.004
    together: float = 0.0
    optimizer: float = 0.03
    between: float = 0.012
    fetch: float = 1.1e-6
    wake: float = 0.0
    first: float = 2.0
    shape: float = 0.05
    startup: float = 22.0
    row: float = 0.0008
    save: float = 1.5
    between_steps: float = 0.01
    between_processes: float = 0.006
    between_starts: float = 0.06

    def run(
        self, shapes: list[list[tuple[int, int]]], seed: int, *, rows: int = 0, cold: bool = False
    ) -> Any:
        """Return the result of a process that trains steps of micro-batches.

        In a `cold` one, the first on a machine, new shapes cost more at the beginning.
        """
        draw = random.Random(seed)
        process = draw.lognormvariate(0, self.between_processes)
        seen: set[tuple[int, int]] = set()
        steps = []
        for number, group in enumerate(shapes):
            factor = process * draw.lognormvariate(0, self.between_steps)
            each = [self.cost.seconds(*one) * factor + (self.later if at else 0)
                    for at, one in enumerate(group)]  # fmt: skip
            each[-1] += self.together
            early = 6 if cold and number in (1, 2) else 1
            each[0] += early * self.shape * len(set(group) - seen)
            each[0] += self.first if number == 0 else 0
            seen |= set(group)
            tokens = sum(count * length for count, length in group)
            large = sum(count * length > 32_768 for count, length in group)
            inside, data = sum(each), self.fetch * tokens + self.wake * large
            rest = (self.optimizer + self.between * (len(group) - 1)) * process
            steps.append(
                step(inside + data + rest, group, forward_backward=inside, each=each, data=data,
                     other=None)
            )  # fmt: skip
        train = sum(one["seconds"] for one in steps)
        start = self.startup * draw.lognormvariate(0, self.between_starts)
        wall = start + train + self.row * rows
        phases = {**result(steps)["phases"], "train": train, "data": self.row * rows, "wall": wall}  # type: ignore[dict-item]
        return result(steps, phases=phases)


SMALL = Machine(
    cost=CostModel(0.01, 6e-6, 2.5e-10, floor=0.11), optimizer=0.02, shape=0.12, startup=14.0
)


def lengths(count: int = 3000, seed: int = 11) -> list[int]:
    draw = random.Random(seed)
    return [min(1024, max(24, round(draw.lognormvariate(5.0, 0.6)))) for _ in range(count)]


def shuffled(pool: list[int], batch: int, steps: int, accumulation: int, seed: int) -> Any:
    """Return the micro-batches of a run, written without a look at `ftbench`."""
    draw, groups = random.Random(seed), []
    order: list[int] = []
    for _ in range(steps):
        group: list[tuple[int, int]] = []
        while len(group) < accumulation:
            if not order:
                order = draw.sample(pool, len(pool))
            taken, order = order[:batch], order[batch:]
            group.append((len(taken), (max(taken) + 7) // 8 * 8))
            if not order:
                break
        groups.append(group)
    return groups


def scheduled(plan: Design, accumulation: int = 2) -> list[list[tuple[int, int]]]:
    return [
        [(entry["rows"], entry["length"])] * accumulation
        for entry in plan.schedule()
        for _ in range(entry["steps"])
    ]


WHEN = "2026-11-22T10:00:00+00:00"
KEY: Key = {"model": "llama-3-8b", "method": "lora", "checkpointing": True}


def calibrated(
    machine: Machine, seed: int, *, packed: int | None = None, batch: int = 8
) -> Calibration:
    """Return a calibration at `batch` (packed: batch 4 of that length)."""
    pool = lengths()
    plan = design(4, packed) if packed else design(batch, max(pool), sorted(pool)[len(pool) // 10])
    over = machine.run(scheduled(plan), seed, rows=len(pool))
    over["schedule"], over["lengths"] = plan.schedule(), pool
    real = None
    if not packed:
        groups = shuffled(pool, batch, 20, 1, seed + 1)
        real = machine.run(groups, seed + 1, rows=len(pool), cold=True)
    return fit_record(over, real, plan, KEY, {"dataset": ["faq"], "cutoff_len": 1024}, when=WHEN)

"""The micro-batches that a run will see, by the order of its rows or by simulating its shuffles.

A padded batch is as long as its longest row, rounded up. Where the order of the rows is not known,
which of them meet in a batch is chance, but with a few thousand rows the shares hardly move: every
simulated run gives one multiset of shapes.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftbench.calibration.design import PADDED_TO, up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED = 1_729
MOST = 20_000
"""Rows drawn for one simulated run; a longer one is that many, scaled up."""


@dataclass(frozen=True)
class Loop:
    """How many batches of what size a process goes through.

    `rows` of the train set, None where only `steps` is known; batches are per process, and an
    epoch's last group of them may be smaller than `accumulation`, its last batch shorter.
    `lockstep`: processes that share parameters wait for each other in every micro-batch, others
    only where a step adds up their gradients. `rows_each`: rows of a batch that each row of the
    data becomes, two where it is a pair. `stream`: what a pass leaves over makes no step, and its
    last batch is never dropped (transformers 4.47 and later).
    """

    steps: int
    batch: int
    accumulation: int = 1
    world: int = 1
    rows: int | None = None
    drop_last: bool = False
    lockstep: bool = False
    rows_each: int = 1
    stream: bool = False

    @property
    def batches(self) -> int | None:
        """Batches of an epoch on each process."""
        if self.rows is None:
            return None
        dropped = self.drop_last and not self.stream
        whole = self.rows // self.batch if dropped else -(-self.rows // self.batch)
        per_rank = whole // self.world if dropped else -(-whole // self.world)
        return max(1, per_rank)

    def micro_batches(self) -> int:
        """Return how many micro-batches each process trains on."""
        batches = self.batches
        if batches is None:
            return self.steps * self.accumulation
        if self.stream:
            updates = max(1, batches // self.accumulation)
            passes = max(0, self.steps - 1) // updates
            return passes * batches + (self.steps - passes * updates) * self.accumulation
        updates = -(-batches // self.accumulation)
        epochs, rest = divmod(self.steps, updates)
        return epochs * batches + min(rest * self.accumulation, batches)


def of_one_length(loop: Loop, length: int) -> Counter[tuple[int, int]]:
    """Return the micro-batches where every row has the same length, as when packed."""
    count = loop.micro_batches()
    found = Counter({(loop.batch, length): count})
    batches = loop.batches
    if batches and loop.rows is not None and loop.world == 1 and not loop.drop_last:
        rest = loop.rows % loop.batch
        times = count // batches
        if rest and times:
            found[loop.batch, length] -= times
            found[rest, length] += times
    return +found


def simulated(
    loop: Loop, lengths: Sequence[int], runs: int, multiple: int = PADDED_TO
) -> Iterator[tuple[Counter[tuple[int, int]], float]]:
    """Yield the micro-batches of runs over rows of these lengths, and a factor to scale them by.

    Of several processes the slowest counts: that with the most positions in a step, or in each
    micro-batch where they run in lockstep.
    """
    draw = random.Random(SEED)
    rows = loop.rows or len(lengths)
    pool = list(lengths)
    if rows != len(pool):
        pool = draw.sample(pool, rows) if rows < len(pool) else draw.choices(pool, k=rows)
    wanted = loop.micro_batches()
    per_epoch = loop.batches or -(-rows // loop.batch)
    drawn = min(wanted, max(1, MOST // (loop.batch * loop.world)))
    together = loop.batch * loop.world
    for _ in range(runs):
        found: Counter[tuple[int, int]] = Counter()
        left = drawn
        while left > 0:
            order = draw.sample(pool, min(len(pool), left * together))
            part = list(_epoch(loop, order, min(left, per_epoch), multiple))
            found.update(part)
            left -= max(1, len(part))
        yield found, wanted / max(1, sum(found.values()))


def in_order(
    loop: Loop, epochs: Sequence[Sequence[int]], multiple: int = PADDED_TO
) -> Counter[tuple[int, int]]:
    """Return the micro-batches of a run whose rows are known, epoch by epoch in their order."""
    found: Counter[tuple[int, int]] = Counter()
    left = loop.micro_batches()
    for rows in epochs:
        part = list(_epoch(loop, rows, min(left, loop.batches or left), multiple))
        found.update(part)
        left -= len(part)
    return found


def _epoch(loop: Loop, pool: Sequence[int], count: int, multiple: int) -> Iterator[tuple[int, int]]:
    together = 1 if loop.lockstep else loop.accumulation
    for start in range(0, count, together):
        numbers = range(start, min(start + together, count))
        ranks = [
            [shape for number in numbers if (shape := _shape(loop, pool, number, rank, multiple))]
            for rank in range(loop.world)
        ]
        yield from max(ranks, key=lambda shapes: sum(rows * length for rows, length in shapes))


def _shape(
    loop: Loop, pool: Sequence[int], number: int, rank: int, multiple: int
) -> tuple[int, int] | None:
    """Return the shape of a process's batch, by its number in the epoch; None past the rows.

    Of several processes each is handed whole batches: the last ones are filled up from the first
    rows. Source: accelerate `data_loader.py` BatchSamplerShard (1.7, 1.11).
    """
    start = (number * loop.world + rank) * loop.batch
    batch = pool[start : start + loop.batch]
    if loop.world > 1 and len(batch) < loop.batch and not (loop.drop_last or loop.stream):
        batch = [pool[at % len(pool)] for at in range(start, start + loop.batch)]
    return (len(batch) * loop.rows_each, up(max(batch), multiple)) if batch else None

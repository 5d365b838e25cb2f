"""The rows of a trial: the longest of all first and last, and between them a fair share.

A run meets its longest batch somewhere, and which micro-batch that is depends on the order of the
rows. So the first step has the longest rows that there are, in descending order: whatever the
micro-batch is, none of the run is larger than its first. The last step may have them again, when
the allocator has cut its blocks to others. In between come a step to warm up and blocks of steps
whose rows are spread over all lengths as those of an epoch, in an order drawn at random.
"""

from __future__ import annotations

import importlib
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.runners.protocol import Sample

SEED = 20_101
BEFORE = 2
"""Steps before those that are timed: the longest rows, and one to warm up."""


def steps_of(sample: Sample) -> int:
    """Return how many steps a trial takes."""
    return BEFORE + sample["timed"] + sample["again"]


def order(lengths: Sequence[int], sample: Sample) -> list[int]:
    """Return the places of the rows that a trial trains on, in order.

    Trials of different `timed` begin alike. Where there are fewer rows than that they come again.
    """
    each, size = sample["per_step"], sample["per_step"] * sample["block"]
    draw = random.Random(SEED)
    ascending = sorted(range(len(lengths)), key=lambda at: (lengths[at], at))
    longest = [ascending[-1 - at % len(ascending)] for at in range(each)]

    def block() -> list[int]:
        found = _spread(ascending, draw, size)
        return sorted(found, key=lambda at: -lengths[at]) if sample["grouped"] else found

    warm = block()[:each]
    timed: list[int] = []
    while len(timed) < sample["timed"] * each:
        timed += block()
    timed = timed[: sample["timed"] * each]
    return [*longest, *warm, *timed, *(longest if sample["again"] else ())]


def _spread(ascending: list[int], draw: random.Random, size: int) -> list[int]:
    """Return so many rows, one of each stretch of lengths, in an order drawn at random."""
    count = len(ascending)
    found = [
        ascending[min(count - 1, int((at + draw.random()) * count / size))] for at in range(size)
    ]
    draw.shuffle(found)
    return found


def arranged(dataset: Any, sample: Sample) -> Any:
    """Return a train set with the rows of a trial alone."""
    return dataset.select(order(list(lengths_of(dataset)), sample))


def lengths_of(dataset: Any) -> Iterator[int]:
    """Yield the tokens of each row; of a pair, of the longer side.

    Answers of other prompts, which KTO reads in a batch of their own, count as a side.
    """
    names = [name for name in dataset.column_names or () if name.endswith("input_ids")]
    table = dataset.select_columns(names).with_format("arrow")[:]
    compute: Any = importlib.import_module("pyarrow.compute")
    columns = [compute.list_value_length(table.column(name)).to_pylist() for name in names]
    yield from (max(row) for row in zip(*columns))

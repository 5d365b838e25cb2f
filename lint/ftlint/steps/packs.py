"""Exactly how many sequences packing makes of rows whose tokens are known.

Source: LLaMA Factory `data/processor/supervised.py`, `pretrain.py`, `processor_utils.py`
greedy_knapsack, `data/data_utils.py` split_dataset (0.9.3 to 0.9.5), datasets `train_test_split`
and `Dataset.map` (3.6, 4.0).
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ftlint.steps.counts import Count
    from ftlint.steps.rows import DatasetRows
    from ftlint.steps.settings import RunSettings

LEFT_OUT = -1
"""Stands for the tokens of a row that preprocessing leaves out."""


class RowTokens(NamedTuple):
    """The tokens of rows in the order that they are read, and how many a sequence holds."""

    lengths: Sequence[int]
    limit: int


def merged_tokens(
    settings: RunSettings, datasets: Sequence[DatasetRows], merged: Count
) -> RowTokens | None:
    """Return the tokens of all rows in their order, where they are packed and all are known."""
    known = [one.tokens for one in datasets if one.tokens is not None and one.num_samples is None]
    if not settings.packing or settings.streaming or not known or len(known) < len(datasets):
        return None
    if len(datasets) > 1 and settings.mix_strategy != "concat":
        return None
    lengths = [length for one in known for length in one.lengths]
    return RowTokens(lengths, known[0].limit) if len(lengths) == merged.exact else None


def divided(
    settings: RunSettings, tokens: RowTokens | None, held_out: Count
) -> tuple[RowTokens | None, RowTokens | None]:
    """Return the tokens of the rows to train on, and of those that a seeded split holds out."""
    held = held_out.exact
    if tokens is None or held is None or settings.seed < 0:
        return None, None
    if not held:
        return tokens, tokens._replace(lengths=())
    from ftlint.steps.pcg64 import permutation

    mixed = [tokens.lengths[place] for place in permutation(settings.seed, len(tokens.lengths))]
    return tokens._replace(lengths=mixed[held:]), tokens._replace(lengths=mixed[:held])


def sequences(tokens: RowTokens, settings: RunSettings) -> list[list[int]]:
    """Return the sequences that rows are packed into, each as the tokens of its rows.

    A map call packs its own rows only. Of documents of stage pt a sequence is one block, and what
    fills none is left out.
    """
    made: list[list[int]] = []
    start = 0
    listed = shares(len(tokens.lengths), settings.map_workers)
    for share in (share for share, times in listed for _ in range(times)):
        batch = settings.map_batch or share
        for place in range(start, start + share, batch or 1):
            rows = tokens.lengths[place : min(place + batch, start + share)]
            if settings.stage == "pt":
                made += [[tokens.limit]] * (sum(rows) // tokens.limit)
            else:
                made += knapsacks([one for one in rows if one != LEFT_OUT], tokens.limit)
        start += share
    return made


def knapsacks(lengths: Iterable[int], capacity: int) -> list[list[int]]:
    """Return how lengths are packed: ever the largest that still fits; longer ones are dropped."""
    left = Counter(length for length in lengths if length <= capacity)
    sizes = sorted(left)
    made = []
    while sizes:
        room, pack = capacity, []
        while True:
            place = bisect(sizes, room) - 1
            if place < 0:
                break
            size = sizes[place]
            pack.append(size)
            room -= size
            left[size] -= 1
            if not left[size]:
                del sizes[place]
        made.append(pack)
    return made


def shares(rows: int, workers: int | None) -> tuple[tuple[int, int], ...]:
    """Return (rows, workers that have so many): the first workers take one row more."""
    workers = min(workers or 1, rows) or 1
    share, longer = divmod(rows, workers)
    return (share + 1, longer), (share, workers - longer)

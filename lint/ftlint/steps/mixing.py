"""How many rows each dataset brings to the merged one.

Source: LLaMA Factory `data/data_utils.py` `merge_dataset` (0.9.3 to 0.9.5), datasets
`arrow_dataset.py` `_interleave_map_style_datasets` (3.6, 4.0).
"""

from __future__ import annotations

from ftlint.steps.counts import Count, NoPlan, exactly, largest, least, no_run, total
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.steps.settings import RunSettings, Version

UNDER, OVER = "under", "over"
DRAWS = 1_000_000  # about half a second of drawing; beyond it, bounds


class Mix(NamedTuple):
    """Rows after mixing, and what each dataset gives to them, in the order of the datasets."""

    merged: Count
    given: tuple[Count, ...]
    assumptions: tuple[str, ...] = ()


def mix(rows: Sequence[Count], settings: RunSettings, llamafactory: Version) -> Mix | NoPlan:
    """Return the rows of the merged dataset, in the order of the datasets of the config."""
    if len(rows) == 1:  # no strategy is looked at
        return Mix(rows[0], (rows[0],))
    if settings.mix_strategy == "concat":
        return Mix(total(rows), tuple(rows))
    way = _way(settings.mix_strategy, llamafactory)
    if isinstance(way, NoPlan):
        return way
    if settings.probabilities is None:
        share = least(rows) if way == UNDER else largest(rows)
        return Mix(share.rising(lambda count: count * len(rows)), (share,) * len(rows))
    return _drawn(rows, settings.probabilities, settings.seed, way)


def _way(strategy: str, llamafactory: Version) -> str | NoPlan:
    if llamafactory >= (0, 9, 5):
        known = {"interleave_under": UNDER, "interleave_over": OVER}
        if strategy in known:
            return known[strategy]
        if strategy == "interleave_once":
            return NoPlan("", "mix_strategy", "FT490")
    elif strategy.startswith("interleave"):  # a misspelt word over-samples there
        return UNDER if strategy.endswith("under") else OVER
    return NoPlan(f"`mix_strategy: {strategy}` is unknown", "mix_strategy")


def _drawn(
    rows: Sequence[Count], probabilities: tuple[float, ...], seed: int, way: str
) -> Mix | NoPlan:
    key = "interleave_probs"
    if len(probabilities) != len(rows):
        return NoPlan("", key, "FT408")
    if min(probabilities) < 0 or abs(sum(probabilities) - 1) > 1.4901161193847656e-08:
        return NoPlan("", key, "FT712")
    if way == OVER and 0 in probabilities:
        return no_run("a dataset with probability 0 is never used up, so mixing does not end", key)
    if seed < 0:
        return NoPlan("", "seed", "FT494")
    lengths = [count.exact for count in rows]
    known = [length for length in lengths if length is not None]
    if len(known) == len(rows) and all(known):
        needed = [
            length / chance for length, chance in zip(known, probabilities, strict=True) if chance
        ]
        if (min(needed) if way == UNDER else max(needed)) <= DRAWS:
            given = draw(known, probabilities, seed, way)
            return Mix(exactly(sum(given)), tuple(map(exactly, given)))
    note = ("interleaving by probabilities is reproduced only for datasets of known size and up "
            "to about a million rows")  # fmt: skip
    if way == UNDER:
        most = total(rows)
        high = None if most.high is None else most.high - len(rows) + 1
        return Mix(Count(least(rows).low, high), tuple(Count(0, row.high) for row in rows), (note,))
    low = total(rows).low
    return Mix(Count(low, None), tuple(Count(row.low, None) for row in rows), (note,))


def draw(lengths: Sequence[int], probabilities: Sequence[float], seed: int, way: str) -> list[int]:
    """Return the rows drawn from each dataset until one is (or all are) used up."""
    given = [0] * len(lengths)
    left = set(range(len(lengths)))
    from ftlint.steps.pcg64 import choices

    for source in choices(seed, probabilities):
        given[source] += 1
        if given[source] == lengths[source]:
            left.discard(source)
            if way == UNDER or not left:
                break
    return given

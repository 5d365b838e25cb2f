"""What the tokens of rows come to: what is cut, what is padded, the longest batch and its step.

Source: LLaMA Factory `data/collator.py`, `train/*/workflow.py` (0.9.3 to 0.9.5), transformers
`data_collator.py`, accelerate `data_loader.py` BatchSamplerShard (1.7, 1.11).
"""

from __future__ import annotations

from math import ceil, floor, sqrt

from ftlint.tokens.cutting import cut
from ftlint.tokens.order import order_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ftlint.tokens.cutting import Row
    from ftlint.tokens.measure import DatasetTokens
    from ftlint.tokens.trained import Trained

QUANTILES = (0.5, 0.9, 0.99, 1.0)
MOST = 2_000_000
"""Rows of epochs whose order is looked at for the longest batch, about two seconds."""
PADDED_TO = {"sft": 8, "rm": 8, "kto": 8}
"""A batch is padded to a multiple of so many tokens."""
SURE = 1.96
"""Standard errors on both sides of what 95 of 100 samples show."""


class Quantile(NamedTuple):
    """A share of the rows has at most so many tokens; with a sample, between which bounds."""

    share: float
    tokens: int
    low: int
    high: int


class LongestBatch(NamedTuple):
    """The longest micro-batch of one GPU: `rows` padded to `length` tokens each.

    `step` is the optimizer step in which it comes, counted from 1; None where the order of rows is
    not known, and the batch is as long as it can be at most.
    """

    rows: int
    length: int
    step: int | None


class Summary(NamedTuple):
    """What the tokens of the rows of a run come to.

    `rows` are those that were counted, with `sampled` a part of them all. With `at_most` there was
    no tokenizer: every number of tokens is one that cannot be exceeded. `whole` is before rows are
    cut. `cut` are the rows that are, `lost` the tokens of answers that go with it, of `answers`.
    """

    rows: int
    sampled: bool
    at_most: bool
    cutoff_len: int
    whole: tuple[Quantile, ...]
    longest: int
    cut: int
    answers: int
    lost: int
    padding: float | None = None
    """The share of padding in all tokens that go through the model."""
    batch: LongestBatch | None = None


class Batching(NamedTuple):
    """How rows become batches: a GPU's micro-batch, how many take part, micro-batches a step."""

    batch: int
    shards: int
    accumulation: int
    epochs: int
    steps: int


def summarize(
    found: Sequence[DatasetTokens],
    values: Mapping[str, Any],
    launch: Batching | None = None,
    ordered: Sequence[Trained] | None = None,
) -> Summary | None:
    """Return what the datasets of a run come to, None where no row is left.

    `ordered` is what is trained on, in the order of the dataset, where that is known.
    """
    rows = [row for one in found for row in cut_rows(one)]
    if not rows:
        return None
    how, sampled = found[0].how, any(one.sampled for one in found)
    at_most = any(one.at_most for one in found)
    whole = sorted(row.whole for row in rows)
    made = Summary(
        rows=len(rows),
        sampled=sampled,
        at_most=at_most,
        cutoff_len=how.cutoff_len,
        whole=tuple(quantile(whole, share, sampled=sampled) for share in QUANTILES),
        longest=max(row.length for row in rows),
        cut=sum(row.whole > row.length for row in rows),
        answers=sum(row.answer for row in rows),
        lost=sum(row.answer - row.kept for row in rows),
    )
    if launch is None or at_most or not ordered:
        return made
    padding, batch = _batches(ordered, values, launch, PADDED_TO.get(how.stage, 1))
    return made._replace(padding=padding, batch=batch)


def cut_rows(found: DatasetTokens) -> Iterator[Row]:
    """Yield the rows of a dataset that preprocessing keeps."""
    for parts in found.encoded.rows():
        if parts:
            yield cut(parts, found.how)


def quantile(ordered: Sequence[int], share: float, *, sampled: bool) -> Quantile:
    """Return what a share of sorted lengths does not exceed; the longest of a sample has no bound.

    The bounds are the lengths whose ranks are as far off as a sample's can be.
    """
    count = len(ordered)
    place = max(ceil(share * count) - 1, 0)
    off = SURE * sqrt(count * share * (1 - share)) if sampled else 0.0
    low, high = max(floor(place - off), 0), min(ceil(place + off), count - 1)
    return Quantile(share, ordered[place], ordered[low], ordered[high])


def _batches(
    rows: Sequence[Trained], values: Mapping[str, Any], launch: Batching, width: int
) -> tuple[float | None, LongestBatch]:
    """Return the share of padding in the first epoch, and the longest batch of the run."""
    lengths = [row.length for row in rows]
    each = rows[0].sequences
    most = LongestBatch(launch.batch * each, _padded(max(lengths), width), None)
    padding: float | None = None
    longest: LongestBatch | None = None
    epochs = max(min(launch.epochs, MOST // len(rows)), 1)
    for epoch in range(epochs):
        order = order_of(values, len(rows), epoch)
        if order is None:
            return None, most
        through = 0
        for place in range(0, len(order), launch.batch):
            taken = [lengths[row] for row in order[place : place + launch.batch]]
            length, count = _padded(max(taken), width), len(taken) * each
            through += length * count
            step = _step(place, epoch, len(order), launch)
            if step > launch.steps:
                break
            if longest is None or length * count > longest.length * longest.rows:
                longest = LongestBatch(count, length, step)
        else:
            if padding is None:
                padding = 1 - sum(row.content for row in rows) / through
    return padding, most if epochs < launch.epochs or longest is None else longest


def _step(place: int, epoch: int, rows: int, launch: Batching) -> int:
    """Return the optimizer step of the batch that begins at a place of an epoch, from 1."""
    batches = -(-rows // (launch.batch * launch.shards))
    own = place // launch.batch // launch.shards
    return epoch * -(-batches // launch.accumulation) + own // launch.accumulation + 1


def _padded(length: int, width: int) -> int:
    return -(-length // width) * width

"""How long the rows of a run are at most, where that was counted here or recorded elsewhere."""

from __future__ import annotations

from ftlint.facts import recorded_tokens
from ftlint.facts import tokens as of_rows
from ftlint.tokens.summary import cut_rows
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ftlint.datasets import DatasetSize
    from ftlint.facts.context import Context
    from ftlint.facts.tokens import Tokens
    from ftlint.steps import StepPlan
    from ftlint.tokens.measure import DatasetTokens


class Longest(NamedTuple):
    """The tokens that no row of a run exceeds, and how that is known.

    `batch`: rows and tokens of the longest micro-batch, and the step in which it comes, where the
    order of rows is known. `met`: a row has as many; else it has no more.
    """

    tokens: int
    source: str
    batch: tuple[int, int, int] | None = None
    met: bool = True


class RowLengths(NamedTuple):
    """The longest rows to train on and to evaluate on; None for what is not known."""

    training: Longest | None = None
    evaluation: Longest | None = None


UNKNOWN = RowLengths()


def counted(context: Context, tokens: Tokens | None, plan: StepPlan | None) -> RowLengths:
    """Return the longest of the rows that were counted; of a part of them nothing follows."""
    if tokens is None or not _told(context.instance.effective):
        return UNKNOWN
    training = _of(tokens.train)
    if training is not None:
        made = of_rows.summary(context, tokens, plan)
        batch = None if made is None else made.batch
        if batch is not None and batch.step is not None:
            training = training._replace(batch=(batch.rows, batch.length, batch.step))
    return _with_split(context, training, _of(tokens.evaluation))


def _of(found: Sequence[DatasetTokens]) -> Longest | None:
    if not found or any(one.sampled for one in found):
        return None
    longest = max((row.length for one in found for row in cut_rows(one)), default=0)
    at_most = any(one.at_most for one in found)
    source = "a token for each byte" if at_most else "counted with its tokenizer"
    return Longest(longest, source, met=not at_most) if longest else None


def recorded(context: Context) -> RowLengths:
    """Return the longest of the rows that were recorded."""
    records, planned = context.stated.records, context.planned
    values = context.instance.effective
    if records is None or planned is None or planned.data is None or not _told(values):
        return UNKNOWN

    def longest(sizes: Sequence[DatasetSize]) -> Longest | None:
        known = recorded_tokens.matching(context, sizes) if sizes else None
        if not known:
            return None
        date = max(record.date for record, _ in known)
        cutoff = int(values["cutoff_len"])
        most = max(lengths.whole[-1] for _, lengths in known)
        return Longest(min(most, cutoff), f"recorded on {date}")

    return _with_split(context, longest(planned.data.train), longest(planned.data.evaluation))


def _told(values: Mapping[str, Any]) -> bool:
    """Return whether rows say how long batches are: not in packs, nor where kto mixes answers."""
    packs = values.get("packing") or values.get("neat_packing")
    return not packs and values.get("stage") != "kto" and isinstance(values["cutoff_len"], int)


def _with_split(
    context: Context, training: Longest | None, evaluation: Longest | None
) -> RowLengths:
    """Return both; what is split off the rows to train on is no longer than these."""
    if context.instance.effective.get("val_size"):
        evaluation = None if training is None else training._replace(batch=None)
    return RowLengths(training, evaluation)

"""The tokens of rows in ftlint-facts.json, and what `cutoff_len` cuts of them here or there."""

from __future__ import annotations

from ftlint.datasets.recorded import Recorded, RecordedLengths
from ftlint.facts.tokens import count
from ftlint.target.models import basename
from ftlint.tokens.chat import NotCounted, chat_of
from ftlint.tokens.measure import STAGES, TokenRequest, way_of
from ftlint.tokens.summary import cut_rows, quantile, summarize
from ftlint.tokens.tokenizer import additions_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ftlint.datasets import DatasetSize
    from ftlint.facts.context import Context
    from ftlint.facts.tokens import Tokens
    from ftlint.tokens.measure import DatasetTokens

CUTS = tuple(1 << power for power in range(7, 18))
"""Values of `cutoff_len` for which it is recorded what they cut: 128 to 131072."""


def to_record(context: Context, tokens: Tokens) -> dict[str, RecordedLengths]:
    """Return what is recorded of the tokens of each dataset: nothing under an unknown template."""
    values, way = context.instance.effective, _way(context)
    if way is None:
        return {}
    stage = str(values.get("stage"))
    names = STAGES.get(stage, stage), str(values.get("template") or "none"), _model(values)
    return {
        one.name: _recorded(one, way, names)
        for one in (*tokens.evaluation, *tokens.train)
        if not one.at_most and one.encoded.parts
    }


def _way(context: Context) -> str | None:
    """Return how rows are written; None where that is not known."""
    values = context.instance.effective
    try:
        return way_of(chat_of(values, context.target.release), additions_of(values), values)
    except NotCounted:
        return None


def _recorded(found: DatasetTokens, way: str, names: tuple[str, str, str]) -> RecordedLengths:
    rows = list(cut_rows(found))
    whole = sorted(row.whole for row in rows)
    cuts = []
    for length in sorted({*CUTS, found.how.cutoff_len}):
        short = list(cut_rows(found._replace(how=found.how._replace(cutoff_len=length))))
        cut = sum(row.whole > row.length for row in short)
        cuts.append((length, cut, sum(row.answer - row.kept for row in short)))
    return RecordedLengths(
        way, *names, len(rows),
        tuple(quantile(whole, step / 100, sampled=False).tokens for step in range(101)),
        sum(row.answer for row in rows),
        tuple(one for one in cuts if one[1] or one[0] == found.how.cutoff_len),
    )  # fmt: skip


def _model(values: Mapping[str, Any]) -> str:
    return basename(str(values.get("model_name_or_path") or ""))[:200] or "none"


class Shares(NamedTuple):
    """What `cutoff_len` cuts of the rows of a run, at least: shares of rows, and of answers.

    `enough` is a `cutoff_len` that leaves 99 of 100 rows whole. `exact`: it is as much, not more.
    """

    cutoff_len: int
    rows: int
    cut: float
    lost: float
    enough: int
    exact: bool = True


LINTED = 8 << 20
"""Bytes of a dataset whose tokens are counted while a config is linted, some seconds."""


def shares(context: Context) -> Shares | None:
    """Return what is cut: as it was recorded, or on the machine of the run as it is counted."""
    planned = context.planned
    if planned is None or planned.data is None or not planned.data.train:
        return None
    if context.target.tree is not None:  # whose templates are its own
        return None
    if context.stated.here is not None:
        found = count(context, TokenRequest(most=LINTED, bounds=False))
        if found is not None and found.train:
            return _of_rows(found.train)
    return _of_records(context, planned.data.train)


def _of_rows(found: tuple[DatasetTokens, ...]) -> Shares | None:
    made = summarize(found, {})
    if made is None or not made.answers:
        return None
    enough = next(one.tokens for one in made.whole if one.share == 0.99)
    return Shares(
        made.cutoff_len, made.rows, made.cut / made.rows, made.lost / made.answers, enough
    )


def matching(
    context: Context, sizes: Sequence[DatasetSize]
) -> list[tuple[Recorded, RecordedLengths]] | None:
    """Return what is recorded of datasets, where all are of this way of writing rows."""
    values, stated, planned = context.instance.effective, context.stated, context.planned
    if stated.records is None or planned is None or planned.data is None:
        return None
    way = _way(context)
    if way is None:
        return None
    records = stated.records.by_name(context.disk)
    stale = {record.name for record, _ in planned.data.stale}
    known = []
    for size in sizes:
        record = records.get(size.name)
        told = () if record is None or size.name in stale else record.lengths
        ours = [one for one in told if (one.way, one.model) == (way, _model(values))]
        if record is None or not ours:
            return None
        known.append((record, ours[0]))
    return known


def _of_records(context: Context, sizes: Sequence[DatasetSize]) -> Shares | None:
    """Return what records of all datasets say of what is cut."""
    values, config = context.instance.effective, context.instance.config
    length = values.get("cutoff_len")
    if not isinstance(length, int) or isinstance(length, bool) or values.get("max_samples"):
        return None
    matched = matching(context, sizes)
    if matched is None:
        return None
    length -= bool(config.get("packing") or config.get("neat_packing"))
    known = [(record.rows, lengths) for record, lengths in matched]
    rows = sum(count for count, _ in known)
    answers = sum(one.answers * count / max(one.rows, 1) for count, one in known)
    if not rows or not answers:
        return None
    cut = lost = 0.0
    for counted, one in known:
        ours_cut, ours_lost = _at_least(one, length)
        cut += ours_cut * counted / max(one.rows, 1)
        lost += ours_lost * counted / max(one.rows, 1)
    enough = max(one.whole[99] for _, one in known)
    exact = all(length in {cut[0] for cut in one.cuts} for _, one in known)
    return Shares(length, rows, cut / rows, lost / answers, enough, exact)


def _at_least(one: RecordedLengths, length: int) -> tuple[int, int]:
    """Return the rows that a cutoff_len cuts at least, and the tokens of answers: those that the
    next larger one of the record cuts.
    """
    return next(((rows, lost) for known, rows, lost in one.cuts if known >= length), (0, 0))

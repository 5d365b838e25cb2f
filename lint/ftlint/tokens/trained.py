"""What the trainer is handed, in the order of its dataset: rows, or the sequences packed of them.

Source: LLaMA Factory `data/loader.py`, `data/data_utils.py` split_dataset (0.9.3 to 0.9.5).
"""

from __future__ import annotations

from ftlint.steps.packs import LEFT_OUT, RowTokens, sequences
from ftlint.steps.rows import SPLITS_FIRST, held_out
from ftlint.tokens.cutting import cut
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from ftlint.steps.settings import RunSettings, Version
    from ftlint.tokens.measure import DatasetTokens

    _T = TypeVar("_T")


class Trained(NamedTuple):
    """One item of the train set: `length` of its longest sequence, what all its sequences hold."""

    length: int
    content: int
    sequences: int = 1


def row_tokens(found: DatasetTokens) -> RowTokens | None:
    """Return the tokens of rows as packing takes them, where all rows were counted."""
    if found.sampled or found.at_most or found.redrawn or found.how.cutoff_len < 1:
        return None
    if found.how.stage == "pt":  # documents are joined before anything is cut
        lengths = [parts[0] for parts in found.encoded.rows()]
    else:
        rows = found.encoded.rows()
        lengths = [cut(parts, found.how).length if parts else LEFT_OUT for parts in rows]
    return RowTokens(lengths, found.how.cutoff_len)


def trained(
    found: Sequence[DatasetTokens], settings: RunSettings, llamafactory: Version
) -> list[Trained] | None:
    """Return what is trained on, None where its order is not known."""
    if settings.streaming or settings.seed < 0:
        return None
    if len(found) > 1 and settings.mix_strategy != "concat":
        return None
    if any(one.sampled or one.at_most or one.redrawn for one in found):
        return None
    if settings.packing:
        return _sequences(found, settings, llamafactory)
    rows = [_item(parts, one) for one in found for parts in one.encoded.rows()]
    if llamafactory >= SPLITS_FIRST:
        rows = _split(rows, settings)
        return [row for row in rows if row is not None]
    return _split([row for row in rows if row is not None], settings)


def _item(parts: Sequence[int], found: DatasetTokens) -> Trained | None:
    if not parts:
        return None
    row = cut(parts, found.how)
    pairs = found.how.stage == "rm"
    return Trained(row.length, row.length + row.second, 2 if pairs else 1)


def _sequences(
    found: Sequence[DatasetTokens], settings: RunSettings, llamafactory: Version
) -> list[Trained] | None:
    known = [tokens for one in found if (tokens := row_tokens(one)) is not None]
    if len(known) < len(found):
        return None
    lengths = [length for one in known for length in one.lengths]
    first = llamafactory >= SPLITS_FIRST
    if first:
        lengths = _split(lengths, settings)
    tokens = RowTokens(lengths, known[0].limit)
    # A pack of rows is filled up to one token more than its rows may take.
    size = tokens.limit if settings.stage == "pt" else tokens.limit + 1
    made = [Trained(size, sum(pack)) for pack in sequences(tokens, settings)]
    return made if first else _split(made, settings)


def _split(rows: list[_T], settings: RunSettings) -> list[_T]:
    """Return the rows that are not held out, in the order of a seeded split."""
    if settings.val_size <= 1e-6:
        return rows
    from ftlint.steps.pcg64 import permutation

    order = permutation(settings.seed, len(rows))
    return [rows[place] for place in order[held_out(settings.val_size, len(rows)) :]]

"""Packed sequences and blocks of text: exactly where the tokens of rows are known, else bounds.

Source: LLaMA Factory `data/processor/supervised.py`, `pretrain.py`, `processor_utils.py` (0.9.3 to
0.9.5), datasets `Dataset.map` (4.0).
"""

from __future__ import annotations

from ftlint.steps.counts import Count, exactly
from ftlint.steps.packs import sequences, shares
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.steps.packs import RowTokens
    from ftlint.steps.settings import RunSettings

PACKED = ("packing joins several rows into one sequence; the number of sequences depends on the "
          "tokenizer")  # fmt: skip
GROUPED = ("pre-training joins documents into blocks of `cutoff_len` tokens; their number depends "
           "on the tokenizer, and text that fills no block crashes the run")  # fmt: skip
COUNTED = "packed sequences are counted exactly, from the tokens of every row"
A_TOKEN_A_BYTE = "at most one token per byte of the file"


def packed(
    settings: RunSettings, rows: Count, kept: Count, text: int | None, tokens: RowTokens | None
) -> tuple[Count, tuple[str, ...]]:
    """Return the rows after packing, and what their number rests on.

    `rows` enter preprocessing, `kept` survive its checks; `text` is the size of the files in bytes,
    `tokens` those of the rows, where they are known.
    """
    if not settings.packing:
        return kept, ()
    if tokens is not None:
        return exactly(len(sequences(tokens, settings))), (COUNTED,)
    if settings.stage == "sft":
        # A map call packs its own rows only, so each that has a usable row makes one pack at least.
        most = None if rows.high is None or kept.low > rows.low else rows.low - kept.low
        low = 1 if most is None else max(calls(rows.low, settings) - most, 1)
        return Count(min(low, max(kept.low, 1)), kept.high), (PACKED,)
    block = max(settings.cutoff_len, 1)
    low = max(blocks(rows.low, settings, block), 1)
    if text is None or kept.high is None:
        return Count(low, None), (GROUPED,)
    end = 16 if settings.template == "llama3" else 1  # its end mark may not be one token
    smallest = max(block - 1, 1)  # packing: true takes a token off the block
    return Count(low, (text + end * kept.high) // smallest), (GROUPED, A_TOKEN_A_BYTE)


def calls(rows: int, settings: RunSettings) -> int:
    """Return how many map calls take `rows`: batches of each worker's contiguous share."""
    return sum(-(-share // (settings.map_batch or share)) * times
               for share, times in shares(rows, settings.map_workers) if share)  # fmt: skip


def blocks(rows: int, settings: RunSettings, block: int) -> int:
    """Return the blocks that `rows` documents of one token each would fill."""
    found = 0
    for share, times in shares(rows, settings.map_workers):
        batch = settings.map_batch or share
        if share:
            full, rest = divmod(share, batch)
            found += (full * (batch // block) + rest // block) * times
    return found

"""The lengths of the rows one by one, and of each epoch in the order in which they are trained on.

That order comes from a seeded generator, which `ftlint.tokens.order` draws as torch does. So the
batches of a run are known before it begins, each with its length.
"""

from __future__ import annotations

import base64
import binascii
import sys
import zlib
from array import array
from typing import TYPE_CHECKING, Any

from ftlint.steps.pcg64 import permutation
from ftlint.steps.rows import held_out
from ftlint.tokens.order import order_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftbench.calibration.batches import Loop
    from ftbench.calibration.record import RowLengths

MIXING = ("max_samples", "mix_strategy", "interleave_probs")
"""Keys that decide which rows there are, and in which order, before any are held out."""
SPLITTING = ("val_size", "seed")
"""Keys that decide which rows are held out, and the order of the others."""
NOTHING = 1e-6
"""A `val_size` up to this holds nothing out: LLaMA Factory `data/data_utils.py` [0.9.5]."""
MOST_KEPT = 200_000
"""Of more rows than this a calibration keeps none one by one: these take half a megabyte."""
MOST_DRAWN = 100_000
"""Rows of all epochs together that are put in order, which takes a tenth of a second: with more,
batches drawn at random tell the same."""


def kept_of(lengths: Sequence[int], cutoff: int) -> RowLengths:
    """Return what a calibration keeps of rows one by one: nothing of more than `MOST_KEPT`."""
    if len(lengths) > MOST_KEPT:
        return {}
    return {"sequence": _written(lengths), "sequence_cutoff": cutoff}


def sequence_of(values: Mapping[str, Any], kept: RowLengths, cutoff: int) -> tuple[int, ...]:
    """Return the tokens of each row that a config trains on, in turn; nothing where not known.

    Rows that a config holds out are drawn as `datasets` draws them. Rows that were cut off when
    they were counted are not known at a larger `cutoff`. Source: datasets `arrow_dataset.py`
    train_test_split.
    """
    text, theirs = kept.get("sequence"), kept.get("sequence_cutoff")
    if text is None or theirs is None or any(kept.get(name) != values.get(name) for name in MIXING):
        return ()
    split = kept.get("val_size") or 0, values.get("val_size") or 0
    mixed = values.get("mix_strategy") not in (None, "concat")
    if (any(split) or mixed or kept.get("sampled")) and kept.get("seed") != values.get("seed"):
        return ()
    found = _read(text)
    if cutoff > theirs <= max(found, default=0):
        return ()
    if split[0] != split[1]:
        found = () if split[0] else _trained(found, values)
    return tuple(min(length, cutoff) for length in found)


def epochs_of(
    values: Mapping[str, Any], sequence: Sequence[int], loop: Loop
) -> tuple[tuple[int, ...], ...]:
    """Return the tokens of the rows of each epoch in the trainer's order; nothing if not known."""
    batches = loop.batches
    if not sequence or loop.rows != len(sequence) or batches is None:
        return ()
    count = -(-loop.micro_batches() // batches)
    if count * len(sequence) > MOST_DRAWN:
        return ()
    orders = [order_of(values, len(sequence), epoch) for epoch in range(count)]
    return tuple(tuple(sequence[place] for place in order) for order in orders if order is not None)


def _trained(rows: Sequence[int], values: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the rows that a config does not hold out, in the order that splitting leaves."""
    size, seed = values["val_size"], values.get("seed")
    if type(size) not in (int, float) or size <= NOTHING or values.get("eval_dataset"):
        return ()
    if not isinstance(seed, int) or seed < 0:  # from which numpy makes no generator
        return ()
    order = permutation(seed, len(rows))
    return tuple(rows[place] for place in order[held_out(size, len(rows)) :])


def _written(lengths: Sequence[int]) -> str:
    """Return numbers as compressed text, about half as long as in JSON."""
    return base64.b64encode(zlib.compress(_little(array("I", lengths)).tobytes())).decode("ascii")


def _read(text: str) -> tuple[int, ...]:
    """Return the numbers of a text; none of one that is damaged."""
    found = array("I")
    try:
        packed = base64.b64decode(text, validate=True)
        found.frombytes(zlib.decompressobj().decompress(packed, found.itemsize * MOST_KEPT))
    except (binascii.Error, ValueError, zlib.error):
        return ()
    return tuple(_little(found))


def _little(numbers: array[int]) -> array[int]:
    """Return the numbers with their lowest byte first, as text has them on any machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

"""The batches of a run, as long as its rows are known to be."""

from __future__ import annotations

from ftlint.memory.estimate import SHORTEST, Load
from ftlint.memory.manner import Batch
from ftlint.memory.shape import Unknown
from ftlint.support.messages import show
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.lengths import Longest, RowLengths
    from ftlint.memory.method import Method

MOST = (1 << 32) - 1
"""Rows of a batch, or tokens of a row, at most: beyond no GPU is asked."""


def load_of(values: Mapping[str, Any], method: Method) -> Load | Unknown:
    """Return the batches where nothing else is known of them: rows of cutoff_len."""
    names = ("per_device_train_batch_size", "cutoff_len", "per_device_eval_batch_size")
    for name in names:
        found = values.get(name)
        if not isinstance(found, int) or not 0 < found <= MOST:
            return Unknown(f"`{name}: {show(found)}` is not an integer from 1 to {MOST:,}")
    rows, length, theirs = (int(values[name]) for name in names)
    packed, neat = bool(values.get("packing")), bool(values.get("neat_packing"))
    apart = neat and method.attention != "flash"
    length = _padded(length)
    training = Batch(rows, length, apart or not packed)
    evaluates = values.get("eval_strategy") not in ("no", None, False)
    evaluation = Batch(theirs, length, apart or not packed) if evaluates else None
    return Load(training, evaluation, ragged=not packed, rows_differ=not packed)


def _padded(length: int) -> int:
    """Return the tokens of a row in a batch, which is padded to a multiple of 8."""
    return max(SHORTEST, -(-length // 8) * 8)


def with_lengths(
    load: Load, lengths: RowLengths, values: Mapping[str, Any], method: Method
) -> tuple[Load, list[str]]:
    """Return the batches with the lengths that are known, and what is said of them."""
    training, evaluation, notes = load.training, load.evaluation, []
    if values.get("packing"):
        return load, [f"blocks of {training.length:,} tokens"]
    known = lengths.training
    if known is None:
        told = f"rows of {training.length:,} tokens (`cutoff_len`): how long they are is not known"
        notes.append(told)
    elif known.batch is not None:
        sequences, length, step = known.batch
        rows = -(-sequences // method.rows_factor)
        training = training._replace(rows=min(rows, training.rows), length=_padded(length))
        notes.append(f"the longest batch has rows of {length:,} tokens and comes at step {step:,}")
    else:
        training = _no_longer(training, known)
        notes.append(f"rows of at most {known.tokens:,} tokens ({known.source})")
    if evaluation is not None:
        theirs = lengths.evaluation
        if theirs is not None:
            evaluation = _no_longer(evaluation, theirs)
        if theirs is None and known is not None:
            notes.append(f"rows of the evaluation: {evaluation.length:,} tokens (`cutoff_len`)")
        elif theirs is not None and (known is None or known.tokens != theirs.tokens):
            notes.append(
                f"rows of the evaluation: at most {theirs.tokens:,} tokens ({theirs.source})"
            )
    needed = (known,) if evaluation is None else (known, lengths.evaluation)
    differ = not all(one is not None and one.met for one in needed)
    return load._replace(training=training, evaluation=evaluation, rows_differ=differ), notes


def _no_longer(batch: Batch, known: Longest) -> Batch:
    return batch._replace(length=min(batch.length, _padded(known.tokens)))

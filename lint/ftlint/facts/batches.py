"""The batches of a run, as long as its rows are known to be."""

from __future__ import annotations

from ftlint.memory.estimate import SHORTEST, Load
from ftlint.memory.manner import Batch
from ftlint.memory.shape import Unknown
from ftlint.steps import StepPlan
from ftlint.steps.settings import PACKING_STAGES
from ftlint.support.messages import show
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.lengths import Longest, RowLengths
    from ftlint.memory.method import Method
    from ftlint.steps import NoPlan

BATCH, EVAL_BATCH = "per_device_train_batch_size", "per_device_eval_batch_size"
MOST = (1 << 32) - 1
"""Rows of a batch, or tokens of a row, at most: beyond no GPU is asked."""


class Loads(NamedTuple):
    """The batches of a run at their largest and at their smallest, and what that rests on."""

    most: Load
    least: Load
    notes: tuple[str, ...]


def loads_of(
    values: Mapping[str, Any], method: Method, plan: StepPlan | NoPlan, lengths: RowLengths
) -> Loads | Unknown:
    """Return the batches of a run by its plan and by the lengths of its rows.

    Without a plan they are full; without lengths rows have at most cutoff_len tokens.
    """
    for name in (BATCH, EVAL_BATCH, "cutoff_len"):
        value = values.get(name)
        if not isinstance(value, int) or not 0 < value <= MOST:
            return Unknown(f"`{name}: {show(value)}` is not an integer from 1 to {MOST:,}")
    packs = bool(values.get("packing")) and values.get("stage") in PACKING_STAGES
    masked = not packs or (bool(values.get("neat_packing")) and method.attention != "flash")
    length = _padded(int(values["cutoff_len"]))
    evaluates = values.get("eval_strategy") not in ("no", None, False)
    names = (BATCH, EVAL_BATCH) if evaluates else (BATCH,)
    rows = {name: _rows(values[name], plan, name) for name in names}
    batches = [Batch(high, length, masked) for _, high in rows.values()]
    most = Load(batches[0], batches[1] if evaluates else None, ragged=not packs)
    differ, notes = False, [f"blocks of {length:,} tokens"]
    if not packs:
        most, differ, notes = _with_lengths(most, lengths, method)
    least = most.with_length(SHORTEST) if differ else most
    least = least.with_rows(*(low for low, _ in rows.values()))
    notes += [
        f"no batch has more than {high:,} rows (`{name}: {values[name]:,}`)"
        for name, (_, high) in rows.items() if high != values[name]
    ]  # fmt: skip
    return Loads(most, least, tuple(notes))


def _rows(asked: int, plan: StepPlan | NoPlan, name: str) -> tuple[int, int]:
    """Return the bounds of the rows of the largest batch, where a config asks for so many.

    Of data whose rows are unknown there are taken to be enough. A run without a batch is refused,
    or does nothing.
    """
    if not isinstance(plan, StepPlan):
        return asked, asked
    found = plan.largest_batch if name == BATCH else plan.largest_eval_batch
    if found is None or not found.high:
        return asked, asked
    return found.high if plan.samples.source == "unknown" else max(found.low, 1), found.high


def _padded(length: int) -> int:
    """Return the tokens of a row in a batch, which is padded to a multiple of 8."""
    return max(SHORTEST, -(-length // 8) * 8)


def _with_lengths(load: Load, lengths: RowLengths, method: Method) -> tuple[Load, bool, list[str]]:
    """Return batches with the lengths that are known, whether rows may be shorter, and notes."""
    training, evaluation, notes = load.training, load.evaluation, []
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
    return load._replace(training=training, evaluation=evaluation), differ, notes


def _no_longer(batch: Batch, known: Longest) -> Batch:
    return batch._replace(length=min(batch.length, _padded(known.tokens)))

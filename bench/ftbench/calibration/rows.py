"""What calibrations know of the rows of a config: how long they are, and how many."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ftbench.calibration.key import digest
from ftbench.calibration.sequence import MIXING, SPLITTING, sequence_of
from ftlint.datasets.entries import define, read_info
from ftlint.facts.effective import words
from ftlint.support.disk import Disk
from ftlint.tokens.chat import thinks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftbench.calibration.record import Calibration, RowLengths

UNKNOWN_LENGTHS = 0.05
"""Declared deviation where lengths are those of another cut-off, of another folder's rows, or of
the same ones written otherwise."""
LENGTHENING = ("template", "stage", "tool_format", "default_system", "enable_thinking")
THOUGHTS = ("mask_history", "preserve_thinking")
"""Keys that decide which thoughts of a conversation are left out: LLaMA Factory `data/template.py`
ReasoningTemplate, `data/processor/supervised.py` [0.9.5]."""
TOKENS = ("split_special_tokens", "add_tokens", "add_special_tokens", "new_special_tokens_config")
"""Keys that change what the tokenizer takes for one token."""
PREPARING = ("max_samples", "preprocessing_num_workers", "per_device_eval_batch_size")


def data_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides how long the rows of a config are, but for the cut-off."""
    names = values.get("dataset")
    if isinstance(names, str):
        names = words(names)
    return {"dataset": names, **{name: values.get(name) for name in LENGTHENING}}


def about(values: Mapping[str, Any], cutoff: int, packed: bool) -> RowLengths:
    """Return what is kept beside the lengths of a calibration's rows."""
    found = {
        **data_of(values), "cutoff_len": cutoff, "packed": packed, "folder": _folder(values),
        **{name: values.get(name) for name in (*PREPARING, *MIXING, *SPLITTING)},
        **_writing(values), "sampled": _is_sampled(values),
    }  # fmt: skip
    return cast("RowLengths", found)


def _writing(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes the lengths of some rows: None for what is not set or changes none."""
    thoughts = {name: thinks(values.get("template")) and values.get(name) for name in THOUGHTS}
    found = thoughts | {name: values.get(name) for name in TOKENS}
    return {name: value or None for name, value in found.items()}


def _is_sampled(values: Mapping[str, Any]) -> bool:
    """Return whether a dataset of a config is, or may be, defined to be drawn from at random."""
    given = values.get("dataset_dir") or "data"
    info = read_info(given, str(Path.cwd()), Disk())
    found = [define(str(name), info) for name in data_of(values)["dataset"] or ()]
    return any(isinstance(one, str) or one.num_samples is not None for one in found)


def is_folder(kept: object, here: str) -> bool:
    """Return whether a calibration's data lay in a folder; exported ones tell only its digest."""
    return kept in (here, f"folder {digest(here)}")


def _folder(values: Mapping[str, Any]) -> str:
    """Return where the data lies: the name of a relative folder is not its own."""
    given = str(values.get("dataset_dir") or "data")
    with suppress(OSError, ValueError):  # a name that no folder can have
        return str(Path(given).resolve(strict=True))
    return given


def count_of(values: Mapping[str, Any], record: Calibration) -> int | None:
    """Return how many rows the same data came to when calibrating; None for other data."""
    kept = record.lengths
    if kept is None:
        return None
    asked = {**data_of(values), "max_samples": values.get("max_samples")}
    here = is_folder(kept["folder"], _folder(values)) if "folder" in kept else True
    return kept.get("rows") if here and _alike(asked, kept) else None


def _alike(asked: Mapping[str, object], kept: Mapping[str, object]) -> bool:
    """Return whether a calibration noted the same; what it did not note is no difference."""
    return all(kept[name] == value for name, value in asked.items() if name in kept)


class Lengths(NamedTuple):
    """Tokens of each row, as some calibration counted them, and what makes them unsure.

    `sequence`: those of the rows that are trained on, in the order of the data, where it is known.
    """

    pool: tuple[int, ...]
    doubts: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    sequence: tuple[int, ...] = ()


def lengths_of(
    values: Mapping[str, Any], records: Sequence[Calibration], model: str, cutoff: int
) -> Lengths | None:
    """Return the lengths of a config's rows by the calibration that leaves least unsure."""
    found = []
    for record in records:
        kept = record.lengths
        if kept is None or kept.get("packed") or record.key["model"] != model:
            continue
        if "dataset" in kept and "counts" in kept and _alike(data_of(values), kept):
            found.append((kept, _as_here(kept, cutoff, values)))
    found.sort(key=lambda pair: (sum(pair[1].doubts), len(pair[1].notes)))
    for kept, lengths in found:
        if sum(lengths.doubts) > sum(found[0][1].doubts):
            break
        sequence = () if lengths.doubts else sequence_of(values, kept, cutoff)
        if sequence:
            return lengths._replace(sequence=sequence)
    return found[0][1] if found else None


def _as_here(kept: RowLengths, cutoff: int, values: Mapping[str, Any]) -> Lengths:
    """Return the lengths of a calibration's rows at a cut-off, but not their order."""
    doubts, notes, folder = [], [], _folder(values)
    counts, theirs = kept["counts"], kept["cutoff_len"]
    if cutoff > theirs and "longer_counts" in kept:
        counts, theirs = kept["longer_counts"], kept["longer_cutoff"]
    pool = tuple(length for length, count in counts for _ in range(count))
    if max(pool) >= min(cutoff, theirs) and cutoff < theirs:
        pool = tuple(min(length, cutoff) for length in pool)
        notes.append(f"lengths counted at cutoff_len {theirs}, cut at {cutoff}")
    elif max(pool) >= theirs < cutoff:
        doubts.append(UNKNOWN_LENGTHS)
        notes.append(f"lengths counted at cutoff_len {theirs}: longer rows are not known")
    if not is_folder(kept.get("folder", folder), folder):
        doubts.append(UNKNOWN_LENGTHS)
        notes.append(f"lengths of the rows in {kept['folder']}, not {folder}")
    told: Mapping[str, object] = kept
    others = [name for name, one in _writing(values).items() if name in told and told[name] != one]
    if others:
        doubts.append(UNKNOWN_LENGTHS)
        names = ", ".join(f"`{name}`" for name in others)
        notes.append(f"lengths counted with another {names}, which `bench calibrate` settles")
    return Lengths(pool, tuple(doubts), tuple(notes))

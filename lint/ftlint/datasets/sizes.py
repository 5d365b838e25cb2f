"""How many rows each dataset of a config has, without loading any."""

from __future__ import annotations

import os

from ftlint.datasets.cache import Cache
from ftlint.datasets.entries import (
    CLOUD,
    FILE,
    HUBS,
    SCRIPT,
    DatasetEntry,
    Info,
    columns_read,
    define,
    read_info,
    text_columns,
)
from ftlint.datasets.files import (
    DOUBTFUL,
    ELSEWHERE,
    EMPTY,
    NAME,
    ORDER,
    SHIFTED,
    UNREADABLE,
    DataFiles,
    Trouble,
    around,
    find,
)
from ftlint.datasets.records import (
    INFO,
    NOT_LOCAL,
    PERHAPS_THERE,
    REMOTE,
    UNCONVERTIBLE,
    UNDEFINED,
    DatasetSize,
    Question,
)
from ftlint.datasets.rowcount import NEWER
from ftlint.steps.counts import Count, exactly
from ftlint.steps.rows import DatasetRows, SampleCount
from ftlint.support.disk import is_stable
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftlint.datasets.rowcount import RowCount
    from ftlint.support.disk import Disk


def measure(
    names: Sequence[str],
    *,
    dataset_dir: object,
    cwd: str,
    question: Question,
    disk: Disk,
    declared: Mapping[str, int] | None = None,
    cache: Cache | None = None,
) -> tuple[DatasetSize, ...]:
    """Return the size of each named dataset, in order and once each.

    `dataset_dir` is the config's value, taken relative to `cwd`. `declared` gives usable rows by
    name; the name "" stands for the only dataset there is.
    """
    info = read_info(dataset_dir, cwd, disk)
    known = dict(declared or {})
    names = list(dict.fromkeys(names))
    if "" in known and len(names) == 1:
        known.setdefault(names[0], known[""])
    cache = cache or Cache(None)
    return tuple(_measure(name, info, dataset_dir, cwd, question, known.get(name), cache, disk)
                 for name in names)  # fmt: skip


def samples(
    sizes: Sequence[DatasetSize], declared: Mapping[str, int] | None = None,
    tokenized: Count | None = None, evaluation: Sequence[DatasetSize] = (),
) -> SampleCount:  # fmt: skip
    """Return what the step plan needs to know. `declared[""]` states several datasets as one.

    `evaluation` are the datasets that eval_dataset names.
    """
    merged = None
    if declared and "" in declared and len(sizes) > 1:
        merged = exactly(declared[""])
    return SampleCount(tuple(map(_rows, sizes)), merged, tokenized, tuple(map(_rows, evaluation)))


def _rows(size: DatasetSize) -> DatasetRows:
    notes = list(size.notes)
    fault = ""
    if size.trouble is not None and size.trouble.what not in (*NOT_LOCAL, *PERHAPS_THERE):
        fault = size.trouble.text
    elif size.trouble is not None and size.source == "unknown":
        notes.append(f"dataset {size.name}: {size.trouble.text}")
    return DatasetRows(
        size.name, size.usable, size.dropped,
        num_samples=None if size.source == "declared" or size.entry is None
        else size.entry.num_samples,
        local=size.entry is not None and size.entry.load_from == FILE,
        size=size.size, source=size.source, note="; ".join(notes), fault=fault,
        labelled=size.labelled,
    )  # fmt: skip


def _measure(
    name: str, info: Info, dataset_dir: object, cwd: str, question: Question,
    declared: int | None, cache: Cache, disk: Disk,
) -> DatasetSize:  # fmt: skip
    entry = define(name, info, modelscope=question.modelscope, openmind=question.openmind)
    if declared is not None:
        known = entry if isinstance(entry, DatasetEntry) else None
        return DatasetSize(name, known, usable=exactly(declared), dropped=exactly(0),
                           source="declared")  # fmt: skip
    if isinstance(entry, str):
        what = ELSEWHERE if info.elsewhere else INFO if info.table is None else UNDEFINED
        return DatasetSize(name, trouble=Trouble(what, entry))
    if entry.load_from != FILE:
        where = HUBS.get(entry.load_from, {SCRIPT: "a loading script", CLOUD: "cloud storage"}
                         .get(entry.load_from, ""))  # fmt: skip
        return DatasetSize(name, entry, trouble=Trouble(
            REMOTE, f"{entry.location} comes from {where}, which is not read"))  # fmt: skip
    if not isinstance(dataset_dir, str):
        return DatasetSize(name, entry, trouble=Trouble(
            NAME, f"it names {entry.location}, but a table in `dataset_dir` cannot name local files"
        ))  # fmt: skip
    disk = around(dataset_dir, cwd, disk)
    found = find(entry.location, dataset_dir, cwd, disk)
    if isinstance(found, Trouble):
        return DatasetSize(name, entry, trouble=found)
    try:
        return _known_of_files(name, entry, found, question, cache, disk)
    except OSError as error:
        return DatasetSize(name, entry, found.paths, trouble=Trouble(
            UNREADABLE, f"{entry.location} cannot be read: {error.strerror or error}"))  # fmt: skip


_sizes: dict[tuple[str, ...], tuple[object, DatasetSize]] = {}
MOST_KEPT = 1000
"""Datasets whose size is known until their files change: configs of a project share them, and an
editor asks again with every change of a config."""


def _known_of_files(
    name: str, entry: DatasetEntry, files: DataFiles, question: Question, cache: Cache, disk: Disk
) -> DatasetSize:
    """Return `_of_files`, as it was found before in this process if nothing has changed since."""
    states = [(disk.state(path), disk.objection(path)) for path in files.paths]
    asked = name, repr(entry), files, question, states, cache.where
    kept = _sizes.get(files.paths)
    if kept is not None and kept[0] == asked:
        return kept[1]
    found = _of_files(name, entry, files, question, cache, disk)
    if is_stable([state for state, _ in states]):
        if len(_sizes) >= MOST_KEPT:
            _sizes.clear()
        _sizes[files.paths] = asked, found
    return found


def _of_files(
    name: str, entry: DatasetEntry, files: DataFiles, question: Question, cache: Cache, disk: Disk
) -> DatasetSize:
    base = DatasetSize(name, entry, files.paths, sum(map(disk.size, files.paths)))
    from ftlint.datasets.counting import known_rows
    from ftlint.datasets.drops import with_drops
    from ftlint.datasets.placeholders import instead_of_data
    from ftlint.datasets.tables import differing, has_columns, uneven

    absent = instead_of_data(files.paths, disk)
    if absent is not None:
        return base._replace(trouble=absent)
    counts = [known_rows(path, files.kind, cache, disk) for path in files.paths]
    uncounted = _uncounted(files.paths, counts)
    if uncounted is not None:
        return base._replace(trouble=uncounted)
    if question.workers > 1 and len(counts) > 1:  # each writes a file, and of no columns none
        counts = [count if has_columns(count) else count._replace(rows=0) for count in counts]
    rows = sum(count.rows or 0 for count in counts)
    if not rows or not any(map(has_columns, counts)):
        problem = counts[0].problem or "has no rows"
        return base._replace(trouble=Trouble(EMPTY, f"{_file(base)} {problem}"))
    hollow = _hollow(files, counts)
    if hollow is not None:
        return base._replace(trouble=hollow)
    # The types of tables are known before any is read, and so to each of several processes.
    apart = 1 if files.kind in ("parquet", "arrow") else question.workers
    misfit = differing(files.paths, counts, apart, disk)
    if misfit is not None and misfit.what != ORDER:
        return base._replace(trouble=misfit)
    cautions = () if misfit is None else (misfit,)
    usable = _in_split(entry, exactly(rows))
    if isinstance(usable, str):
        return base._replace(rows=rows, trouble=Trouble(UNREADABLE, usable))
    notes = [f"dataset {name}: {count.assumption}" for count in counts if count.assumption]
    if uneven(counts):
        notes.append(f"dataset {name}: {NEWER} 3.1, as not all that is read has all columns")
    size = base._replace(rows=rows, usable=usable, source="file",
                         cautions=(*cautions, *_shifted(files, counts)))  # fmt: skip
    timed = None if question.stage == "pt" else _time(entry, counts)
    if timed is not None:
        what = (
            f"{_file(base)} has only dates as `{timed}`, which the loader reads as times, not text"
        )
        return size._replace(trouble=Trouble(UNCONVERTIBLE, what))
    filled = next(place for place, count in enumerate(counts) if count.rows)
    size = size._replace(notes=tuple(notes))
    return _with_its_columns(with_drops(size, filled, files.kind, question, cache, disk))


def _file(size: DatasetSize) -> str:
    return os.path.basename(size.files[0])


def _uncounted(paths: Sequence[str], counts: Sequence[RowCount]) -> Trouble | None:
    """Return why the first file that cannot be counted cannot."""
    for path, count in zip(paths, counts):
        if count.rows is None:
            what = DOUBTFUL if count.doubt else UNREADABLE
            return Trouble(what, f"{os.path.basename(path)} {count.problem}")
    return None


def _hollow(files: DataFiles, counts: Sequence[RowCount]) -> Trouble | None:
    """Return why a Parquet file among others cannot be read although its rows are counted."""
    if files.kind == "parquet":
        for path, count in zip(files.paths, counts):
            if count.problem:
                from ftlint.datasets.parquet import EMPTY_GROUP

                return Trouble(UNREADABLE, f"{os.path.basename(path)} {EMPTY_GROUP}")
    return None


def _in_split(entry: DatasetEntry, rows: Count) -> Count | str:
    """Return how many rows the split leaves, or why it cannot be read."""
    if entry.split in (None, "train"):
        return rows
    from ftlint.datasets.splits import sliced

    return sliced(entry.split, rows)


def _shifted(files: DataFiles, counts: Sequence[RowCount]) -> tuple[Trouble, ...]:
    """Return the first CSV file of which pandas shifts the columns."""
    from ftlint.datasets.tables import shifted

    odd = (path for path, count in zip(files.paths, counts) if shifted(count))
    found = next(odd, None) if files.kind == "csv" else None
    return () if found is None else (Trouble(SHIFTED, os.path.basename(found)),)


def _time(entry: DatasetEntry, counts: Sequence[RowCount]) -> str | None:
    """Return a column that must be text and is read as times."""
    from ftlint.datasets.tables import times

    return min(times(counts) & set(text_columns(entry)), default=None)


def absent_columns(size: DatasetSize) -> list[str]:
    """Return the columns that are read and not there, as far as columns are known."""
    if size.entry is None or not size.columns:
        return []
    return [name for name in columns_read(size.entry) if name not in size.columns]


def _with_its_columns(size: DatasetSize) -> DatasetSize:
    """Add a column that is read and not there, where the rows were looked at: a KeyError."""
    absent = absent_columns(size)
    if size.trouble is not None or size.dropped.exact is None or not absent:
        return size
    what = f"{_file(size)} has no column `{absent[0]}`, which is read"
    return size._replace(trouble=Trouble(UNCONVERTIBLE, what))

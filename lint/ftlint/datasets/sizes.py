"""How many rows each dataset of a config has, without loading any."""

from __future__ import annotations

import os

from ftlint.datasets.cache import Cache
from ftlint.datasets.entries import (
    ALPACA,
    CLOUD,
    FILE,
    HUBS,
    SCRIPT,
    Entry,
    Info,
    columns_read,
    define,
    read_info,
)
from ftlint.datasets.files import (
    DOUBTFUL,
    ELSEWHERE,
    EMPTY,
    MISSING,
    NAME,
    ORDER,
    OUTSIDE,
    PACKED,
    POINTER,
    SHIFTED,
    UNREADABLE,
    Files,
    Trouble,
    find,
)
from ftlint.datasets.rowcount import NEWER
from ftlint.outside import note
from ftlint.steps.counts import UNKNOWN, Count, exactly, least, total
from ftlint.steps.rows import DatasetRows, SampleCount
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftlint.datasets.rowcount import RowCount

KEPT_UP_TO = 64 << 20  # bytes; the rows of bigger files are counted, not looked at
CHECKED_UP_TO = 16 << 20  # bytes; the types of bigger files are known as far as rows are looked at
ROWS = "rows, types and tables"  # what the cache is asked for
CACHED_FROM = 1 << 20  # smaller files are counted faster than the cache is asked

# What can be wrong with a dataset, besides the words of `files`.
UNDEFINED, REMOTE, INFO, UNCONVERTIBLE = "undefined", "remote", "info", "unconvertible"
# No fault of the config: the rows are just not here, or cannot be counted here.
NOT_LOCAL = (REMOTE, ELSEWHERE, OUTSIDE, POINTER, PACKED, DOUBTFUL)
PERHAPS_THERE = (MISSING, INFO)  # a fault here, and perhaps none on the machine of the run


class DatasetSize(NamedTuple):
    """What was found out about one dataset.

    `rows` are those of the files, `usable` those that the split slice leaves. `dropped` bounds what
    preprocessing leaves out of the first `max_samples` of them. `trouble` says what is wrong, or
    why nothing is known; its `what` tells the two apart (NOT_LOCAL).
    """

    name: str
    entry: Entry | None = None
    files: tuple[str, ...] = ()
    size: int | None = None  # bytes
    rows: int | None = None
    usable: Count = UNKNOWN
    dropped: Count = UNKNOWN
    columns: tuple[str, ...] = ()  # of the rows that were looked at, of the first one at least
    source: str = "unknown"  # "file", "declared" or "unknown"
    trouble: Trouble | None = None
    cautions: tuple[Trouble, ...] = ()  # what loads, and perhaps not as it is meant
    reason: str = ""  # why the first of the dropped rows is dropped
    notes: tuple[str, ...] = ()


class Question(NamedTuple):
    """How to count: where the data is and what will be done to it."""

    stage: str = "sft"
    max_samples: int | None = None
    streaming: bool = False
    kept_up_to: int = KEPT_UP_TO
    modelscope: bool = False
    openmind: bool = False
    workers: int = 1


def measure(
    names: Sequence[str],
    *,
    dataset_dir: object,
    cwd: str,
    question: Question,
    declared: Mapping[str, int] | None = None,
    cache: Cache | None = None,
) -> tuple[DatasetSize, ...]:
    """Return the size of each named dataset, in order and once each.

    `dataset_dir` is the config's value, taken relative to `cwd`. `declared` gives usable rows by
    name; the name "" stands for the only dataset there is.
    """
    info = read_info(dataset_dir, cwd)
    known = dict(declared or {})
    names = list(dict.fromkeys(names))
    if "" in known and len(names) == 1:
        known.setdefault(names[0], known[""])
    cache = cache or Cache(None)
    return tuple(_measure(name, info, dataset_dir, cwd, question, known.get(name), cache)
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
    )  # fmt: skip


def _measure(
    name: str, info: Info, dataset_dir: object, cwd: str, question: Question,
    declared: int | None, cache: Cache,
) -> DatasetSize:  # fmt: skip
    entry = define(name, info, modelscope=question.modelscope, openmind=question.openmind)
    if declared is not None:
        known = entry if isinstance(entry, Entry) else None
        return DatasetSize(name, known, usable=exactly(declared), dropped=exactly(0),
                           source="declared")  # fmt: skip
    if isinstance(entry, str):
        what = ELSEWHERE if info.elsewhere else INFO if info.table is None else UNDEFINED
        return DatasetSize(name, trouble=Trouble(what, entry))
    if entry.load_from != FILE:
        where = HUBS.get(entry.load_from, {SCRIPT: "a loading script", CLOUD: "cloud storage"}
                         .get(entry.load_from, ""))  # fmt: skip
        return DatasetSize(name, entry, trouble=Trouble(
            REMOTE, f"{entry.location} comes from {where}, which is not asked"))  # fmt: skip
    if not isinstance(dataset_dir, str):
        return DatasetSize(name, entry, trouble=Trouble(
            NAME, f"it names {entry.location}, but a table in dataset_dir can name no local files"
        ))  # fmt: skip
    found = find(entry.location, dataset_dir, cwd)
    if isinstance(found, Trouble):
        return DatasetSize(name, entry, trouble=found)
    try:
        return _of_files(name, entry, found, question, cache)
    except OSError as error:
        return DatasetSize(name, entry, found.paths, trouble=Trouble(
            UNREADABLE, f"{entry.location} cannot be read: {error.strerror or error}"))  # fmt: skip


def _of_files(
    name: str, entry: Entry, files: Files, question: Question, cache: Cache
) -> DatasetSize:
    base = DatasetSize(name, entry, files.paths, sum(map(os.path.getsize, files.paths)))
    from ftlint.datasets.placeholders import instead_of_data
    from ftlint.datasets.tables import differing, has_columns, shifted, times, uneven

    absent = instead_of_data(files.paths)
    if absent is not None:
        return base._replace(trouble=absent)
    counts = [_count(path, files.kind, cache) for path in files.paths]
    for path, count in zip(files.paths, counts):
        if count.rows is None:
            return base._replace(trouble=Trouble(
                DOUBTFUL if count.doubt else UNREADABLE,
                f"{os.path.basename(path)} {count.problem}"))  # fmt: skip
    if question.workers > 1 and len(counts) > 1:  # each writes a file, and of no columns none
        counts = [count if has_columns(count) else count._replace(rows=0) for count in counts]
    rows = sum(count.rows or 0 for count in counts)
    if not rows or not any(map(has_columns, counts)):
        problem = counts[0].problem or "has no rows"
        return base._replace(
            trouble=Trouble(EMPTY, f"{os.path.basename(files.paths[0])} {problem}"))  # fmt: skip
    hollow = next((path for path, count in zip(files.paths, counts)
                   if files.kind == "parquet" and count.problem), None)  # fmt: skip
    if hollow is not None:
        from ftlint.datasets.parquet import EMPTY_GROUP

        return base._replace(trouble=Trouble(
            UNREADABLE, f"{os.path.basename(hollow)} {EMPTY_GROUP}"))  # fmt: skip
    # The types of tables are known before any is read, and so to each of several processes.
    apart = 1 if files.kind in ("parquet", "arrow") else question.workers
    told = differing(files.paths, counts, apart)
    cautions = [one for one in told if one.what == ORDER]
    refused = next((one for one in told if one.what != ORDER), None)
    if refused is not None:
        return base._replace(trouble=refused, cautions=tuple(cautions))
    usable = exactly(rows)
    if entry.split not in (None, "train"):
        from ftlint.datasets.splits import sliced

        part = sliced(entry.split, usable)
        if isinstance(part, str):
            return base._replace(rows=rows, trouble=Trouble(UNREADABLE, part))
        usable = part
    notes = [f"dataset {name}: {count.assumption}" for count in counts if count.assumption]
    if uneven(counts):
        notes.append(f"dataset {name}: {NEWER} 3.1, as not all that is read has all columns")
    odd = next((path for path, count in zip(files.paths, counts) if shifted(count)), None)
    if files.kind == "csv" and odd is not None:
        cautions.append(Trouble(SHIFTED, os.path.basename(odd)))
    base = base._replace(rows=rows, usable=usable, source="file", cautions=tuple(cautions))
    timed = times(counts) & set(_texts(entry)) if question.stage != "pt" else None
    if timed:
        file = os.path.basename(files.paths[0])
        what = f"{file} has only dates as `{min(timed)}`, which the loader reads as times, not text"
        return base._replace(trouble=Trouble(UNCONVERTIBLE, what))
    filled = next(place for place, count in enumerate(counts) if count.rows)
    return _with_its_columns(_looked_into(base, filled, files.kind, question, cache, notes))


def _texts(entry: Entry) -> list[str]:
    """Return the columns that must be text."""
    columns = entry.columns
    if entry.formatting != ALPACA:
        return []
    answers = (columns.chosen, columns.rejected) if entry.ranking else (columns.response,)
    return [name for name in (columns.prompt, columns.query, *answers) if name]


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
    file = os.path.basename(size.files[0])
    what = f"{file} has no column `{absent[0]}`, which is read"
    return size._replace(trouble=Trouble(UNCONVERTIBLE, what))


def _count(path: str, kind: str, cache: Cache) -> RowCount:
    from ftlint.datasets.rowcount import RowCount

    worth = os.path.getsize(path) >= CACHED_FROM
    kept = cache.get(path, ROWS) if worth else None
    if kept is not None:
        from ftlint.datasets.shapes import frozen

        tables = kept.pop()
        return RowCount(*kept, None if tables is None else frozen(tables))  # type: ignore
    count = count_rows(path, kind)
    if worth:
        cache.put(path, ROWS, list(count))
    return count


def count_rows(path: str, kind: str) -> RowCount:
    """Return the rows of one file of a kind of `files.KINDS`. Raises OSError."""
    if kind == "json" and os.path.getsize(path) <= CHECKED_UP_TO:
        from ftlint.datasets.reading import count_parsed as count
    elif kind == "json":
        from ftlint.datasets.jsonscan import count_json as count
    elif kind == "csv":
        from ftlint.datasets.textscan import count_csv

        return count_csv(path, typed=os.path.getsize(path) <= CHECKED_UP_TO)
    elif kind == "text":
        from ftlint.datasets.textscan import count_text as count
    elif kind == "parquet":
        from ftlint.datasets.parquet import count_parquet as count
    else:
        from ftlint.datasets.arrowipc import count_arrow as count
    return count(path)


def _looked_into(
    size: DatasetSize, filled: int, kind: str, question: Question, cache: Cache, notes: list[str]
) -> DatasetSize:
    """Add the rows that preprocessing drops, where the rows can be looked at."""
    from ftlint.datasets.jsonwindow import Doubtful, Unreadable
    from ftlint.datasets.kept import Unconvertible
    from ftlint.datasets.reading import NoReader, columns_of

    entry, doubt = size.entry, ""
    assert entry is not None
    try:
        size = size._replace(columns=columns_of(size.files[filled], kind))
    except Unreadable as error:
        return DatasetSize(size.name, entry, size.files, size.size,
                           trouble=Trouble(UNREADABLE, str(error)))  # fmt: skip
    if question.stage == "pt":
        return size._replace(dropped=exactly(0), notes=tuple(notes))
    if (size.size or 0) > question.kept_up_to:
        doubt = "too big to look for rows that preprocessing drops"
    else:
        sliced_rows = size.usable.exact != size.rows
        limit = None if entry.num_samples or sliced_rows else question.max_samples
        try:
            cut = limit is not None and len(size.files) > 1 and (size.rows or 0) > limit
            dropped, columns, reason = _dropped(
                size.files, kind, entry, question.stage, None if cut else limit, cache
            )
            if cut and limit is not None and dropped.low:
                dropped = Count(max(0, limit + dropped.low - (size.rows or 0)),
                                min(dropped.low, limit))  # fmt: skip
                notes.append(f"dataset {size.name}: which rows max_samples takes depends on the "
                             "order in which the file system lists the folder")  # fmt: skip
            if sliced_rows:  # which of them are in the slice is not looked into
                dropped = least((Count(0, dropped.high), size.usable))
            return size._replace(dropped=dropped, columns=columns, reason=reason,
                                 notes=tuple(notes))  # fmt: skip
        except (NoReader, Doubtful) as error:
            nulls = _without_answer(size, kind, question.stage)
            if nulls is not None and (limit is None or not nulls):
                file = f"{nulls} rows without an answer" if nulls else ""
                return size._replace(dropped=exactly(nulls), reason=file, notes=tuple(notes))
            doubt = str(error)
        except Unconvertible as error:
            size = size._replace(trouble=Trouble(UNCONVERTIBLE, str(error)))
            doubt = str(error)
        except Unreadable as error:
            return DatasetSize(size.name, entry, size.files, size.size,
                               trouble=Trouble(UNREADABLE, str(error)))  # fmt: skip
    notes.append(f"dataset {size.name}: {doubt}")
    return size._replace(dropped=Count(0, size.usable.high), notes=tuple(notes))


def _without_answer(size: DatasetSize, kind: str, stage: str) -> int | None:
    """Return the rows without an answer, where what a file says of itself settles that.

    None where it does not: the columns that are read must be texts whose nulls are counted.
    """
    entry = size.entry
    assert entry is not None
    if kind not in ("parquet", "arrow") or entry.formatting != ALPACA:
        return None
    if entry.columns.history or entry.columns.kto_tag or stage not in ("sft", "rm", "dpo"):
        return None
    from ftlint.datasets.arrowipc import read_table
    from ftlint.datasets.parquet import read_footer

    columns = entry.columns
    answers = [columns.chosen, columns.rejected] if entry.ranking else [columns.response]
    found = 0
    for path in size.files:
        head = (read_footer if kind == "parquet" else read_table)(path)
        nulls = {} if isinstance(head, str) else dict(head.nulls)
        if any(name and name not in nulls for name in _texts(entry)) or None in answers:
            return None
        missing = [nulls[name] for name in answers if name]
        if len(missing) > 1 and any(missing):
            return None  # in which rows they are is not told
        found += sum(missing)
    return found


def _dropped(
    paths: Sequence[str], kind: str, entry: Entry, stage: str, limit: int | None, cache: Cache
) -> tuple[Count, tuple[str, ...], str]:
    from ftlint.datasets.jsonwindow import Unreadable
    from ftlint.datasets.kept import Unconvertible, count_dropped

    question = f"dropped and why {stage} {limit} {entry[3:]}"
    dropped, left, reason = 0, limit, ""
    columns: dict[str, None] = {}
    for path in paths:
        worth = left == limit and os.path.getsize(path) >= CACHED_FROM
        answer = cache.get(path, question) if worth else None
        if answer is None:
            try:
                answer = list(count_dropped(path, kind, entry, stage, left))
            except (Unconvertible, Unreadable) as error:
                raise type(error)(f"{os.path.basename(path)} {error}") from error
            if worth:
                cache.put(path, question, answer)
        rows, bad, names, why = answer
        reason = reason or str(why)
        dropped += bad  # type: ignore[operator]
        columns.update(dict.fromkeys(names))  # type: ignore[call-overload]
        if left is not None:
            left -= rows  # type: ignore[operator]
            if left <= 0:
                break
    return exactly(dropped), tuple(columns), reason


def tokenized(path: str, cwd: str) -> Count | None:
    """Return the train rows that a `tokenized_path` holds, None when it is not there yet.

    Source: LLaMA Factory `has_tokenized_data`, datasets `save_to_disk` (4.0).
    """
    folder = os.path.join(cwd, path)
    note(folder)
    try:
        if not os.listdir(folder):
            return None
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None if not os.path.isabs(path) and "$" not in path else UNKNOWN
    train = os.path.join(folder, "train")
    note(train)
    train = train if os.path.isdir(train) else folder
    from ftlint.datasets.arrowipc import count_arrow

    try:
        names = [name for name in os.listdir(train) if name.startswith("data-")]
        for name in names:
            note(os.path.join(train, name))
        found = [count_arrow(os.path.join(train, name)).rows for name in names]
    except OSError:
        return UNKNOWN
    known = [rows for rows in found if rows is not None]
    return total(map(exactly, known)) if known and len(known) == len(found) else UNKNOWN

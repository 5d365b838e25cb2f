"""Which rows of a dataset preprocessing drops, and the columns they have, over all of its files."""

from __future__ import annotations

import os

from ftlint.datasets.contents import Contents, merged, revived
from ftlint.datasets.counting import is_worth_keeping
from ftlint.datasets.entries import ALPACA, text_columns
from ftlint.datasets.faults import Doubtful, NotLoadable
from ftlint.datasets.files import UNREADABLE, Trouble
from ftlint.datasets.preprocessing import Dropped, Unconvertible, count_dropped
from ftlint.datasets.reading import NoReader, columns_of
from ftlint.datasets.records import UNCONVERTIBLE, DatasetSize
from ftlint.datasets.rowcount import MOST_ROWS
from ftlint.steps.counts import Count, exactly, least
from ftlint.support.kept import Unfit, form, of_form, texts
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.datasets.cache import Cache
    from ftlint.datasets.entries import DatasetEntry
    from ftlint.datasets.records import Question
    from ftlint.support.disk import Disk


def with_drops(
    size: DatasetSize, filled: int, kind: str, question: Question, cache: Cache, disk: Disk
) -> DatasetSize:
    """Return a size with the rows that preprocessing drops, where the rows can be looked at.

    `filled` is the place of a file that has rows.
    """
    try:
        size = size._replace(columns=columns_of(size.files[filled], kind, disk))
    except NotLoadable as error:
        return _unreadable(size, error)
    if question.stage == "pt" and size.entry is not None and size.entry.formatting == ALPACA:
        return size._replace(dropped=exactly(0))
    if (size.size or 0) > question.kept_up_to:
        return _unknown(size, "too large to look for rows that preprocessing drops")
    try:
        return _looked_into(size, kind, question, cache, disk)
    except (NoReader, Doubtful) as error:
        nulls = _without_answer(size, kind, question.stage, disk)
        if nulls is None or (nulls and _limit(size, question) is not None):
            return _unknown(size, str(error))
        reason = f"{nulls} rows without an answer" if nulls else ""
        return size._replace(dropped=exactly(nulls), reason=reason)
    except Unconvertible as error:
        trouble = Trouble(UNCONVERTIBLE, str(error))
        return _unknown(size._replace(trouble=trouble), str(error))
    except NotLoadable as error:
        return _unreadable(size, error)


def _unreadable(size: DatasetSize, error: NotLoadable) -> DatasetSize:
    trouble = Trouble(UNREADABLE, str(error))
    return DatasetSize(size.name, size.entry, size.files, size.size, trouble=trouble)


def _unknown(size: DatasetSize, why: str) -> DatasetSize:
    """Return a size of which any row may be dropped."""
    notes = (*size.notes, f"dataset {size.name}: {why}")
    return size._replace(dropped=Count(0, size.usable.high), notes=notes)


def _is_sliced(size: DatasetSize) -> bool:
    return size.usable.exact != size.rows


def _limit(size: DatasetSize, question: Question) -> int | None:
    """Return how many of the first rows are taken, None for all or for rows that chance takes."""
    entry = size.entry
    drawn = entry is not None and entry.num_samples
    if drawn or _is_sliced(size) or question.max_samples is None:
        return None
    return min(question.max_samples, MOST_ROWS)


def _looked_into(
    size: DatasetSize, kind: str, question: Question, cache: Cache, disk: Disk
) -> DatasetSize:
    """Raises NoReader, Doubtful, Unconvertible and NotLoadable."""
    entry, rows, limit = size.entry, size.rows or 0, _limit(size, question)
    assert entry is not None
    cut = limit is not None and len(size.files) > 1 and rows > limit
    dropped, columns, reason, contents = _dropped(
        size.files, kind, entry, question, None if cut else limit, cache, disk
    )
    notes = size.notes
    if cut and limit is not None and dropped.low:
        dropped = Count(max(0, limit + dropped.low - rows), min(dropped.low, limit))
        notes += (f"dataset {size.name}: which rows max_samples takes depends on the order in "
                  "which the file system lists the folder",)  # fmt: skip
    if _is_sliced(size):  # which of them are in the slice is not looked into
        dropped = least((Count(0, dropped.high), size.usable))
    return size._replace(
        dropped=dropped, columns=columns, reason=reason, notes=notes, contents=contents
    )


def _without_answer(size: DatasetSize, kind: str, stage: str, disk: Disk) -> int | None:
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
        head = (read_footer if kind == "parquet" else read_table)(path, disk)
        nulls = {} if isinstance(head, str) else dict(head.nulls)
        if any(name and name not in nulls for name in text_columns(entry)) or None in answers:
            return None
        missing = [nulls[name] for name in answers if name]
        if len(missing) > 1 and any(missing):
            return None  # in which rows they are is not told
        found += sum(missing)
    return found


def _dropped(
    paths: Sequence[str],
    kind: str,
    entry: DatasetEntry,
    question: Question,
    limit: int | None,
    cache: Cache,
    disk: Disk,
) -> tuple[Count, tuple[str, ...], str, Contents | None]:
    stage, takes = question.stage, question.takes
    asked = f"dropped, why, and what is there {stage} {limit} {takes} {entry[3:]}"
    contents: Contents | None = None
    dropped, left, reason = 0, limit, ""
    columns: dict[str, None] = {}
    for path in paths:
        worth = left == limit and is_worth_keeping(path, disk)
        one = _kept(cache.get(path, asked)) if worth else None
        if one is None:
            try:
                one = count_dropped(path, kind, entry, stage, left, disk, takes)
            except (Unconvertible, NotLoadable) as error:
                raise type(error)(f"{os.path.basename(path)} {error}") from error
            if worth:
                cache.put(path, asked, list(one))
        contents = merged(contents, one.contents)
        reason = reason or one.reason
        dropped += one.rows
        columns.update(dict.fromkeys(one.columns))
        if left is not None:
            left -= one.looked_at
            if left <= 0:
                break
    return exactly(dropped), tuple(columns), reason, contents


_DROPPED = form(int, int, list, str, list)


def _kept(answer: list[object] | None) -> Dropped | None:
    """Return what was found before, None where a cache has nothing that may be that."""
    if answer is None:
        return None
    try:
        looked_at, rows, columns, reason, contents = of_form(_DROPPED, answer)
        if not 0 <= rows <= looked_at:
            return None
        return Dropped(looked_at, rows, texts(columns), reason, revived(contents))
    except Unfit:
        return None

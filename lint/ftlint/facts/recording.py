"""Counting the datasets of a config on the machine that has them, to be judged by elsewhere."""

from __future__ import annotations

import os

from ftlint.datasets import Cache, Info, Question, folder, measure, read_info
from ftlint.datasets.recorded import Recorded, digest_of, files_of
from ftlint.facts.paths import info_root
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.datasets import DatasetSize
    from ftlint.facts.context import Context
    from ftlint.support.disk import Disk


class NotRecorded(NamedTuple):
    """A dataset that cannot be recorded here, and why."""

    name: str
    reason: str


class _Place(NamedTuple):
    """Where the datasets of a config lie, and what their rows are for."""

    info: Info
    folder: str
    stage: str
    date: str


def recorded(context: Context, date: str) -> Iterator[Recorded | NotRecorded]:
    """Yield what is to be recorded of each dataset that a config names."""
    values, known = context.instance.effective, context.instance.facts
    names = [*(known.get("dataset_names") or ()), *(known.get("eval_dataset_names") or ())]
    where = context.stated.dataset_dir or values.get("dataset_dir")
    root = info_root(where, context.source.path, context.disk)
    texts = [name for name in dict.fromkeys(names) if isinstance(name, str)]
    if root is None or not isinstance(where, str):
        for name in texts:
            yield NotRecorded(name, "no dataset_info.json was found")
        return
    disk, cache = context.disk, Cache(folder() if context.given.cache else None)
    stage = str(values.get("stage"))
    info = read_info(where, root, disk)
    place = _Place(info, os.path.join(root, where), stage, date)
    question = Question(stage)
    for size in measure(
        texts, dataset_dir=where, cwd=root, question=question, disk=disk, cache=cache
    ):
        yield _of(size, place, disk, cache)


def _of(size: DatasetSize, place: _Place, disk: Disk, cache: Cache) -> Recorded | NotRecorded:
    rows = size.usable.exact
    definition = (place.info.table or {}).get(size.name)
    if size.source != "file" or rows is None or definition is None:
        why = "its rows cannot be counted" if size.trouble is None else size.trouble.text
        return NotRecorded(size.name, why)
    try:
        files = files_of(size, place.folder, disk, cache)
    except OSError as error:
        return NotRecorded(size.name, error.strerror or str(error))
    left_out = size.dropped.exact
    return Recorded(
        size.name, place.date, digest_of(definition), files, rows,
        size.columns if disk.holds(place.info.path) else (),
        () if left_out is None else ((place.stage, left_out),),
    )  # fmt: skip

"""The datasets of a config and their rows: counted where the data are, else as recorded there."""

from __future__ import annotations

from ftlint.datasets import Question, samples, tokenized
from ftlint.facts.data import place_of
from ftlint.facts.layers import RECORDED
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize, Info
    from ftlint.datasets.recorded import Recorded
    from ftlint.facts.layers import Given, Stated
    from ftlint.steps import SampleCount
    from ftlint.support.disk import Disk

UNSHOWN = "`dataset_dir` lies outside the project, so its rows are counted but not shown"


class Data(NamedTuple):
    """The datasets of a config; `info` is None where no dataset_info.json was found."""

    train: tuple[DatasetSize, ...]
    evaluation: tuple[DatasetSize, ...]
    info: Info | None
    stale: tuple[tuple[Recorded, str], ...] = ()
    """What was recorded of datasets and does not hold any more, and why."""


def counted(
    values: Mapping[str, Any],
    known: Mapping[str, Any],
    given: Given,
    stated: Stated,
    found: str | None,
    disk: Disk,
) -> tuple[Data, SampleCount]:
    """Return the datasets of a config and the rows that train and evaluate.

    `found` is the folder below which dataset_dir has a dataset_info.json, None where there is none.
    """
    limit, stage = values.get("max_samples"), values.get("stage")
    workers = values.get("preprocessing_num_workers")
    takes = known.get("template_media")
    question = Question(
        stage if isinstance(stage, str) else "sft",
        limit if isinstance(limit, int) and limit > 0 else None,
        bool(values.get("streaming")),
        workers=workers if isinstance(workers, int) else 1,
        takes=None if takes is None else tuple(takes),
    )
    where = stated.dataset_dir or values.get("dataset_dir")
    rows_stated, recorded = dict(stated.dataset_sizes), dict(stated.recorded)
    place = place_of(where, found, given, disk)
    info, root = place.info, place.root
    records = {} if stated.records is None else stated.records.by_name(disk)
    stale: dict[str, tuple[Recorded, str]] = {}

    def found_or_recorded(size: DatasetSize) -> DatasetSize:
        record = records.get(size.name)
        if record is None or size.source == "declared":
            return _or_recorded(size, recorded)
        from ftlint.datasets.recorded import change_since

        definition = place.definition(size.name)
        change = change_since(record, size, definition, place.folder, disk, place.cache)
        if change is not None:
            stale[size.name] = record, change
            return size
        return _as_recorded(size, record, question)

    answered = stage == "sft" and bool(values.get("predict_with_generate"))

    def sizes(fact: str) -> tuple[DatasetSize, ...]:
        names = [name for name in known.get(fact) or [] if isinstance(name, str)]
        if fact != "dataset_names":
            declared = {name: rows for name, rows in rows_stated.items() if name}
        else:
            declared = rows_stated
        asked = question
        if answered and fact != "dataset_names":
            asked = question._replace(stage="ppo")  # the model answers: no answer is read
        return tuple(map(found_or_recorded, place.sizes(names, asked, declared)))

    train = sizes("dataset_names")
    path = values.get("tokenized_path")
    rows = tokenized(path, root, disk) if isinstance(path, str) and path else None
    evaluation = sizes("eval_dataset_names")
    if info is not None and not isinstance(where, dict):
        info = info._replace(shown=disk.holds(info.path))
    if info is not None and not info.shown:
        train, evaluation = tuple(map(_unshown, train)), tuple(map(_unshown, evaluation))
    data = Data(train, evaluation, info, tuple(stale.values()))
    return data, samples(train, rows_stated, rows, evaluation)


def _or_recorded(size: DatasetSize, recorded: Mapping[str, int]) -> DatasetSize:
    """Return a size; where no rows were counted here, with the rows that a record names."""
    if size.source != "unknown" or size.name not in recorded:
        return size
    from ftlint.steps import exactly

    rows = exactly(recorded[size.name])
    return size._replace(usable=rows, dropped=exactly(0), source=RECORDED)


def _as_recorded(size: DatasetSize, record: Recorded, question: Question) -> DatasetSize:
    """Return a size; where no rows were counted here, with all that its record says."""
    if size.source != "unknown":
        return size
    from ftlint.steps import exactly

    seen = "its Git LFS pointer agrees" if size.files else "not checked"
    note = f"dataset {size.name}: recorded on {record.date}, {seen}"
    dropped = record.dropped_at(question.stage, question.max_samples)
    return size._replace(
        usable=exactly(record.rows), dropped=dropped, source=RECORDED, notes=(*size.notes, note)
    )


def _unshown(size: DatasetSize) -> DatasetSize:
    """Return a size that tells nothing of what was read outside of the project."""
    trouble = size.trouble
    if trouble is not None:
        trouble = trouble._replace(text=f"its data cannot be used ({trouble.what}); {UNSHOWN}")
    return size._replace(trouble=trouble, notes=tuple(dict.fromkeys(UNSHOWN for _ in size.notes)))

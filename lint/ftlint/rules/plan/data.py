"""Datasets against their definitions and files, where a dataset_info.json is here."""

from __future__ import annotations

import os

from ftlint.datasets.definitions import PAIRED
from ftlint.diagnostics import Finding
from ftlint.facts.layers import RECORDED
from ftlint.rules.plan import definitions
from ftlint.rules.plan.together import MISSING, PLACEHOLDER, POINTER, DatasetFault, findings
from ftlint.rules.plan.wording import count, of
from ftlint.support.messages import first_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize, Info
    from ftlint.diagnostics import Fix
    from ftlint.facts.context import Context
    from ftlint.facts.dataset_rows import Data
    from ftlint.support.disk import Disk
    from ftlint.syntax.construct import Entry

BROKEN, UNREADABLE, COLUMNS = "FT702", "FT704", "FT705"
RANKING, LEFT_OUT, NONE_LEFT = "FT706", "FT707", "FT708"
PACKED, DOUBTFUL = "FT715", "FT716"

FORMATS = {"alpaca": (), "sharegpt": (), "openai": (0, 9, 4)}
"""Values of `formatting`, and the release that a later one came with."""
_AWAY = {"pointer": POINTER, "packed": PACKED, "doubtful": DOUBTFUL}
_PERHAPS = (MISSING, *_AWAY.values())
"""What is wrong on this machine, and perhaps not on the one that trains."""


def check(context: Context) -> Iterator[Finding]:
    """Judge each dataset that the config names; the first thing that ends the run counts."""
    yield from _unfetched_settings(context)
    planned = context.planned
    if planned is not None and planned.data is not None and planned.data.info is not None:
        if any(map(_has_media, (*planned.data.train, *planned.data.evaluation))):
            from ftlint.rules.plan import media

            yield from media.check(context)
        yield from findings(_of_datasets(context, planned.data, planned.data.info), context)


def _unfetched_settings(context: Context) -> Iterator[Finding]:
    """Yield each file of settings of which a Git LFS pointer is all there is to judge."""
    for key, file in context.instance.facts.get("unfetched_json", {}).items():
        entry = context.entries.get(key)
        if entry is not None and key not in context.instance.unknown:
            values = {"what": f"{file} is a Git LFS pointer",
                      "unknown": "what it sets is not judged", "otherwise": ""}  # fmt: skip
            yield Finding(POINTER, entry.node.start, entry.node.end, key, values)


def _has_media(size: DatasetSize) -> bool:
    from ftlint.datasets.contents import declared

    return size.entry is not None and bool(declared(size.entry))


def _of_datasets(context: Context, data: Data, info: Info) -> Iterator[DatasetFault]:
    sizes_of = {"dataset": data.train, "eval_dataset": data.evaluation}
    for key, sizes in sizes_of.items():
        entry = context.entries.get(key)
        if entry is None or context.instance.effective.get("tokenized_path"):
            continue
        if info.unfetched:
            what = f"{_shown(info.path)} is a Git LFS pointer"
            unknown = (size for size in sizes if size.source == "unknown")
            for size in unknown:
                yield DatasetFault(entry, size.name, POINTER, {"what": what})
            continue
        if info.table is None and sizes and not info.online:
            yield DatasetFault(entry, "", BROKEN, {"what": info.problem})
            return
        for size in sizes:
            merged = [one for one in sizes if one is not size]
            faults = _faults(context, entry, size, info, merged)
            for code, told, fix in faults if info.shown else _unshown(faults):
                if code != MISSING or not _all_shipped(data):
                    yield DatasetFault(entry, size.name, code, told, fix)


def _all_shipped(data: Data) -> bool:
    from ftlint.datasets.demos import is_shipped

    sizes = (*data.train, *data.evaluation)
    return all(size.entry is not None and is_shipped(size.entry.location) for size in sizes)


_Fault = tuple[str, dict[str, object], "Fix | None"]


def _faults(
    context: Context, entry: Entry, size: DatasetSize, info: Info, merged: list[DatasetSize]
) -> Iterator[_Fault]:
    if info.table is None:
        return
    path = _shown(info.path)
    definition = info.table.get(size.name)
    if definition is None:
        from ftlint.rules.plan.absent import undefined

        yield undefined(context, entry, size.name, info, path)
        return
    if not isinstance(definition, dict) or size.entry is None:
        what = (
            size.trouble.text
            if size.trouble
            else f"the definition of `{size.name}` is not an object"
        )
        yield BROKEN, {"what": f"{path}: {what}"}, None
        return
    stage = context.instance.effective.get("stage")
    generates = entry.name == "eval_dataset" and _generates(context)
    go_on = _go_on(context, entry.name, size, merged)
    lacks = list(definitions.lacks(size, "sft" if go_on else stage, generates=generates))
    ends = [*_definition(context, size, definition), *_files(size, info, context.disk)]
    if not ends:
        ends = [*_rows(size, go_on=go_on), *lacks, *definitions.crashes(size)]
    elif ends[0][0] in _PERHAPS:
        ends = [ends[0], *lacks]
    certain = [one for one in ends if one[0] not in (*_PERHAPS, LEFT_OUT)]
    told = [one for one in ends if one not in certain] + certain[:1]
    streaming = bool(context.instance.effective.get("streaming"))
    silent = definitions.passed_over(
        size, info.table, stage, streaming=streaming, ends=bool(certain)
    )
    for code, values in (*told, *silent):
        yield code, {**values, "info": path}, None


def _generates(context: Context) -> bool:
    """Return whether rows for evaluation are answered, so that they need no answer."""
    values = context.instance.effective
    return values.get("stage") == "sft" and bool(values.get("predict_with_generate"))


def _unshown(faults: Iterable[_Fault]) -> Iterator[_Fault]:
    """Yield faults without what was read outside of the project; numbers remain."""
    for code, told, _ in faults:
        if code not in definitions.OF_NAMES:
            hidden = {**_HIDDEN, **_HIDDEN_OF.get(code, {})}
            yield code, {name: hidden.get(name, value) for name, value in told.items()}, None


_HIDDEN = {
    "what": "its content does not match its definition (not shown: outside the project)",
    "hint": "its names are not shown, because it lies outside the project.",
    "reason": "the content is not shown, because it lies outside the project",
}
_HIDDEN_OF = {
    MISSING: {"what": "The data file is not in `dataset_dir`", "hint": "",
              "file": "The data file", "folder": "`dataset_dir`"},
    PLACEHOLDER: {"placeholder": "file_name"},
}  # fmt: skip

_Told = tuple[str, dict[str, object]]


def _definition(
    context: Context, size: DatasetSize, definition: Mapping[str, Any]
) -> Iterator[_Told]:
    entry, stage = size.entry, context.instance.effective.get("stage")
    assert entry is not None
    if stage in PAIRED and entry.ranking is False:
        wanted = "a chosen and a rejected answer in each row"
        yield RANKING, {"stage": stage, "is": "has no `ranking: true`", "wanted": wanted}
    elif stage not in PAIRED and entry.ranking is True:
        yield (
            RANKING,
            {"stage": stage, "is": "has `ranking: true`", "wanted": "data without ranking"},
        )
    elif stage != "pt" and bool(entry.ranking) != (stage in PAIRED):
        what = f"`ranking: {entry.ranking}` of dataset `{size.name}` is not true or false"
        yield BROKEN, {"what": what}
    since = FORMATS.get(entry.formatting) if isinstance(entry.formatting, str) else None
    if since is None or context.target.versions[0] < since:
        release = context.target.versions[0]
        known = ", ".join(name for name, first in FORMATS.items() if release >= first)
        what = f"`formatting: {entry.formatting}` of dataset `{size.name}` is not one of {known}"
        yield BROKEN, {"what": what}


def _files(size: DatasetSize, info: Info, disk: Disk) -> Iterator[_Told]:
    trouble = size.trouble
    if trouble is None:
        return
    if size.source == RECORDED and trouble.what in (*_AWAY, "missing"):
        return  # where it was recorded it is there
    if trouble.what == "missing":
        folder = os.path.dirname(info.path)
        assert size.entry is not None
        from ftlint.rules.plan.absent import near_file, others_are_here

        if others_are_here(size.name, info, folder, disk):
            location = str(size.entry.location)
            near = near_file(location, info, folder, disk)
            hint = f" (did you mean `{near}`?)" if near else ""
            about = {"file": location, "folder": _shown(folder)}
            yield MISSING, {"what": trouble.text, "hint": hint, **about}
    elif trouble.what == "placeholder":
        assert size.entry is not None
        where = _shown(info.path)
        cost = f"Loading dataset `{size.name}` crashes until {where} names a file."
        yield PLACEHOLDER, {"placeholder": f"file_name: {size.entry.location}", "cost": cost}
    elif trouble.what in _AWAY:
        yield _AWAY[trouble.what], {"what": trouble.text}
    elif trouble.what in ("unreadable", "empty", "kind", "name"):
        yield UNREADABLE, {"what": trouble.text}


def _go_on(context: Context, key: str, size: DatasetSize, merged: list[DatasetSize]) -> bool:
    """Return whether the run goes on without any row of a dataset, by those it is merged with.

    It joins them if its rows have answers, only too many or too few: rows for kto in another stage,
    or others in kto. But for kto and in a stream, a batch of which nothing is left ends the run.
    Source: data/loader.py _get_preprocessed_dataset, run (tests/oracle/test_data_rules.py).
    """
    values = context.instance.effective
    if size.labelled == (values.get("stage") == "kto"):
        return False
    if key == "eval_dataset" and values.get("eval_on_each_dataset"):
        return False
    batch, rows = values.get("preprocessing_batch_size"), size.rows
    fills = isinstance(batch, int) and isinstance(rows, int) and rows >= 2 * batch - 1
    joined = values.get("mix_strategy", "concat") == "concat" and not values.get("streaming")
    if fills and joined and size.labelled:
        return False
    return any(not _is_emptied(one) for one in merged)


def _is_emptied(size: DatasetSize) -> bool:
    """Return whether preprocessing leaves nothing of a dataset, or there is nothing of it."""
    rows = size.usable.high
    return rows is not None and size.dropped.low >= rows


def _rows(size: DatasetSize, *, go_on: bool) -> Iterator[_Told]:
    from ftlint.datasets import absent_columns

    unconvertible = size.trouble is not None and size.trouble.what == "unconvertible"
    looked_at = unconvertible or size.dropped.exact is not None
    absent = absent_columns(size) if looked_at and size.source == "file" else []
    if absent:
        yield COLUMNS, {"what": _misfit(size, absent)}
        return
    if unconvertible and size.trouble is not None:
        yield COLUMNS, {"what": size.trouble.text}
    elif size.dropped.low and size.source == "file":
        rows = size.usable.high
        values: dict[str, object] = {
            "dropped": of(size.dropped.low, "row") if rows is None
            else f"{count(size.dropped.low)} of {of(rows, 'row')}",
            "rows": of(size.dropped.low if rows is None else rows, "row"), "reason": size.reason,
        }  # fmt: skip
        yield NONE_LEFT if _is_emptied(size) and not go_on else LEFT_OUT, values


def _misfit(size: DatasetSize, absent: list[str]) -> str:
    from ftlint.datasets.reasons import which_columns

    entry, columns = size.entry, size.columns
    assert entry is not None
    shown = first_of(columns, 8)
    remedy = which_columns(entry, columns, size.rows)
    missing = ", ".join(f"`{name}`" for name in absent)
    return (
        f"{_file(size)} lacks the column{'s' * (len(absent) > 1)} {missing}; it has {shown}{remedy}"
    )


def _file(size: DatasetSize) -> str:
    return os.path.basename(size.files[0]) if size.files else size.name


def _shown(path: str) -> str:
    """Return a path as short as it can be from here."""
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path

"""Datasets against their definitions and files, where a dataset_info.json is here."""

from __future__ import annotations

import os
from itertools import islice

from ftlint.datasets.definitions import PAIRED
from ftlint.diagnostics import Change
from ftlint.facts.layers import RECORDED
from ftlint.rules.plan import definitions
from ftlint.rules.plan.together import MISSING, PLACEHOLDER, UNDEFINED, Fault, findings
from ftlint.rules.plan.wording import count, of
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize, Info
    from ftlint.diagnostics import Finding, Fix
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Data
    from ftlint.support.disk import Disk
    from ftlint.syntax.construct import Entry

BROKEN, UNREADABLE, COLUMNS = "FT702", "FT704", "FT705"
RANKING, LEFT_OUT, NONE_LEFT = "FT706", "FT707", "FT708"
POINTER, PACKED, DOUBTFUL = "FT714", "FT715", "FT716"

FORMATS = {"alpaca": (), "sharegpt": (), "openai": (0, 9, 4)}
"""Values of `formatting`, and the release that a later one came with."""
_AWAY = {"pointer": POINTER, "packed": PACKED, "doubtful": DOUBTFUL}
_PERHAPS = (MISSING, *_AWAY.values())
"""What is wrong on this machine, and perhaps not on the one that trains."""


def check(context: Context) -> Iterator[Finding]:
    """Judge each dataset that the config names; the first thing that ends the run counts."""
    planned = context.planned
    if planned is not None and planned.data is not None and planned.data.info is not None:
        if any(map(_has_media, (*planned.data.train, *planned.data.evaluation))):
            from ftlint.rules.plan import media

            yield from media.check(context)
        yield from findings(_of_datasets(context, planned.data, planned.data.info), context)


def _has_media(size: DatasetSize) -> bool:
    from ftlint.datasets.contents import declared

    return size.entry is not None and bool(declared(size.entry))


def _of_datasets(context: Context, data: Data, info: Info) -> Iterator[Fault]:
    sizes_of = {"dataset": data.train, "eval_dataset": data.evaluation}
    for key, sizes in sizes_of.items():
        entry = context.entries.get(key)
        if entry is None or context.instance.effective.get("tokenized_path"):
            continue
        if info.table is None and sizes and not info.online:
            yield Fault(entry, "", BROKEN, {"what": info.problem})
            return
        for size in sizes:
            faults = _faults(context, entry, size, info)
            for code, told, fix in faults if info.shown else _unshown(faults):
                if code != MISSING or not _all_shipped(data):
                    yield Fault(entry, size.name, code, told, fix)


def _all_shipped(data: Data) -> bool:
    from ftlint.datasets.demos import is_shipped

    sizes = (*data.train, *data.evaluation)
    return all(size.entry is not None and is_shipped(size.entry.location) for size in sizes)


_Fault = tuple[str, dict[str, object], "Fix | None"]


def _faults(context: Context, entry: Entry, size: DatasetSize, info: Info) -> Iterator[_Fault]:
    if info.table is None:
        return
    path = _shown(info.path)
    definition = info.table.get(size.name)
    if definition is None:
        yield _undefined(context, entry, size.name, info, path)
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
    lacks = list(definitions.lacks(size, stage, generates=generates))
    ends = [*_definition(context, size, definition), *_files(size, info, context.disk)]
    if not ends:
        ends = [*_rows(size), *lacks, *definitions.crashes(size)]
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
        if _others_are_here(size.name, info, folder, disk):
            location = str(size.entry.location)
            near = _near_file(location, info, folder, disk)
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


MOST_ASKED = 1000
"""Other datasets whose files are looked for; a table may define a million."""


def _others_are_here(name: str, info: Info, folder: str, disk: Disk) -> bool:
    """Return whether the author's data files are here, and not only on another machine."""
    from ftlint.datasets.demos import is_shipped

    for other, definition in islice((info.table or {}).items(), MOST_ASKED):
        file = definition.get("file_name") if isinstance(definition, dict) else None
        if other == name or not isinstance(file, str) or is_shipped(file):
            continue
        if disk.exists(os.path.join(folder, file)):
            return True
    return False


DATA_SUFFIXES = (".json", ".jsonl", ".csv", ".parquet", ".arrow", ".txt")


def _near_file(location: str, info: Info, folder: str, disk: Disk) -> str | None:
    """Return the data file beside a missing one of which its name is a slip, and no other's."""
    below, name = os.path.split(location)
    if os.path.isabs(location) or ".." in below.split("/"):
        return None
    try:
        names = disk.names(os.path.join(folder, below))
    except OSError:
        return None
    taken = {os.path.basename(info.path)} | {
        os.path.basename(str(one.get("file_name")))
        for one in islice((info.table or {}).values(), MOST_ASKED)
        if isinstance(one, dict)
    }
    free = [one for one in names if one.lower().endswith(DATA_SUFFIXES) and one not in taken]
    stem, suffix = os.path.splitext(name)
    found = [one for one in free if os.path.splitext(one)[0] == stem]
    if not found:
        from ftlint.target.slips import guess

        near = guess(stem, (one.removesuffix(suffix) for one in free if one.endswith(suffix)), ())
        found = [] if near is None else [near.name + suffix]
    return os.path.join(below, found[0]) if len(found) == 1 else None


def _rows(size: DatasetSize) -> Iterator[_Told]:
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
        every = rows is not None and size.dropped.low >= rows
        values: dict[str, object] = {
            "dropped": of(size.dropped.low, "row") if rows is None
            else f"{count(size.dropped.low)} of {of(rows, 'row')}",
            "rows": of(size.dropped.low if rows is None else rows, "row"), "reason": size.reason,
        }  # fmt: skip
        yield NONE_LEFT if every else LEFT_OUT, values


def _misfit(size: DatasetSize, absent: list[str]) -> str:
    from ftlint.datasets.reasons import which_columns

    entry, columns = size.entry, size.columns
    assert entry is not None
    shown = ", ".join(columns[:8]) + (", …" if len(columns) > 8 else "")
    remedy = which_columns(entry, columns, size.rows)
    missing = ", ".join(f"`{name}`" for name in absent)
    return (
        f"{_file(size)} lacks the column{'s' * (len(absent) > 1)} {missing}; it has {shown}{remedy}"
    )


def _file(size: DatasetSize) -> str:
    return os.path.basename(size.files[0]) if size.files else size.name


def _undefined(context: Context, entry: Entry, name: str, info: Info, path: str) -> _Fault:
    """Return the fault of an undefined name; only a slip of one name gets a fix, an unsafe one."""
    from ftlint.target.slips import guess

    assert info.table is not None
    names = list(info.table)
    near = guess(name, names, ())
    if not name:
        return UNDEFINED, {"info": path, "hint": "remove the extra comma."}, None
    if near is not None:
        fix = _renamed(context, entry, name, near.name)
        return UNDEFINED, {"info": path, "hint": f"did you mean `{near.name}`?"}, fix
    of_source = _of_source(name, info, path)
    if of_source is not None:
        fix = _renamed(context, entry, name, of_source)
        return UNDEFINED, {"info": path, "hint": f"write `{of_source}`."}, fix
    return UNDEFINED, {"info": path, "hint": f"{_hint(name, names)}."}, None


_SOURCES = ("file_name", "hf_hub_url", "ms_hub_url", "om_hub_url")
_REPOSITORY = pattern(r"[\w-][\w.-]*/[\w.-]+")


def _of_source(name: str, info: Info, path: str) -> str | None:
    """Return the one dataset whose file or repository stands in the place of its name."""
    folder = os.path.dirname(path)
    found = []
    for defined, definition in islice((info.table or {}).items(), MOST_ASKED):
        sources = [definition.get(key) for key in _SOURCES] if isinstance(definition, dict) else []
        texts = [source for source in sources if isinstance(source, str)]
        places = {os.path.normpath(one) for text in texts for one in (text, f"{folder}/{text}")}
        if os.path.normpath(name) in places:
            found.append(str(defined))
    return found[0] if len(found) == 1 else None


def _hint(name: str, names: list[str]) -> str:
    """Return the remedy for a file or repository in place of a name, else the names there are."""
    if name.lower().endswith(DATA_SUFFIXES):
        return "add an entry with `file_name` there, and use its name"
    if _REPOSITORY.fullmatch(name):
        return "add an entry with `hf_hub_url` there, and use its name"
    shown: list[str] = []
    for one in names[:_SHOWN]:
        if shown and sum(map(len, shown)) + len(one) > _WIDEST:
            break
        shown.append(one)
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"it defines {', '.join(shown) or 'nothing'}{more}"


_SHOWN = 4
"""Defined datasets that a message names."""
_WIDEST = 40
"""Characters that they take together."""


def _renamed(context: Context, entry: Entry, name: str, near: str) -> Fix | None:
    if not isinstance(entry.value, str):
        return None
    from ftlint.edits import suggest

    names = [part.strip() for part in entry.value.split(",")]
    text = ", ".join(near if part == name else part for part in names)
    change = Change("replace", entry.name, text)
    return suggest.fix(context, f"write `{near}`", change, safe=False)


def _shown(path: str) -> str:
    """Return a path as short as it can be from here."""
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path

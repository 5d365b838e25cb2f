"""What a config names and is not there: a dataset that no table defines, and a missing file."""

from __future__ import annotations

import os
from itertools import islice

from ftlint.datasets.demos import is_shipped
from ftlint.diagnostics import Change
from ftlint.edits import suggest
from ftlint.rules.plan.together import UNDEFINED
from ftlint.support.pattern import pattern
from ftlint.target.slips import guess
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.datasets import Info
    from ftlint.diagnostics import Fix
    from ftlint.facts.context import Context
    from ftlint.support.disk import Disk
    from ftlint.syntax.construct import Entry

MOST_ASKED = 1000
"""Other datasets whose files are looked for; a table may define a million."""


def others_are_here(name: str, info: Info, folder: str, disk: Disk) -> bool:
    """Return whether the author's data files are here, and not only on another machine."""
    for other, definition in islice((info.table or {}).items(), MOST_ASKED):
        file = definition.get("file_name") if isinstance(definition, dict) else None
        if other == name or not isinstance(file, str) or is_shipped(file):
            continue
        if disk.exists(os.path.join(folder, file)):
            return True
    return False


DATA_SUFFIXES = (".json", ".jsonl", ".csv", ".parquet", ".arrow", ".txt")


def near_file(location: str, info: Info, folder: str, disk: Disk) -> str | None:
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
        near = guess(stem, (one.removesuffix(suffix) for one in free if one.endswith(suffix)), ())
        found = [] if near is None else [near.name + suffix]
    return os.path.join(below, found[0]) if len(found) == 1 else None


def undefined(
    context: Context, entry: Entry, name: str, info: Info, path: str
) -> tuple[str, dict[str, object], Fix | None]:
    """Return the fault of an undefined name; only a slip of one name gets a fix, an unsafe one."""
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
    of_file = _of_file(name, info)
    if of_file is not None:
        fix = _renamed(context, entry, name, of_file)
        return UNDEFINED, {"info": path, "hint": f"did you mean `{of_file}`?"}, fix
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


def _of_file(name: str, info: Info) -> str | None:
    """Return the one dataset that a file in the place of its name goes by, wherever it lies.

    It is called as the file is, or defined by a file of that name in another folder.
    """
    file = os.path.basename(name)
    stem, suffix = os.path.splitext(file)
    table = info.table or {}
    if suffix.lower() not in DATA_SUFFIXES:
        return None
    if stem in table:
        return stem
    found = [
        str(defined)
        for defined, one in islice(table.items(), MOST_ASKED)
        if isinstance(one, dict) and os.path.basename(str(one.get("file_name"))) == file
    ]
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
    names = [part.strip() for part in entry.value.split(",")]
    text = ", ".join(near if part == name else part for part in names)
    change = Change("replace", entry.name, text)
    return suggest.fix(context, f"write `{near}`", change, safe=False)

"""What a definition and its rows say past each other: keys, columns, media and tools."""

from __future__ import annotations

import json
import os

from ftlint.datasets.contents import MEDIA, QUESTION
from ftlint.datasets.definitions import (
    SUPERVISED,
    asks_nothing,
    lacking,
    unread_keys,
    without_effect,
)
from ftlint.datasets.entries import ALPACA, fields_by_default
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize
    from ftlint.datasets.contents import UnreadColumn
    from ftlint.datasets.entries import DatasetEntry

    Told = tuple[str, dict[str, object]]
    """A rule's code, and the values of its message."""

SHADOWED, MISSPELT, ORDER, SHIFTED = "FT710", "FT711", "FT717", "FT718"
LACKS, UNKNOWN, UNREAD, UNASKED, MEDIA_DIFFER, TOOLS, UNUSED, TWICE = (
    "FT730", "FT731", "FT732", "FT733", "FT734", "FT735", "FT738", "FT739",
)  # fmt: skip

OF_NAMES = (SHADOWED, MISSPELT, UNKNOWN, UNREAD, UNUSED, TWICE)
"""Findings that are about names alone, which are not shown of what lies outside the project."""


def lacks(size: DatasetSize, stage: object, *, generates: bool) -> Iterator[Told]:
    """Yield the field without which no row converts; `generates`: no answer is needed."""
    assert size.entry is not None
    found = lacking(size.entry, "ppo" if generates else stage)
    if found is not None:
        yield LACKS, {"what": found.text}


def crashes(size: DatasetSize) -> Iterator[Told]:
    """Yield what rows hold that preprocessing crashes at."""
    held = size.contents
    if held is None:
        return
    file = os.path.basename(size.files[0]) if len(size.files) == 1 else f"a file of {size.name}"
    if held.media:
        yield MEDIA_DIFFER, {"what": f"in {file}, {held.media}"}
    if held.tools:
        yield TOOLS, {"what": f"in {file}, {held.tools}"}


def passed_over(
    size: DatasetSize, table: Mapping[str, Any], stage: object, *, streaming: bool, ends: bool
) -> Iterator[Told]:
    """Yield what LLaMA Factory reads otherwise than it is written, or not at all.

    `ends`: the run ends for another reason, which may well be the same slip.
    """
    entry, definition = size.entry, table[size.name]
    assert entry is not None
    for caution in size.cautions:
        yield (ORDER if caution.what == "order" else SHIFTED), {"what": caution.text}
    if entry.load_from != "file" and "file_name" in definition:
        yield SHADOWED, {"file": definition["file_name"], "source": entry.location}
    unasked = not ends and _is_unasked(size, stage)
    for key, place, meant in unread_keys(definition):
        if unasked and meant in QUESTION:
            continue  # told as what comes of it
        if meant is not None:
            yield MISSPELT, {"key": key, "place": f" in {place}" if place else "", "near": meant}
        else:
            yield UNKNOWN, {"key": key, "place": place}
    for key, reason in without_effect(entry, definition, streaming=streaming):
        yield UNUSED, {"key": key, "reason": reason}
    if size.name in getattr(table, "repeated", ()):
        yield TWICE, {"key": size.name, "place": ""}
    for place, key in _repeated(definition):
        yield TWICE, {"key": key, "place": f" in {place}" if place else ""}
    if not ends:
        yield from _unread(size, definition, unasked=unasked)


def _repeated(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for table in ("", "columns", "tags"):
        found = definition.get(table) if table else definition
        for key in getattr(found, "repeated", ()):
            yield table, key


def _is_unasked(size: DatasetSize, stage: object) -> bool:
    """Return whether every row that is used has an empty question."""
    entry, held = size.entry, size.contents
    if entry is None or entry.formatting != ALPACA or stage not in (*SUPERVISED, "pt", "ppo"):
        return False
    return asks_nothing(entry) or (held is not None and not held.asked)


def _unread(size: DatasetSize, definition: Mapping[str, Any], *, unasked: bool) -> Iterator[Told]:
    """Yield an empty question, or else the columns that are filled and not read."""
    entry, held = size.entry, size.contents
    assert entry is not None
    unread = () if held is None else held.unread
    if unasked:
        yield UNASKED, {"what": _no_question(entry, unread, definition)}
        unread = tuple(one for one in unread if one.field not in QUESTION)
    for one in unread:
        chosen = getattr(entry.columns, one.field)  # another column, and not by a slip
        if not chosen and not (held and held.media and one.field in MEDIA.values()):
            remedy = _columns(entry, {one.field: one.column}, definition)
            yield UNREAD, {"column": one.column, "row": one.row, "remedy": remedy}


def _no_question(
    entry: DatasetEntry, unread: tuple[UnreadColumn, ...], definition: Mapping[str, Any]
) -> str:
    """Return why, and the columns to set where the rows have one of a usual name."""
    slip = next((one for one in unread_keys(definition)
                 if one.place == "columns" and one.meant in QUESTION), None)  # fmt: skip
    if slip is not None:
        table = definition["columns"]
        meant = f'"{slip.meant}": {json.dumps(table[slip.key], ensure_ascii=False)}'
        return f"`{slip.key}` is not a key of `columns`; write `{meant}`"
    read = [name for name in (entry.columns.prompt, entry.columns.query) if name]
    named = "`, `".join(read)
    why = f"`{named}` is empty in each" if read else "its columns name neither `prompt` nor `query`"
    found = {one.field: one.column for one in reversed(unread)}
    fields = {field: found[field] for field in QUESTION if field in found}
    if not fields:
        return why if read else f'{why}: add `"prompt": COLUMN`'
    if "prompt" not in fields and not read:
        fields = {"prompt": fields["query"]}
    return f"{why}: set `{_columns(entry, fields, definition)}`"


def _columns(entry: DatasetEntry, wanted: Mapping[str, str], definition: Mapping[str, Any]) -> str:
    """Return what to write into `columns`; all that is read, where there is no such table yet."""
    if isinstance(definition.get("columns"), dict):
        return json.dumps(dict(wanted), ensure_ascii=False)[1:-1]
    whole = {field: getattr(entry.columns, field) for field in fields_by_default(entry)}
    whole |= wanted
    return '"columns": ' + json.dumps(whole, ensure_ascii=False)

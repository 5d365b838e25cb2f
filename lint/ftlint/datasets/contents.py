"""What the rows of a dataset hold besides what is counted: columns that nobody reads, questions,
media and tools.

Follows LLaMA Factory `data/converter.py`, `data/mm_plugin.py` `_validate_messages` and
`data/formatter.py` ToolFormatter (0.9.3 to 0.9.5); tests/oracle/test_contents.py runs them.
"""

from __future__ import annotations

from ftlint.datasets.entries import ALPACA, OPENAI, columns_read
from ftlint.datasets.shapes import NULLS
from ftlint.support.kept import form, of_form
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.datasets.entries import DatasetEntry
    from ftlint.datasets.jsonload import Row

_SIDE = {"system": "system", "tools": "tools", "image": "images", "images": "images",
         "video": "videos", "videos": "videos", "audio": "audios", "audios": "audios"}  # fmt: skip
_NAMES = {**_SIDE, "instruction": "prompt", "prompt": "prompt", "input": "query",
          "query": "query", "history": "history"}  # fmt: skip
"""What columns are called, and the field of `columns` that each is meant for.

An answer is not among them: without one no row is left, which is told as such.
"""
QUESTION = ("prompt", "query")
_SWAPPED = ("instruction", "input")
MEDIA = {"image": "images", "video": "videos", "audio": "audios"}
"""Medium, and the field of `columns` that names its column."""


class UnreadColumn(NamedTuple):
    """A column with something in it that is not read, though `columns` has a field for it."""

    field: str
    column: str
    row: int


class Contents(NamedTuple):
    """What was found in the rows that were looked at; `media` and `tools` end the run."""

    asked: bool = False
    """Whether any row has a question."""
    unread: tuple[UnreadColumn, ...] = ()
    media: str = ""
    tools: str = ""


def merged(before: Contents | None, after: Contents) -> Contents:
    """Return the contents of two files; the first of what ends the run counts."""
    if before is None:
        return after
    columns = {one.column for one in before.unread}
    return Contents(
        before.asked or after.asked,
        (*before.unread, *(one for one in after.unread if one.column not in columns)),
        before.media or after.media,
        before.tools or after.tools,
    )


_CONTENTS, _UNREAD = form(bool, list, str, str), form(str, str, int)


def revived(kept: object) -> Contents:
    """Return contents as a cache has kept them. Raises Unfit."""
    asked, unread, media, tools = of_form(_CONTENTS, kept)
    return Contents(
        asked, tuple([UnreadColumn(*of_form(_UNREAD, one)) for one in unread]), media, tools
    )


class Look:
    """Looks at one row after the other, and at each thing only until it is settled.

    `takes` are the media that the template has tokens for, None where that is not known.
    """

    def __init__(self, entry: DatasetEntry, stage: str, takes: Sequence[str] | None) -> None:
        self.entry, self.stage = entry, stage
        self._takes = takes
        plain = stage == "pt"  # which reads the first turn alone
        self._columns = {} if plain else _unread_names(entry)
        self._asks = entry.formatting == ALPACA
        self._tools = None if plain or entry.formatting == OPENAI else entry.columns.tools
        declared = any(getattr(entry.columns, field) for field in MEDIA.values())
        self._has_media = not plain and (bool(takes) or (takes is None and declared))
        self._unread: list[UnreadColumn] = []
        self._media = self._told_tools = ""
        self._parsed: set[str] = set()

    def see(self, row: Row, number: int, *, kept: bool) -> None:
        """Learn a row; one that is dropped never comes to the template."""
        if self._columns:
            for name in row:
                if name in self._columns and filled(row[name]):
                    self._unread.append(UnreadColumn(self._columns.pop(name), name, number))
        if self._asks:
            columns = self.entry.columns
            self._asks = not (filled(row.get(columns.prompt or ""))
                              or filled(row.get(columns.query or "")))  # fmt: skip
        if kept and self._tools and not self._told_tools:
            self._told_tools = self._judge_tools(row.get(self._tools), number)
        if kept and self._has_media and not self._media:
            self._media = self._judge_media(row, number)

    def contents(self) -> Contents:
        """Return what was found."""
        return Contents(not self._asks, tuple(self._unread), self._media, self._told_tools)

    def _judge_tools(self, tools: object, number: int) -> str:
        """Return why formatting the tools crashes, "" where it does not."""
        if not tools:
            return ""
        if isinstance(tools, (list, dict)):
            what = "a list" if isinstance(tools, list) else "an object"
            return (f"`{self._tools}` of row {number} is {what} (TypeError): write it as a JSON "
                    'string, or set `"formatting": "openai"` for such messages'
                    if self.entry.formatting != ALPACA else
                    f"`{self._tools}` of row {number} is {what} (TypeError): write it as a JSON "
                    "string")  # fmt: skip
        if isinstance(tools, str) and tools not in self._parsed:
            import json

            try:
                json.loads(tools)
            except (ValueError, RecursionError):
                return f"`{self._tools}` of row {number} is not JSON, as a list of tools must be"
            if len(self._parsed) < _KEPT:
                self._parsed.add(tools)
        return ""

    def _judge_media(self, row: Row, number: int) -> str:
        """Return how placeholders and media differ, "" where the template would not mind."""
        there = {medium: _media(row, getattr(self.entry.columns, field))
                 for medium, field in MEDIA.items()}  # fmt: skip
        if not self._takes and not any(there.values()):
            return ""
        for texts in _conversations(row, self.entry, self.stage):
            for medium, has in there.items():
                written = sum(text.count(f"<{medium}>") for text in texts)
                if written != has and (self._takes or has):
                    return _differs(self.entry, row, medium, has, written, number)
        return ""


_KEPT = 256
"""Descriptions of tools that are remembered as JSON; a dataset has few."""


def filled(value: object) -> bool:
    """Return whether a value is something; of CSV also what pandas takes for missing is nothing."""
    return bool(value) and not (isinstance(value, str) and value in NULLS)


def declared(entry: DatasetEntry) -> dict[str, str]:
    """Return the columns of media that a definition names, by medium."""
    columns = {medium: getattr(entry.columns, field) for medium, field in MEDIA.items()}
    return {medium: column for medium, column in columns.items() if column}


def _unread_names(entry: DatasetEntry) -> dict[str, str]:
    """Return the usual names of columns that are not read while nothing is read in their place,
    and of the one that asks where what it is asked about is read for it.
    """
    names = _NAMES if entry.formatting == ALPACA else _SIDE
    columns = entry.columns
    read = {*columns_read(entry), columns.tools}
    return {name: field for name, field in names.items() if name not in read
            and (not getattr(columns, field) or (name, columns.prompt) == _SWAPPED)}  # fmt: skip


def _media(row: Row, column: str | None) -> int:
    value = row.get(column) if column else None
    if value is None:
        return 0
    return len(value) if isinstance(value, list) else 1


def _differs(
    entry: DatasetEntry, row: Row, medium: str, has: int, written: int, number: int
) -> str:
    field = MEDIA[medium]
    column = getattr(entry.columns, field)
    told = f"row {number} has {has} in `{column}`" if column else f"row {number} has no {medium}"
    told += f" and {written} `<{medium}>` in its messages"
    unread = next((name for name in (field, medium) if not column and filled(row.get(name))), None)
    return f'{told}: add `"{field}": "{unread}"` to columns' if unread else told


def _conversations(row: Row, entry: DatasetEntry, stage: str) -> Iterator[Sequence[str]]:
    """Yield the texts of each conversation that is made of a row; none where that is not plain."""
    said = list(_alpaca(row, entry) if entry.formatting == ALPACA else _talk(row, entry))
    columns = entry.columns
    if entry.ranking and stage in ("rm", "dpo"):
        pair = [row.get(columns.chosen or ""), row.get(columns.rejected or "")]
        answers = pair if entry.formatting == ALPACA else [_content(one, entry) for one in pair]
    else:
        answers = [row.get(columns.response or "") or ""] if entry.formatting == ALPACA else [""]
    for answer in answers:
        whole = [*said, answer]
        texts = [text for text in whole if isinstance(text, str)]
        if len(texts) == len(whole):
            yield texts


def _alpaca(row: Row, entry: DatasetEntry) -> Iterator[object]:
    columns = entry.columns
    history = row.get(columns.history) if columns.history else None
    for pair in history if isinstance(history, list) else ():
        yield from pair if isinstance(pair, list) else (None,)
    for name in (columns.prompt, columns.query):
        yield (row.get(name) or "") if name else ""


def _talk(row: Row, entry: DatasetEntry) -> Iterator[object]:
    messages = row.get(entry.columns.messages or "")
    tags = entry.tags
    for place, message in enumerate(messages if isinstance(messages, list) else ()):
        role = message.get(tags.role_tag) if isinstance(message, dict) else None
        if not place and tags.system_tag and role == tags.system_tag:
            continue
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        if entry.formatting == OPENAI and (calls or role == tags.observation_tag):
            yield None  # what is made of these is not looked into
        yield _content(message, entry)


def _content(message: object, entry: DatasetEntry) -> object:
    return message.get(entry.tags.content_tag) if isinstance(message, dict) else None

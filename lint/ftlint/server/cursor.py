"""What stands at a place of a config that is being written: a key, a value, a comment.

YAML is read off the line, since half-written text has no nodes. Where it can be read, its nodes
tell what looks like a key and is none: a line of a text in several lines, a key of a mapping below.
"""

from __future__ import annotations

import re

from ftlint.server import json_cursor
from ftlint.server.spot import KEY, VALUE, Spot, word_around
from ftlint.syntax.nodes import Broken, Mapping, Scalar
from ftlint.syntax.parse import compose
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.syntax.source import Source


_PAIR = re.compile(r"""(?P<lead>\ufeff?)(?P<quote>["']?)(?P<key>[\w.-]*)(?P=quote)(?P<gap>[ \t]*)
    (?P<colon>:(?=[ \t]|\Z))?(?P<rest>.*)""", re.X | re.S)  # fmt: skip
_ITEM = re.compile(r"[ \t]*-[ \t]+")


def spot(source: Source, offset: int) -> Spot | None:
    """Return what is at an offset; None in a comment and wherever nothing is to be written."""
    if source.path.lower().endswith(".json"):
        return json_cursor.spot(source, offset)
    number = max(number for number, start in enumerate(source.line_starts) if start <= offset)
    begin = source.line_starts[number]
    line = source.line(number + 1)
    begin = source.text.find(line, begin) if line else begin
    column = offset - begin
    if column < 0 or column > len(line) or column > comment_at(line):
        return None
    found = _in_yaml(source, number, begin, column)
    return found if found is None or not _is_inside(source, begin, found) else None


def comment_at(line: str) -> int:
    """Return the column of the comment in a line, its length where there is none."""
    quote = ""
    for column, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and (column == 0 or line[column - 1] in " \t:[{,-"):
            quote = letter
        elif letter == "#" and (column == 0 or line[column - 1] in " \t\ufeff"):
            return column
    return len(line)


def _in_yaml(source: Source, number: int, begin: int, column: int) -> Spot | None:
    line = source.line(number + 1)
    line = line[: comment_at(line)]
    item = _ITEM.match(line)
    if item is not None:
        owner = _owner(source, number)
        if owner is None or column < item.end():
            return None
        return _value(owner, line, item.end(), begin, column, listed=True)
    found = _PAIR.fullmatch(line)
    if found is None or line[:1] in (" ", "\t"):
        return None
    return _of_pair(found, line, begin, column)


def _of_pair(found: re.Match[str], line: str, begin: int, column: int) -> Spot | None:
    quote, key = found["quote"], found["key"]
    start, end = found.span("key")
    if column <= end + len(quote):
        if column < start or (found["rest"] and not found["colon"]):
            return None
        typed = line[start : max(column, start)]
        follows = found["colon"] is not None
        return Spot(KEY, key, begin + start, begin + end, typed, quote, follows)
    if not found["colon"] or not key or column < found.end("colon"):
        return None
    place = found.start("rest")
    return _value(key, line, place, begin, column)


def _value(
    key: str, line: str, place: int, begin: int, column: int, *, listed: bool = False
) -> Spot | None:
    """Return the part of a value around the cursor: one of several between commas or brackets."""
    text = line[place:]
    before = line[place:column]
    if not listed and before.strip() == "" and column == place and text.strip():
        return None  # right behind the colon of a value that is there
    start, end = word_around(line, place, column)
    quote = line[start - 1] if start > 0 and line[start - 1] in "\"'" else ""
    many = listed or "," in text.rstrip()[:-1] or text.lstrip()[:1] == "["
    return Spot(VALUE, key, begin + start, begin + end, line[start:column], quote, listed=many)


def _owner(source: Source, number: int) -> str | None:
    """Return the key at the left edge that the items of a list are below."""
    for line in range(number, 0, -1):
        text = source.line(line)
        if not text.strip() or text.lstrip().startswith("#") or text[:1] in (" ", "\t"):
            continue
        if _ITEM.match(text):
            continue
        found = _PAIR.fullmatch(text[: comment_at(text)])
        whole = found is not None and found["colon"] and not found["rest"].strip()
        return found["key"] if found is not None and whole else None
    return None


def _is_inside(source: Source, begin: int, found: Spot) -> bool:
    """Return whether a line belongs to a value of several lines, or to a mapping below."""
    document = compose(source.text)
    if isinstance(document, Broken) or not isinstance(document.root, Mapping):
        return False
    for key, value in document.root.pairs:
        if not value.start < begin < value.end:
            continue
        if isinstance(value, Mapping) or (isinstance(value, Scalar) and key.end < begin):
            return True
    return False


def key_at(source: Source, offset: int) -> Spot | None:
    """Return the key of a config that an offset is in."""
    found = spot(source, offset)
    if found is not None and found.kind == KEY and found.key:
        return found
    return None

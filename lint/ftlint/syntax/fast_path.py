"""The common config, read line by line: plain keys at the margin, each with a scalar or a list.

Nothing here decides what YAML means. A text is read only when every one of its lines has a form
that leaves no choice; all others are left to the parser, and tests hold the nodes and spans made
here against the parser's, on every file of the corpus and on random ones.
"""

from __future__ import annotations

import re

from ftlint.support.limits import DEFAULT, Limits
from ftlint.support.pattern import pattern
from ftlint.syntax.nodes import Comment, Document, Mapping, Scalar, Sequence
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.syntax.nodes import Node

LONGEST = 1 << 16
"""Characters; a longer text is no common config."""

_LINE = pattern(
    r"""(?: ([A-Za-z_][A-Za-z0-9_]{0,99}):        # a key at the margin,
      | ([ ]*)-(?=[ ]+[^ \n#])                  # an item of a list,
      | (?=[ ]*(?:\#|\n)) )                     # or neither
    (?: [ ]+ (?:
        ( (?:[^\s#:,\[\]{}&*!|>'"%@`?=-] | -(?=[A-Za-z0-9_./~]))    # plain: no indicator first,
          (?:[^\s#:] | :(?=[^\s#:]))*                               # no `: `, and no `#` at all
          (?:[ ]+(?:[^\s#:] | :(?=[^\s#:]))+)* )
      | '([^'\n]*)' | "([^"\\\n]*)"
    )(?=[ \n]) )?
    [ ]*(?:(?<![^ \n])(\#[^\n]*))?\n""",
    re.X,
)


def read(text: str, limits: Limits = DEFAULT) -> Document | None:
    """Return the document that a flat text makes; None when it is for the parser to say."""
    if not _is_common(text, limits):
        return None
    if text[-1:] != "\n":
        text += "\n"
    comments: list[Comment] = []
    pairs: list[tuple[Node, Node]] = []
    items: list[Node] = []
    key: Scalar | None = None  # one whose value has not come yet
    margin, began = "", 0  # of its list
    place, size, match = 0, len(text), _LINE.match
    while place < size:
        line = match(text, place)
        if line is None:
            return None
        name, indent, comment = line.group(1, 2, 6)
        if comment is not None:
            comments.append(Comment(line.start(6), line.end(6), comment))
        value = _scalar(line)
        if name is not None:
            if key is not None:
                pairs.append((key, _value(key, began, items)))
            key, items = Scalar(place, line.end(1), name, "plain"), []
            if value is not None:
                pairs.append((key, value))
                key = None
        elif indent is not None:
            if key is None or value is None or (items and indent != margin):
                return None
            if not items:
                margin, began = indent, line.end(2)
            items.append(value)
        elif value is not None:
            return None
        place = line.end()
    if key is not None:
        pairs.append((key, _value(key, began, items)))
    root = Mapping(pairs[0][0].start, pairs[-1][1].end, tuple(pairs), flow=False) if pairs else None
    return Document(root, tuple(comments))


def _is_common(text: str, limits: Limits) -> bool:
    """Return whether a text has no odd letters, and nothing of which there may be too much."""
    if len(text) > LONGEST or not text.replace("\n", "").isprintable():
        return False  # tabs, carriage returns, marks and whatever else YAML takes for a line's end
    return len(text) <= limits.scalar and text.count("\n") < min(limits.nodes // 4, limits.keys)


def _scalar(line: re.Match[str]) -> Scalar | None:
    """Return the value that stands on a line."""
    plain, single, double = line.group(3, 4, 5)
    if plain is not None:
        return Scalar(line.start(3), line.end(3), plain, "plain")
    if single is not None:
        return Scalar(line.start(4) - 1, line.end(4) + 1, single, "single")
    if double is not None:
        return Scalar(line.start(5) - 1, line.end(5) + 1, double, "double")
    return None


def _value(key: Scalar, began: int, items: list[Node]) -> Scalar | Sequence:
    """Return the list below a key, or the empty value behind its colon."""
    if items:
        return Sequence(began, items[-1].end, tuple(items), flow=False)
    return Scalar(key.end + 1, key.end + 1, "", "plain")

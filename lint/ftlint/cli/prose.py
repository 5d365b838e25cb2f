"""Markdown as a terminal shows it: the few forms of it in which rules give their reasons."""

from __future__ import annotations

import re
import textwrap

from ftlint.report.text import paint
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 88
_LINK = pattern(r"\[([^][]+)\]\([^()\s]+\)")
_STRONG = pattern(r"\*\*([^*]+)\*\*")
_CODE = pattern(r"`([^`]*)`")
_ITEM = pattern(r"([-*]|\d+\.) +")


def prose(markdown: str, colour: bool) -> Iterator[str]:
    """Yield the lines of a text: links as their words, paragraphs and lists wrapped."""
    for number, block in enumerate(re.split(r"\n\s*\n", markdown.strip())):
        if number:
            yield ""
        for piece in _pieces(block.splitlines()):
            yield from _wrapped(piece, colour)


def inline(text: str, colour: bool) -> str:
    """Return one line of Markdown; code is coloured, and in backticks where nothing is."""
    plain = _STRONG.sub(r"\1", _LINK.sub(r"\1", text))
    return _CODE.sub(lambda code: paint(code[1], "36", True), plain) if colour else plain


def _pieces(lines: list[str]) -> Iterator[str]:
    """Yield the items of a list, each on one line, or a paragraph; tables line by line."""
    piece: list[str] = []
    for line in lines:
        if piece and (_ITEM.match(line) or line.startswith("|")):
            yield " ".join(piece)
            piece = []
        piece.append(line.strip() if piece else line.rstrip())
    yield " ".join(piece)


def _wrapped(piece: str, colour: bool) -> list[str]:
    item = _ITEM.match(piece)
    hanging = "" if item is None else " " * item.end()
    plain = inline(piece, colour=False)
    if piece.startswith("|"):
        return [plain]
    lines = textwrap.wrap(
        plain, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )
    return _coloured(lines) if colour else lines


def _coloured(lines: list[str]) -> list[str]:
    """Return lines with code in colour; what is begun on one line may end on the next."""
    text = inline("\n".join(lines), colour=True)
    found, opened = [], ""
    for line in text.split("\n"):
        whole = opened + line
        opened = "\x1b[36m" if whole.count("\x1b[36m") > whole.count("\x1b[0m") else ""
        found.append(whole + ("\x1b[0m" if opened else ""))
    return found

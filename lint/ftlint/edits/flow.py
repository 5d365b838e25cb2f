"""Deleting and inserting pairs between braces: each brings or takes one comma."""

from __future__ import annotations

from ftlint.diagnostics import Edit
from ftlint.edits.block import around
from ftlint.edits.columns import lead, padding
from ftlint.edits.page import NoEdit, blanked
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.edits.page import Page, Pair
    from ftlint.syntax.nodes import Comment


def delete(page: Page, pair: Pair) -> list[Edit] | NoEdit:
    """Take `pair` out with its comma, or with the one before it when it is the last."""
    comma = _comma_behind(page, pair)
    before = _comma_before(page, pair) if comma is None else None
    if stands_alone(page, pair, comma):
        lines = Edit(page.line_start(pair.first), page.next_line(pair.last), "")
        return [lines] if before is None else [Edit(before, before + 1, ""), lines]
    start = pair.start if before is None else before
    end = pair.end
    if comma is not None:
        end = comma + 1
        while page.text[end] in " \t":
            end += 1
        if page.text[end] in "\r\n#":  # the rest of the line goes on below, or is a comment
            start = page.line_start(pair.first) + len(
                page.text[page.line_start(pair.first) : start].rstrip(" \t")
            )
            end = comma + 1
    if page.comments(start, end):
        return NoEdit(f"there are comments next to {pair.name}")
    return [Edit(start, end, "")]


def strip(page: Page, pair: Pair, comment: Comment) -> list[Edit] | NoEdit:
    """Take `pair` out and leave `comment` where the two have lines of their own."""
    comma = _comma_behind(page, pair)
    if not stands_alone(page, pair, comma):
        return delete(page, pair)
    before = _comma_before(page, pair) if comma is None else None
    edits = around(pair, comment)
    return edits if before is None else [Edit(before, before + 1, ""), *edits]


def insert(page: Page, name: str, text: str, after: Pair) -> list[Edit] | NoEdit:
    """Put the pair behind `after`: on a line of its own where that has one."""
    quote = page.text[after.start] if page.text[after.start] in "'\"" else ""
    key = quote + name + quote
    comma = _comma_behind(page, after)
    spaces = lead(page, after)
    part = " ," if page.text[after.end - 1] == ":" else ","  # libyaml takes `a:,` for one word
    if stands_alone(page, after, comma):
        before, behind = padding(page, after, len(key))
        indent = page.text[page.line_start(after.first) : after.start]
        end = page.line_end(after.last)
        line = page.line_break(after.last) + f"{indent}{key}{before}:{behind}{text}"
        if comma is not None:
            return [Edit(end, end, line + ",")]
        return [Edit(after.end, after.end, part), Edit(end, end, line)]
    tight = page.is_json and spaces == ("", "")
    pair = f"{key}:{text}" if tight else f"{key}: {text}"
    gap = "" if tight else " "
    if comma is not None:
        return [Edit(comma + 1, comma + 1, f"{gap}{pair},")]
    return [Edit(after.end, after.end, f"{part}{gap}{pair}")]


def stands_alone(page: Page, pair: Pair, comma: int | None) -> bool:
    """Return whether nothing but the pair, its comma and a comment stands on its lines."""
    end = pair.end if comma is None else comma + 1
    above = page.text[page.line_start(pair.first) : pair.start]
    below = blanked(page, end, page.line_end(pair.last))
    same_line = page.line(end) == pair.last
    return same_line and not above.strip(" \t") and not below.strip(" \t")


def _comma_behind(page: Page, pair: Pair) -> int | None:
    pairs = page.root.pairs
    last = pair.place + 1 == len(pairs)
    return _find(page, pair.end, page.root.end - 1 if last else pairs[pair.place + 1][0].start)


def _comma_before(page: Page, pair: Pair) -> int | None:
    if not pair.place:
        return None
    return _find(page, max(node.end for node in page.root.pairs[pair.place - 1]), pair.start)


def _find(page: Page, start: int, end: int) -> int | None:
    """Return where the comma between two offsets is, comments left aside."""
    place = blanked(page, start, end).find(",")
    return start + place if place >= 0 else None

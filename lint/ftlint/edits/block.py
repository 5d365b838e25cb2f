"""Deleting and inserting pairs of a mapping in block style: whole lines go and come."""

from __future__ import annotations

from ftlint.diagnostics import Edit
from ftlint.edits.columns import padding
from ftlint.edits.page import NoEdit
from ftlint.syntax.nodes import Mapping, Scalar, Sequence
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.edits.page import Page, Pair
    from ftlint.syntax.nodes import Comment, Node


def delete(page: Page, pair: Pair) -> list[Edit] | NoEdit:
    """Take the lines of `pair` out, and the blank lines that would be left facing each other."""
    if len(page.root.pairs) == 1:
        return NoEdit(f"{pair.name} is the only key in the file")
    first, last = pair.first, pair.last
    before = page.root.pairs[pair.place - 1][1] if pair.place else None
    kept = before is not None and keeps_blank_lines(page, before)
    stop = last + 1
    if page.is_blank(first - 1) or first == 1:
        while not kept and page.is_blank(stop):
            stop += 1
            if page.is_blank(first - 1):
                break
        if not page.is_line(stop) and not kept:
            while page.is_blank(first - 1):
                first -= 1
    if before is not None and _leaf(before) is not None and _swallows(page, before, stop):
        return NoEdit(f"the lines below {pair.name} would become part of the text above it")
    return [Edit(page.line_start(first), page.next_line(stop - 1), "")]


def strip(page: Page, pair: Pair, comment: Comment) -> list[Edit] | NoEdit:
    """Take `pair` out and leave `comment`, which stands behind its value or behind its key."""
    if len(page.root.pairs) == 1:
        return NoEdit(f"{pair.name} is the only key in the file")
    return around(pair, comment)


def around(pair: Pair, comment: Comment) -> list[Edit]:
    """Return the edits that take a pair from around its comment."""
    head = Edit(pair.start, comment.start, "")
    return [head, Edit(comment.end, pair.end, "")] if comment.end < pair.end else [head]


def insert(page: Page, name: str, text: str, after: Pair) -> list[Edit] | NoEdit:
    """Put `name: text` on a line of its own below `after`."""
    leaf = _leaf(after.node)
    last = after.last
    open_end = keeps_blank_lines(page, after.node) or not page.is_line(last + 1)
    if leaf is not None and leaf.style in ("literal", "folded") and open_end:
        return NoEdit(f"the text of {after.name} reaches up to where {name} would stand")
    indent = page.column(after.start)
    while _is_deeper_comment(page, last + 1, indent):
        last += 1
    before, behind = padding(page, after, len(name))
    end = page.line_end(last)
    line = f"{' ' * indent}{name}{before}:{behind}{text}"
    return [Edit(end, end, page.line_break(last) + line)]


def keeps_blank_lines(page: Page, node: Node) -> bool:
    """Return whether the blank lines below a value belong to it: it ends in a `|+` or `>+` text."""
    leaf = _leaf(node)
    if leaf is None or leaf.style not in ("literal", "folded"):
        return False
    header = page.text[leaf.start : page.source.line_end(leaf.start)]
    return "+" in header.partition("#")[0]


def _swallows(page: Page, before: Node, line: int) -> bool:
    """Return whether a block text above would go on at `line` if that came next."""
    leaf = _leaf(before)
    if leaf is None or leaf.style not in ("literal", "folded"):
        return False
    if page.is_blank(line) and keeps_blank_lines(page, before):
        return True
    while page.is_blank(line):
        line += 1
    return page.is_line(line) and page.source.line(line).startswith((" ", "\t"))


def _leaf(node: Node) -> Scalar | None:
    """Return the scalar that a value ends with."""
    while isinstance(node, (Sequence, Mapping)):
        if isinstance(node, Sequence):
            children = node.items
        else:
            children = tuple(item for _, item in node.pairs)
        if not children:
            return None
        node = children[-1]
    return node if isinstance(node, Scalar) else None


def _is_deeper_comment(page: Page, number: int, indent: int) -> bool:
    if not page.is_line(number):
        return False
    line = page.source.line(number)
    stripped = line.lstrip(" \t")
    return stripped.startswith("#") and len(line) - len(stripped) > indent

"""Values and comments that stand below each other stay so, where the file shows that they do."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.edits.page import Page, Pair
    from ftlint.syntax.nodes import Comment


def lead(page: Page, pair: Pair) -> tuple[str, str] | None:
    """Return what stands between key and colon and between colon and value, on one line."""
    between = page.text[pair.key.end : pair.value_start]
    before, colon, behind = between.partition(":")
    return (before, behind) if colon and not (before + behind).strip(" ") else None


def realigned(page: Page, pair: Pair, size: int) -> tuple[str, str] | None:
    """Return the spaces around the colon that keep the value in its column.

    `size` is the length of the new key. None when the value lines up with no neighbour's.
    """
    spaces = lead(page, pair)
    column = page.column(pair.value_start)
    if spaces is None or pair.value_start == pair.end:
        return None
    if not any(
        page.column(other.value_start) == column
        and other.key.end - other.start != pair.key.end - pair.start
        for other in _neighbours(page, pair)
    ):
        return None
    before, behind = spaces
    room = len(before) + len(behind) + (pair.key.end - pair.start) - size
    if before:
        kept = min(len(behind), max(room, 1))
        return " " * max(room - kept, 0), " " * kept
    return "", " " * max(room, 1)


def padding(page: Page, beside: Pair, size: int) -> tuple[str, str]:
    """Return the spaces around the colon of a new key of `size` letters, put below `beside`."""
    spaces = lead(page, beside)
    if spaces is None or page.is_json:
        return "", " "
    aligned = realigned(page, beside, size)
    if aligned is not None:
        return aligned
    before, _ = spaces
    return (" " if before == " " else ""), " "


def comment_gap(page: Page, pair: Pair, growth: int) -> tuple[int, int, str] | None:
    """Return the edit that keeps the comment behind `pair` in its column.

    `growth` is by how much the line grows before it. None when nothing lines up with it.
    """
    comment = trailing(page, pair.last)
    if not growth or comment is None or comment.start < pair.end:
        return None
    gap = page.text[pair.end : comment.start]
    column = page.column(comment.start)
    others = (trailing(page, number) for number in (pair.first - 1, pair.last + 1))
    if gap.strip(" ") or not any(
        other is not None and page.column(other.start) == column for other in others
    ):
        return None
    least = min(len(gap), 2)
    return pair.end, comment.start, " " * max(len(gap) - growth, least)


def trailing(page: Page, number: int) -> Comment | None:
    """Return the comment that follows something on a line."""
    if not page.is_line(number):
        return None
    start, end = page.line_start(number), page.line_end(number)
    for comment in page.comments(start, end):
        if page.text[start : comment.start].strip(" \t"):
            return comment
    return None


def _neighbours(page: Page, pair: Pair) -> Iterator[Pair]:
    """Yield the pairs on the lines right above and below that take one line each."""
    for index, line in ((pair.place - 1, pair.first - 1), (pair.place + 1, pair.last + 1)):
        if 0 <= index < len(page.pairs):
            other = page.pairs[index]
            if other is not None and other.first == other.last == line and lead(page, other):
                yield other

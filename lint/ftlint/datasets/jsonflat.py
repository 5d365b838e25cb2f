"""Count the elements of an array of flat objects by their opening braces alone.

Following strings and brackets through a file means to look at every byte of it. Where no object
holds another one, the braces are enough, and they can be searched for at the speed of memory:

- A brace that opens an object is followed by a quote, a closing brace or blanks; every other one
  is text within a string.
- When a quote follows, and after it a character that cannot come after a string (a blank, a comma,
  a colon or a closing bracket can), then that quote starts a key: the brace does open an object.
- What stands between that brace and the string before it is outside of strings as well. If it is a
  closing brace and a comma, the object follows another one in the same array.
- If that is so for every object but the first, they all are elements of the one array.

Anything else, and whatever stays undecided, is left to `jsonscan`.
"""

from __future__ import annotations

from ftlint.datasets.parallel import cut, read_at, shares, spread
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.support.disk import Disk

BLOCK = 1 << 17
NEAR = 1 << 20  # bytes in which a row is looked for to start from
AHEAD = 256  # bytes that must be there after a brace to judge it
LONGEST = 16 << 20  # of a row; the start of the current one is kept for doubtful braces

_OPENS = pattern(rb'\{[ \t\r\n]*"[^ \t\r\n,:\]}]')
_DOUBTFUL = pattern(rb'\{[ \t\r\n]*["}]')
_FOLLOWS = pattern(rb'\}[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*"[^ \t\r\n,:\]}])')
_ENDS = pattern(rb"\}[ \t\r\n]*\][ \t\r\n]*\Z")
_ESCAPED = pattern(rb'\\["\\]')
_BLANK = b" \t\r\n"

_NOT_FLAT = -1
KNOWN = 100_000  # ways to write what is between two rows; a file has a few


def count_flat(path: str, start: int, size: int, disk: Disk) -> int | None:
    """Return the elements of the array that starts at `start`, None when they are not flat.

    Raises OSError.
    """
    with disk.open(path) as file:
        number = file.fileno()
        head, tail = (
            read_at(number, AHEAD, start + 1),
            read_at(number, AHEAD, max(start, size - AHEAD)),
        )
        first = len(head) - len(head.lstrip(_BLANK))
        if not _OPENS.match(head, first) or not _ENDS.search(tail):
            return None
        begin = start + 1 + first
        ranges = cut(begin, size, shares(size - start), lambda place: row_start(number, place))

    def work(begin: int, end: int) -> list[int]:
        return [_rows(path, begin, end, disk)]

    counts = [found[0] for found in spread(work, ranges)]
    return None if _NOT_FLAT in counts else sum(counts)


def row_start(number: int, place: int) -> int:
    """Return where an object starts that follows another one, from `place` on; -1: none is near."""
    found = _FOLLOWS.search(read_at(number, NEAR, place))
    return place + found.end() if found else -1


def _rows(path: str, begin: int, end: int, disk: Disk) -> int:
    """Return the objects that start in a range, the first right at its beginning."""
    rows, row, place = 1, 0, 0  # `row` is where the current one starts, `place` the last brace seen
    quotes, counted = 0, 0  # of the current row, up to where they have been counted
    known: set[bytes] = set()
    buffer = bytearray()
    find = buffer.find
    with disk.open(path) as file:
        file.seek(begin)
        while True:
            block = file.read(BLOCK)
            buffer += block
            limit = min(len(buffer) - AHEAD, end - begin) if block else end - begin
            brace = find(b"{", place + 1, max(limit, 0))
            while brace >= 0:
                place = brace
                after = buffer[brace + 1]  # the file ends with a brace and a bracket
                if after == 32:
                    after = buffer[brace + 2]
                if after <= 32 or after == 34 or after == 125:  # a blank, a quote, a brace
                    context = bytes(buffer[brace - 6 : brace + 10])
                    if context in known:
                        rows, row, quotes, counted = rows + 1, brace, 0, brace
                    elif _OPENS.match(buffer, brace):
                        if not _follows(buffer, brace):
                            return _NOT_FLAT
                        rows, row, quotes, counted = rows + 1, brace, 0, brace
                        if _told_by(context):
                            known.add(context)
                    elif not buffer[brace + 1 : brace + AHEAD].lstrip(_BLANK):
                        return _NOT_FLAT
                    elif _DOUBTFUL.match(buffer, brace):
                        quotes += _ESCAPED.sub(b"", buffer[counted:brace]).count(b'"')
                        counted = brace
                        if quotes % 2 == 0:
                            return _NOT_FLAT
                brace = find(b"{", brace + 1, limit)
            if not block or begin + limit >= end:  # a range ends with a row, and so with no string
                quotes += _ESCAPED.sub(b"", buffer[counted : end - begin]).count(b'"')
                return _NOT_FLAT if quotes % 2 else rows
            if len(buffer) - row > LONGEST or len(known) > KNOWN:
                return _NOT_FLAT
            keep = max(row - AHEAD, 0)
            del buffer[:keep]
            begin, row, counted = begin + keep, row - keep, counted - keep
            place = max(place, limit - 1) - keep


def _follows(buffer: bytearray, brace: int) -> bool:
    """Return whether a brace outside of strings stands behind a closing one and a comma."""
    comma = _back(buffer, brace)
    return buffer[comma] == 44 and buffer[_back(buffer, comma)] == 125


def _back(buffer: bytearray, place: int) -> int:
    """Return the place of the last byte before `place` that is not blank; rows start with one."""
    place -= 1
    while buffer[place] in _BLANK and place > 0:
        place -= 1
    return place


def _told_by(context: bytes) -> bool:
    """Return whether these bytes around a brace, the seventh of them, show that it starts a row."""
    before = context[:6].rstrip(_BLANK)
    return (
        before.endswith(b",")
        and before[:-1].rstrip(_BLANK).endswith(b"}")
        and _OPENS.match(context, 6) is not None
    )

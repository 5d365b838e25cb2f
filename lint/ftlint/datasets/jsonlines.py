"""Count the rows of a file that has one object a line.

Per line there is little more than the search for its end, so what counts is how the bytes get
here: mapped memory saves a copy of them. But a file that is cut short while it is mapped kills the
process that looks at it. So only children map it; the share of one that died is read here instead.
"""

from __future__ import annotations

import os

from ftlint.datasets.parallel import blocks, cut, line_end, shares, spread
from ftlint.support.pattern import pattern

WINDOW = 1 << 18  # bytes that are read at a time
MAPPED = 16 << 20  # bytes that are mapped at a time
LONGEST = 16 << 20  # of a line

_BLANK = b" \t\r\n"
_GLUED = pattern(rb"\}[ \t\r]*\{")
_NOT_LINES = -1


def count_lines(number: int, start: int, size: int) -> int | None:
    """Return the rows when every line is blank or starts with { and ends with }, else None."""
    ranges = cut(start, size, shares(size - start), lambda place: _line_end(number, place, size))
    parent = os.getpid()

    def work(begin: int, end: int) -> list[int]:
        read = os.getpid() == parent
        return [_rows(number, begin, end, mapped=not read)]

    if len(ranges) > 1:
        ranges.insert(0, (start, start))  # for this process, which has nothing to do but wait
    counts = [found[0] for found in spread(work, ranges)]
    return None if _NOT_LINES in counts else sum(counts)


def _rows(number: int, start: int, end: int, *, mapped: bool) -> int:
    """Return the lines that look like one object, or -1 at the first that does not."""
    count, step = (_in_mapped, MAPPED) if mapped else (_in_read, WINDOW)
    rows = 0
    while start < end:
        stop = end if end - start <= step else _line_end(number, start + step, end)
        more = _NOT_LINES if stop < 0 else count(number, start, stop)
        if more < 0:
            return _NOT_LINES
        rows, start = rows + more, stop
    return rows


def _line_end(number: int, place: int, end: int) -> int:
    """Return the place behind the line that goes on at `place`, -1 where it is too long to hold."""
    limit = min(place + LONGEST, end)
    found = line_end(number, place, limit)
    return end if found < 0 and limit == end else found


def _in_mapped(number: int, start: int, stop: int) -> int:
    import mmap

    first = start - start % mmap.PAGESIZE
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    length, rows = stop - first, 0
    with mmap.mmap(number, length, flags=flags, prot=mmap.PROT_READ, offset=first) as window:
        window.seek(start - first)
        line = b""
        try:
            for line in iter(window.readline, b""):
                if line[0] == 123 and line[-2] == 125:  # {, }, and what is taken for a line end
                    rows += 1
                    continue
                more = _row(line)
                if more < 0:
                    return _NOT_LINES
                rows += more
        except IndexError:  # a last line of one brace
            return _NOT_LINES
    # The last line of a file may have no end.
    return rows if line.endswith(b"\n") or _row(line) >= 0 else _NOT_LINES


def _in_read(number: int, start: int, stop: int) -> int:
    block = b"".join(blocks(number, start, stop, stop - start))
    rows = begin = 0
    find = block.find
    end = find(b"\n")
    while end >= 0:
        if block[begin] == 123 and block[end - 1] == 125:
            rows += 1
        else:
            more = _row(block[begin:end])
            if more < 0:
                return _NOT_LINES
            rows += more
        begin = end + 1
        end = find(b"\n", begin)
    more = _row(block[begin:])
    return rows + more if more >= 0 else _NOT_LINES


def _row(line: bytes) -> int:
    """Return 1 for a line that looks like an object, 0 for a blank one, -1 for anything else."""
    line = line.strip(_BLANK)
    if not line:
        return 0
    return 1 if line[0] == 123 and line[-1] == 125 else _NOT_LINES


def maybe_glued(number: int, size: int) -> bool:
    """Return whether one brace closes and another opens on one line: two rows, or text."""
    last = b""
    for block in blocks(number, 0, size, WINDOW):
        if _GLUED.search(block) or _GLUED.search(last + block[:256]):
            return True
        last = block[-256:]
        if not last.strip(b" \t\r"):
            return True  # too long a gap to look back over
    return False

"""Count JSON values without parsing them, at the speed of bytes methods.

Nothing is kept but one block of the file. A row is an object: an element of the one array that a
file holds, or one of the objects that follow each other. Source for what loads as what: datasets
`packaged_modules/json/json.py` (3.6, 4.0), pyarrow `json` (rapidjson, one value after the other).

It stays beside `jsonload`, which parses: that takes eight times as long (0.7 against 0.1 seconds
over 68 MiB), and data of a gigabyte would not be counted within a file's ten seconds.
"""

from __future__ import annotations

import os
from array import array
from itertools import accumulate

from ftlint.datasets.faults import BOM_AND_ARRAY, LAST_COMMA
from ftlint.datasets.jsonflat import count_flat, row_start
from ftlint.datasets.jsonlines import count_lines, maybe_glued
from ftlint.datasets.parallel import blocks, cut, line_end, read_at, shares, spread
from ftlint.datasets.rowcount import BOM, RowCount
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.support.disk import Disk

BLOCK = 1 << 16  # with what is made of it, it stays in the cache and on the heap
NEAR = 1 << 20  # bytes in which a scan looks for a place to start from
PROVED = 64 << 20  # up to here it is also proved that no line holds two objects

_BLANK = b" \t\r\n"
_ESCAPED = pattern(rb'\\["\\]')
_COMMA = pattern(rb",[ \t\r\n]*\][ \t\r\n]*\Z")
# Brackets become steps up and down, quotes stay, and all else is deleted.
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_OTHER = bytes(set(range(256)) - set(b'{[}]"'))
_LEVEL = 128  # of the 256 that a byte can say, where each block starts
_OUTWARD = sorted(range(256), key=lambda level: abs(level - _LEVEL))

ONE_A_LINE = "one object a line, as every line starts with a brace and ends with one"


def count_json(path: str, disk: Disk) -> RowCount:
    """Return the rows of a .json or .jsonl file, whichever of the two it is inside.

    Raises OSError when the file cannot be read.
    """
    with disk.open(path) as file:
        number = file.fileno()
        size = os.fstat(number).st_size
        first, start = _first(number, size)
        if first == b"[" and read_at(number, len(BOM), 0) == BOM:
            return RowCount(None, BOM_AND_ARRAY)
        if first == b"[" and _COMMA.search(read_at(number, NEAR, max(size - NEAR, 0))):
            return RowCount(None, LAST_COMMA)
        if first == b"[":
            flat = count_flat(path, start, size, disk)
            return _array(number, start, size) if flat is None else RowCount(flat)
        if first != b"{":
            return RowCount(None, "holds no JSON object" if first else "is empty")
        rows = count_lines(number, start, size)
        if rows is not None and size <= PROVED and not maybe_glued(number, size):
            return RowCount(rows)
        if rows is not None and size > PROVED:
            return RowCount(rows, assumption=ONE_A_LINE)
        return _values(number, start, size)


def _first(number: int, size: int) -> tuple[bytes, int]:
    """Return the first byte that is not blank, and where it is."""
    place = len(BOM) if read_at(number, 3, 0) == BOM else 0
    while place < size:
        block = read_at(number, BLOCK, place)
        text = block.lstrip(_BLANK)
        if text:
            return text[:1], place + len(block) - len(text)
        if not block:
            break
        place += len(block)
    return b"", place


# Brackets ---------------------------------------------------------------------------------------


class _Depths(NamedTuple):
    """How often each depth was reached, relative to the start of the scan."""

    reached: dict[int, int]
    end: int
    in_string: bool


def _values(number: int, start: int, size: int) -> RowCount:
    found = _scan(number, start, size)
    if isinstance(found, str):
        return RowCount(None, found)
    if found.end or found.in_string or min(found.reached) < 0:
        return RowCount(None, "is not valid JSON: a value does not end")
    return RowCount(_closed(found, 0))


def _array(number: int, start: int, size: int) -> RowCount:
    found = _scan(number, start, size)
    if isinstance(found, str):
        return RowCount(None, found)
    if found.end or found.in_string or min(found.reached) < 0:
        return RowCount(None, "is not valid JSON: the array does not end")
    if _closed(found, 0) > 1:
        return RowCount(None, "holds more than one array")
    rows = _closed(found, 1)
    if not rows and any(block.strip(b"[] \t\r\n") for block in blocks(number, start, size, BLOCK)):
        return RowCount(None, "is an array of values that are not objects")
    return RowCount(rows)


def _scan(number: int, start: int, size: int) -> _Depths | str:
    """Follow brackets and strings from `start` to the end of the file."""

    def work(begin: int, end: int) -> list[int]:
        return _flat(_depths(blocks(number, begin, end, BLOCK)))

    ranges = cut(start, size, shares(size - start), lambda place: _outside(number, place, size))
    parts = [_unflat(found) for found in spread(work, ranges)]
    reached: dict[int, int] = {}
    depth = 0
    last = _Depths(reached, 0, False)
    for part in parts:
        if part is None:
            return "nests its values too deep to be counted"
        for level, times in part.reached.items():
            reached[depth + level] = reached.get(depth + level, 0) + times
        depth += part.end
        last = part
    return _Depths(reached, depth, last.in_string) if reached else "holds no JSON object"


def _outside(number: int, place: int, end: int) -> int:
    """Return a place from `place` on that is in no string, -1 when none is found.

    A line never ends inside a JSON string; a row that follows another is told by its first quote.
    """
    found = line_end(number, place, min(place + NEAR, end))
    return found if found >= 0 else row_start(number, place)


def _depths(parts: Iterator[bytes]) -> _Depths | None:
    reached: dict[int, int] = {}
    depth, in_string, held = 0, False, b""
    for block in parts:
        text = held + block if held else block
        if text.endswith(b"\\"):  # whether it escapes is seen with what follows
            held = text[len(text.rstrip(b"\\")) :]
            text = text[: -len(held)]
        else:
            held = b""
        if b"\\" in text:
            text = _ESCAPED.sub(b"", text)
        marks = text.translate(_STEPS, _OTHER)
        if in_string:
            marks = b'"' + marks
        # A pair of neighbouring quotes changes nothing about what else is inside a string.
        pieces = marks.replace(b'""', b"").split(b'"')
        in_string = len(pieces) % 2 == 0
        steps = b"".join(pieces[::2])
        if not steps:
            continue
        try:
            levels = bytes(accumulate(array("b", steps), initial=_LEVEL))
        except ValueError:  # more than 127 up or down within a block
            return None
        after = levels[1:]
        left = len(after)
        for level in _OUTWARD:
            times = after.count(level)
            if times:
                place = depth + level - _LEVEL
                reached[place] = reached.get(place, 0) + times
                left -= times
                if not left:
                    break
        depth += levels[-1] - _LEVEL
    return _Depths(reached, depth, in_string)


def _flat(depths: _Depths | None) -> list[int]:
    if depths is None:
        return []
    pairs = [number for pair in depths.reached.items() for number in pair]
    return [depths.end, int(depths.in_string), *pairs]


def _unflat(numbers: list[int]) -> _Depths | None:
    if not numbers:
        return None
    return _Depths(dict(zip(numbers[2::2], numbers[3::2])), numbers[0], bool(numbers[1]))


def _closed(depths: _Depths, level: int) -> int:
    """Return how many brackets close down to `level`, for a scan that starts and ends at 0.

    A depth is reached from below by an opening bracket and from above by a closing one, and each
    bracket that opens from a depth closes to it again.
    """
    closed = 0
    for depth in range(level + 1):
        closed = depths.reached.get(depth, 0) - closed  # those that opened into this depth
    return closed

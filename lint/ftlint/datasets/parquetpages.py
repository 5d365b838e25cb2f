"""The pages of a Parquet file, as far as their heads tell a file that is damaged.

Source: apache/parquet-format `README.md` and `parquet.thrift`.
"""

from __future__ import annotations

from ftlint.datasets.thrift import I32, Compact
from ftlint.datasets.thrift import STRUCT as FIELDS
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

_PAGE_TYPES = {0: (5, 4, (2, 3, 4)), 2: (7, 2, (2,)), 3: (8, 6, (4,))}
"""Of a type of page: the field with its own head, how many numbers that needs, which are codes."""
_LAST_ENCODING = 31  # 9 in 2.12 of the format
PAGE_HEAD = 16 << 10  # bytes that hold the head of a page and its statistics


class Chunk(NamedTuple):
    """Where the values of a column are; `nulls` is -1 where they are not told."""

    path: tuple[str, ...]
    nulls: int
    start: int
    length: int


def is_broken(file: BinaryIO, chunk: Chunk, end: int) -> bool:
    """Return whether the first two pages of a column cannot be where they are said to be."""
    place, stop = chunk.start, chunk.start + chunk.length
    if not 0 <= place <= stop <= end:
        return True
    for _ in range(2):
        if place >= stop:
            break
        file.seek(place)
        head = Compact(file.read(PAGE_HEAD))
        try:
            place += _page_length(head) + head.place
        except (IndexError, ValueError):
            return True
    return False


def _page_length(head: Compact) -> int:
    """Return the bytes of a page behind its head. Raises IndexError and ValueError."""
    found, inside = _numbers(head)
    needed = {1, 2, 3}  # the type of the page, its bytes before and after compression
    if not needed <= found.keys() or min(found[2], found[3]) < 0:
        raise ValueError("no type or no length")
    own, fields, codes = _PAGE_TYPES.get(found[1], (0, 0, ()))
    if own:
        numbers = inside.get(own, {})
        if not set(range(1, fields + 1)) <= numbers.keys():
            raise ValueError("not all about its values")
        if not all(0 <= numbers[code] <= _LAST_ENCODING for code in codes):
            raise ValueError("no encoding")
    return found[3]


def _numbers(head: Compact, depth: int = 0) -> tuple[dict[int, int], dict[int, dict[int, int]]]:
    """Return the numbers of a struct, and those of each struct in it."""
    found: dict[int, int] = {}
    inside: dict[int, dict[int, int]] = {}
    for field, kind in head.fields():
        if kind == I32:
            found[field] = head.integer()
        elif kind == FIELDS and not depth:
            inside[field] = _numbers(head, 1)[0]
        else:
            head.skip(kind)
    return found, inside

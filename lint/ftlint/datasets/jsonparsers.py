"""What pyarrow's parser of JSON lines and pandas' of arrays refuse, told by Python's own."""

from __future__ import annotations

import json

from ftlint.datasets.faults import Doubtful, NotLoadable
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.datasets.jsonload import Row


class Odd(Exception):
    """What Arrow rejects in a value that is JSON; the text follows where it stands."""


def _unique(pairs: list[tuple[str, object]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Odd(f"an object has `{twice}` twice, which the loader rejects: keep one of them")
    return row


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Odd(f"the number {text[:20]} is too large for the loader")
    return number


def _word(text: str) -> int | float:
    """Return an integer of pyarrow, which goes on with floats where 64 bits end."""
    if len(text) < 19 or (len(text) < 30 and -(1 << 63) <= int(text) < 1 << 63):
        return int(text)  # Python itself reads no number of more than 4300 digits
    return float(text) if len(text) < 300 else float("inf")


STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_int=_word)
"""Takes what pyarrow takes. Raises Odd."""


def is_strict(raw: str) -> bool:
    """Return whether Python's parser takes it without being told to be lenient."""
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True


def _halves(value: object) -> str:
    """Return the characters that are halves of a pair."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character for character in text if "\ud800" <= character <= "\udfff")


def refuse_halves(value: object, where: str) -> None:
    """Refuse half of a surrogate pair. Raises NotLoadable."""
    if _halves(value):
        raise NotLoadable(f"has half a character (a lone \\u{ord(_halves(value)[0]):x}) in {where}")


def refuse_odd_characters(value: object, raw: str, where: str) -> None:
    """Refuse what pandas and Arrow do not take. Raises NotLoadable and Doubtful."""
    if "\0" in raw:
        raise NotLoadable(f"has a NUL in {where}")
    halves = _halves(value)
    if halves and all(half >= "\udc00" for half in halves):
        raise NotLoadable(f"has half a character (a lone \\u{ord(halves[0]):x}) in {where}")
    if halves:
        raise Doubtful(f"has half a character (a lone \\u{ord(halves[0]):x}) in {where}")

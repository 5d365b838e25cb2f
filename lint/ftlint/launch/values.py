"""What variables hold and words become, as far as a script says it.

A text holds `UNKNOWN` where something is put in that only the run can tell. Every character keeps
the place in the script where it is written.
"""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNKNOWN = "\0"
BLANK = " \t\n"


class Scalar(NamedTuple):
    """A text, and where each of its characters stands.

    `assumed` are the sentences on what was taken for granted on the way to it.
    """

    text: str
    at: Sequence[int]
    assumed: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Return whether all of it is known."""
        return UNKNOWN not in self.text


class Field(NamedTuple):
    """One word that a program is handed, written from `start` to `end`."""

    value: Scalar
    start: int
    end: int
    quoted: bool = True
    """Whether it is one word whatever its unknown parts are."""

    @property
    def text(self) -> str:
        """Its text, with gaps."""
        return self.value.text

    @property
    def known(self) -> bool:
        """Return whether all of it is known."""
        return UNKNOWN not in self.value.text


class Array(NamedTuple):
    """Words by their index or key, in the order in which they were written."""

    items: tuple[tuple[str, Field], ...]
    assumed: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The words."""
        return tuple(field for _, field in self.items)


if TYPE_CHECKING:
    from typing import Union

    Value = Union[Scalar, Array]

NOTHING = Scalar("", ())


def gap(start: int, assumed: tuple[str, ...] = ()) -> Scalar:
    """Return a value of which nothing is known."""
    return Scalar(UNKNOWN, (start,), assumed)


def joined(values: Iterable[Scalar]) -> Scalar:
    """Return values one behind the other."""
    values = tuple(values)
    if len(values) == 1:
        return values[0]
    return Scalar(
        "".join(one.text for one in values),
        [place for one in values for place in one.at],
        tuple(dict.fromkeys(why for one in values for why in one.assumed)),
    )


def part_of(value: Scalar, start: int, end: int) -> Scalar:
    """Return a stretch of a value."""
    return Scalar(value.text[start:end], value.at[start:end], value.assumed)


def split(value: Scalar) -> list[Scalar]:
    """Return the words of a value that stands outside of quotes."""
    return [part_of(value, *found.span()) for found in re.finditer(f"[^{BLANK}]+", value.text)]


def field_of(value: Scalar, start: int) -> Field:
    """Return a word that lies where its characters do; `start` is where nothing tells."""
    if not value.at:
        return Field(value, start, start)
    return Field(value, value.at[0], value.at[-1] + 1)


def matches(text: str, pattern: str) -> bool | None:
    """Return whether a text matches a pattern of the shell; None where that is not known."""
    from fnmatch import fnmatchcase

    if pattern == "*":
        return True
    if UNKNOWN in text or UNKNOWN in pattern:
        return None
    return fnmatchcase(text, pattern)


def without(value: Scalar, pattern: str, operator: str) -> Scalar | None:
    """Return `${V#pattern}` and its kin; None where that is not known."""
    if UNKNOWN in pattern:
        return None
    text, longest = value.text, len(operator) == 2
    size = len(text)
    ends = range(size, -1, -1) if longest else range(size + 1)
    for count in ends:
        cut = (0, count) if operator[0] == "#" else (size - count, size)
        found = matches(text[cut[0] : cut[1]], pattern)
        if found is None:
            return None
        if found:
            rest = (count, size) if operator[0] == "#" else (0, size - count)
            return part_of(value, *rest)
    return value


_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.(-?\d{1,3}))?")


def braces(text: str) -> list[str] | None:
    """Return what brace expansion makes of a plain word; None where it makes nothing of it."""
    found = _BRACES.search(text)
    if found is None:
        return None
    numbers = _RANGE.fullmatch(found[1])
    if numbers is not None:
        first, last = int(numbers[1]), int(numbers[2])
        step = abs(int(numbers[3] or 1)) or 1
        if abs(last - first) // step > 200:
            return None
        width = len(numbers[1]) if numbers[1].startswith("0") else 0
        span = range(first, last + 1, step) if last >= first else range(first, last - 1, -step)
        choices = [f"{number:0{width}d}" for number in span]
    elif "," in found[1]:
        choices = found[1].split(",")
    else:
        return None
    made: list[str] = []
    for choice in choices:
        one = text[: found.start()] + choice + text[found.end() :]
        made += braces(one) or [one]
    return made


_NUMBER = re.compile(r"[0-9]{1,12}")
_SUM = re.compile(r"[0-9\s()+*/%<>=!&|-]*")


def calculated(text: str) -> int | None:
    """Return the number that arithmetic with numbers alone gives; None where that is not known."""
    if not _SUM.fullmatch(text) or len(text) > 200 or "**" in text or "<<" in text:
        return None
    if any(len(number) > 1 and number.startswith("0") for number in _NUMBER.findall(text)):
        return None  # octal
    import ast

    try:
        tree = ast.parse(text.strip().replace("&&", " and ").replace("||", " or "), mode="eval")
        return _of_node(tree.body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _of_node(node: object) -> int:
    import ast

    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_of_node(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _of_node(node.left), _of_node(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        if isinstance(node.op, ast.Div):
            return quotient
        if isinstance(node.op, ast.Mod):
            return left - quotient * right
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = _of_node(node.left), _of_node(node.comparators[0])
        compare = {
            ast.Lt: left < right, ast.Gt: left > right, ast.LtE: left <= right,
            ast.GtE: left >= right, ast.Eq: left == right, ast.NotEq: left != right,
        }.get(type(node.ops[0]))  # fmt: skip
        if compare is not None:
            return int(compare)
    raise ValueError("not a sum")

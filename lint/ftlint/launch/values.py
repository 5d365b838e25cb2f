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
HERE = UNKNOWN + "\1"
"""The folder of the script, wherever that is: `$(dirname "$0")`."""
BLANK = " \t\n"
LONGEST = 1 << 18
"""Characters of a value that is put together; a longer one is not followed."""
MANY = 1 << 12
"""Words of an array, or that braces make of one."""


class ShellString(NamedTuple):
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

    value: ShellString
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

    Value = Union[ShellString, Array]

NOTHING = ShellString("", ())


def is_placed(text: str) -> bool:
    """Return whether a path begins in the script's folder and is known from there."""
    return text.startswith(HERE) and UNKNOWN not in text[1:]


def beside(name: str, folder: str | None) -> str | None:
    """Return a file that is named in a folder; None where that is not known."""
    if folder and not name.startswith(("/", UNKNOWN)):
        name = f"{folder}/{name}"
    known = UNKNOWN not in name and folder is not None
    return name if known or is_placed(name) else None


def gap(start: int, assumed: tuple[str, ...] = ()) -> ShellString:
    """Return a value of which nothing is known."""
    return ShellString(UNKNOWN, (start,), assumed)


def joined(values: Iterable[ShellString]) -> ShellString:
    """Return values one behind the other."""
    values = tuple(values)
    if len(values) == 1:
        return values[0]
    if sum(len(one.text) for one in values) > LONGEST:
        return gap(next(one.at[0] for one in values if one.at))
    return ShellString(
        "".join(one.text for one in values),
        [place for one in values for place in one.at],
        tuple(dict.fromkeys(why for one in values for why in one.assumed)),
    )


def part_of(value: ShellString, start: int, end: int) -> ShellString:
    """Return a stretch of a value."""
    return ShellString(value.text[start:end], value.at[start:end], value.assumed)


def split(value: ShellString, blank: str = BLANK) -> list[ShellString]:
    """Return the words of a value that stands outside of quotes; `blank` ends words."""
    words = re.finditer(f"[^{blank}]+" if blank else r"(?s).+", value.text)
    return [part_of(value, *found.span()) for found in words]


def field_of(value: ShellString, start: int) -> Field:
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


def without(value: ShellString, pattern: str, operator: str) -> ShellString | None:
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


_RANGE = re.compile(r"(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.(-?\d{1,3}))?")


def braces(text: str) -> list[str] | None:
    """Return what brace expansion makes of a plain word; None where it makes nothing of it.

    One word that is not known stands for more of them than are followed.
    """
    if text.count("{") > 32:
        return [UNKNOWN]
    made = _expanded(text)
    if made == [text]:
        return None
    return [one for one in made if one] if len(made) < MANY else [UNKNOWN]


def _expanded(text: str) -> list[str]:
    """Return the words, up to `MANY` of them."""
    for place in (found.start() for found in re.finditer(r"\{", text)):
        inner = _inside(text, place)
        choices = None if inner is None else _choices(inner)
        if inner is None or choices is None:
            continue
        behind = _expanded(text[place + sum(map(len, inner)) + len(inner) + 1 :])
        made: list[str] = []
        for choice in choices:
            made += (text[:place] + choice + one for one in behind)
            if len(made) >= MANY:
                return made[:MANY]
        return made
    return [text]


def _inside(text: str, start: int) -> list[str] | None:
    """Return what stands between commas in the braces that open here; None: they do not close."""
    depth, begin, parts = 0, start + 1, []
    for place in range(start, len(text)):
        char = text[place]
        if char == "{":
            depth += 1
        elif char == "," and depth == 1:
            parts.append(text[begin:place])
            begin = place + 1
        elif char == "}":
            depth -= 1
            if not depth:
                return [*parts, text[begin:place]]
    return None


def _choices(inner: Sequence[str]) -> list[str] | None:
    if len(inner) > 1:
        return [one for part in inner for one in _expanded(part)]
    letters = re.fullmatch(r"([a-z])\.\.([a-z])", inner[0])
    if letters is not None:
        ends = ord(letters[1]), ord(letters[2])
        step = 1 if ends[0] <= ends[1] else -1
        return [chr(code) for code in range(ends[0], ends[1] + step, step)]
    numbers = _RANGE.fullmatch(inner[0])
    if numbers is None:
        return None
    first, last = int(numbers[1]), int(numbers[2])
    step = abs(int(numbers[3] or 1)) or 1
    if abs(last - first) // step >= MANY:
        return [UNKNOWN] * MANY
    padded = any(re.match(r"-?0\d", number) for number in (numbers[1], numbers[2]))
    width = max(len(numbers[1]), len(numbers[2])) if padded else 0
    span = range(first, last + 1, step) if last >= first else range(first, last - 1, -step)
    return [f"{number:0{width}d}" for number in span]


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

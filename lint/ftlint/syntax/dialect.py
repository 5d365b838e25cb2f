"""What the target's own loader makes of a plain scalar.

LLaMA Factory 0.9.0 to 0.9.2 load YAML with PyYAML's `safe_load`; 0.9.3 passes that through
OmegaConf's containers; from 0.9.4 `OmegaConf.load` reads the file with rules of its own. ruamel's
resolver agrees with none of them, so the patterns are stated here, in the loaders' own order.
"""

from __future__ import annotations

import re
from functools import cache

from ftschemas.named import NamedTuple


class Dialect(NamedTuple):
    """How one loader reads: which scalars are numbers or dates, and what it refuses."""

    name: str
    exponent_floats: bool
    """`1e-4` is a float (OmegaConf); PyYAML wants a point in it and reads text."""
    dates: bool
    """`2024-01-01` becomes a date object (PyYAML)."""
    containers: bool
    """Values pass through OmegaConf's containers, which take no dates, sets or null keys."""
    unique_keys: bool
    """A repeated key is refused (OmegaConf's loader); PyYAML lets the last one win."""
    tabs: bool
    """A tab may stand between tokens (libyaml, under OmegaConf); PyYAML's own scanner refuses."""


PYYAML = Dialect("PyYAML", False, True, False, False, False)
PYYAML_CONTAINERS = Dialect("PyYAML into OmegaConf", False, True, True, False, False)
OMEGACONF = Dialect("OmegaConf", True, False, True, True, True)


class BadScalar(NamedTuple):
    """A scalar the loader takes for a number or date and then cannot convert: it raises."""

    kind: str
    reason: str


def resolve(text: str, dialect: Dialect) -> object:
    """Return the value of a plain scalar: None, bool, int, float, str, date, or `Malformed`.

    >>> resolve("1e-4", PYYAML), resolve("1e-4", OMEGACONF), resolve("no", OMEGACONF)
    ('1e-4', 0.0001, False)
    """
    head = text[:1]
    if head in _NUMBER_HEADS:
        if text.isdecimal() and text.isascii() and (head != "0" or text == "0") and len(text) < 20:
            return int(text)  # most numbers by far, and worth no pattern
        return _number(text, dialect)
    if head in _WORD_HEADS and text in WORDS:
        return WORDS[text]
    if text in _OPERATORS:
        return BadScalar("value", f"`{text}` alone is a YAML operator, not a string: quote it")
    return text


def looks_numeric(text: str) -> bool:
    """Return whether any dialect would read `text` as a number."""
    value = resolve(text.strip(), OMEGACONF)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_OPERATORS = frozenset(["=", "<<", "!", "&", "*"])
_NUMBER_HEADS = frozenset("-+0123456789.")
_WORD_HEADS = frozenset(["", *"yYnNtTfFoO~"])
WORDS_OF_TRUTH = {
    "yes": True, "true": True, "on": True,
    "no": False, "false": False, "off": False,
}  # fmt: skip
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **{
        spelling: truth
        for word, truth in WORDS_OF_TRUTH.items()
        for spelling in (word, word.capitalize(), word.upper())
    },
}


@cache
def _float() -> re.Pattern[str]:
    return re.compile(
        r"""(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?
        |\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
        |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
        |[-+]?\.(?:inf|Inf|INF)
        |\.(?:nan|NaN|NAN))\Z""",
        re.X,
    )


@cache
def _exponent_float() -> re.Pattern[str]:
    return re.compile(
        r"""(?:[-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?[0-9]+(?:_[0-9]+)*[eE][-+]?[0-9]+)\Z""",
        re.X,
    )


@cache
def _int() -> re.Pattern[str]:
    return re.compile(
        r"""[-+]?(?:0b[01_]+|0[0-7_]+|(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F_]+
        |[1-9][0-9_]*(?::[0-5]?[0-9])+)\Z""",
        re.X,
    )


@cache
def _date() -> re.Pattern[str]:
    return re.compile(
        r"""[0-9]{4}-[0-9]{2}-[0-9]{2}\Z
        |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?
         (?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?\Z""",
        re.X,
    )


@cache
def _date_parts() -> re.Pattern[str]:
    return re.compile(
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
        r"(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?"
        r"(?:[ \t]*(?:(Z)|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?\Z"
    )


def _number(text: str, dialect: Dialect) -> object:
    if _is_common_float(text):
        return float(text)
    if _float().match(text):
        return to_float(text)
    if _int().match(text):
        try:
            return to_int(text)
        except ValueError:
            return BadScalar("int", "it has no digits, or more than Python reads")
    if dialect.dates and _date().match(text):
        return to_date(text)
    if dialect.exponent_floats and _exponent_float().match(text):
        return float(text.replace("_", ""))
    return text


def _is_common_float(text: str) -> bool:
    """Return whether text is a float to every loader and as most are written, `0.1` or `1.0e-4`.

    They are worth no pattern, which takes longer to build than all else that is done with them.
    """
    mantissa, mark, exponent = text.partition("e")
    whole, point, digits = mantissa.partition(".")
    if not (point and whole.isdecimal() and digits.isdecimal() and text.isascii()):
        return False
    return not mark or (exponent[:1] in ("+", "-") and exponent[1:].isdecimal())


LONGEST_INT = 3500
"""Digits of a number, in any base: Python turns no number of more than 4300 decimals into text."""


def to_int(text: str) -> int:
    """Convert as PyYAML does: 0b, 0x, a leading 0 for octal, colons for sixties."""
    digits = text.replace("_", "")
    if len(digits) > LONGEST_INT:
        raise ValueError("too many digits")
    sign = -1 if digits[0] == "-" else 1
    digits = digits[1:] if digits[0] in "+-" else digits
    if digits == "0":
        return 0
    if digits.startswith("0b"):
        return sign * int(digits[2:], 2)
    if digits.startswith("0x"):
        return sign * int(digits[2:], 16)
    if digits[0] == "0":
        return sign * int(digits, 8)
    if ":" in digits:
        total = 0
        for part in digits.split(":"):
            total = total * 60 + int(part)
        return sign * total
    return sign * int(digits)


def to_float(text: str) -> float:
    """Convert as PyYAML does: .inf, .nan, colons for sixties."""
    digits = text.replace("_", "").lower()
    sign = -1.0 if digits[0] == "-" else 1.0
    digits = digits[1:] if digits[0] in "+-" else digits
    if digits == ".inf":
        return sign * float("inf")
    if digits == ".nan":
        return float("nan")
    if ":" in digits:
        return sign * _sexagesimal(digits)
    return sign * float(digits)


def _sexagesimal(digits: str) -> float:
    """Read `1:30` as 90: YAML 1.1 counts colons in sixties."""
    total = 0.0
    for part in digits.split(":"):
        total = total * 60 + float(part)
    return total


def to_date(text: str) -> object:
    """Return the date or datetime that PyYAML makes of `text`."""
    import datetime

    parts = _date_parts().match(text)
    if parts is None:
        return BadScalar("date", "it is not a date")
    year, month, day, hour, minute, second, fraction, utc, sign, hours, minutes = parts.groups()
    try:
        if hour is None:
            return datetime.date(int(year), int(month), int(day))
        zone = datetime.timezone.utc if utc else None
        if sign:
            offset = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = datetime.timezone(-offset if sign == "-" else offset)
        return datetime.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second),
            int((fraction or "0")[:6].ljust(6, "0")), zone,
        )  # fmt: skip
    except ValueError as error:
        return BadScalar("date", str(error))

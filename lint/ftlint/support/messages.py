"""Message templates to sentences."""

from __future__ import annotations

from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELD = pattern(r"\{([A-Za-z_$][\w.$]*)\}")
LONGEST_WORD = 60
LONGEST = 400


def fill(template: str, values: Mapping[str, object]) -> str:
    """Replace each `{name}` by its value; a name without one stays, to be seen in tests."""
    return _FIELD.sub(
        lambda match: show(values[match[1]]) if match[1] in values else match[0], template
    )


def listed(names: Sequence[str]) -> str:
    """Return names in backticks, the first few of many.

    >>> listed(["a"]), listed(["a", "b"])
    ('`a`', '`a` and `b`')
    >>> listed(["a", "b", "c", "d", "e"])
    '`a`, `b` and 3 more'
    """
    shown, left = list(names[:3]), len(names) - 3
    if left > 0:
        shown, left = shown[:2], left + 1
    words = [*(f"`{name}`" for name in shown), *([f"{left} more"] if left > 0 else [])]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def first_of(names: Sequence[str], most: int) -> str:
    """Return the first names, with a mark where there are more.

    >>> first_of(["a", "b", "c"], 2)
    'a, b, …'
    """
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def plural(noun: str, number: float) -> str:
    """Return a noun as it stands behind a number.

    >>> plural("step", 1), plural("step", 0)
    ('step', 'steps')
    """
    return noun if number == 1 else f"{noun}s"


def in_general(template: str) -> str:
    """Return a template as it reads of no file: names in place of values.

    >>> in_general("write `$key: {facts.model_template}`")
    'write `<key>: <model_template>`'
    """
    names = _FIELD.sub(lambda match: f"<{match[1].rpartition('.')[2]}>", template)
    return names.replace("<$key>", "<value>").replace("$key", "<key>")


def sentence(text: str) -> str:
    """Return a remedy as the end of a message: a question has its mark already."""
    return text if text.endswith("?") else f"{text}."


def fields(template: str) -> list[str]:
    """Return the names that `template` asks for."""
    return _FIELD.findall(template)


def show(value: object) -> str:
    """Return a value as YAML would write it: short, on one line, nothing a terminal would obey."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, (list, tuple)):
        value = first_of([*map(show, value[:13])], 12)
    text = str(value)
    longest = LONGEST if " " in text[:LONGEST] else LONGEST_WORD
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return visible(" ".join(text.split()) if "\n" in text else text)


def format_float(value: float) -> str:
    """Return a float as configs have it, in a form that every YAML reader takes for one.

    >>> format_float(1e-5)  # which alone is text to YAML 1.1
    '1.0e-5'
    >>> format_float(0.0002), format_float(0.05)
    ('2.0e-4', '0.05')
    """
    text = repr(value)
    if text.lstrip("-") in ("inf", "nan"):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    if 0 < abs(value) < 1e-3:
        text = next(short for many in range(20) if float(short := f"{value:.{many}e}") == value)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+d}"


def visible(text: str) -> str:
    r"""Write out what does not print: controls, what reorders or hides text, odd spaces.

    >>> visible("a\x1b[31m\u200b")
    'a\\x1b[31m\\u200b'
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def shown_path(path: str) -> str:
    """Return a path for the head of a line, where a CI might take `::…` for a command to it."""
    shown = visible(path)
    return f"./{shown}" if shown.lstrip().startswith("::") else shown


def _escaped(letter: str) -> str:
    code = ord(letter)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

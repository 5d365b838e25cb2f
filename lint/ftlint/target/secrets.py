"""Secrets in the text of a config: where their values stand, and the text without them.

No message, excerpt, difference or kept result shows one. They are found in the text itself, since
that is what is shown, parsed or not: pairs of a name and a value in blocks, flow mappings, JSON and
shell, and credentials in an address.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ftlint.target.variables import is_secret, is_variable
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

STARS = "***"
SHORT = 6
"""A shorter value is looked for only in what is said of its own key: `true` is in many messages."""

_PAIR = re.compile(
    r"""(?x) (?P<name>["']?[\w.-]+["']?) [ \t]*[:=][ \t]*
    (?P<value> "(?:[^"\\\n]|\\.)*"? | '(?:[^'\n]|'')*'? | [^\s,\]}#][^\n]* )"""
)
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(?:\#.*)?\Z")
_ADDRESS = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")


class Secret(NamedTuple):
    """A value that is kept from view: the name it stands under, and where it is in the text."""

    name: str
    start: int
    end: int


@lru_cache(maxsize=4)
def secrets_in(text: str) -> tuple[Secret, ...]:
    """Return the secrets of a text, in their order."""
    found = [*_of_pairs(text), *(Secret("", *one.span(1)) for one in _ADDRESS.finditer(text))]
    return tuple(sorted(found, key=lambda one: one.start))


def _of_pairs(text: str) -> Iterator[Secret]:
    place = 0
    while match := _PAIR.search(text, place):
        name = match["name"].strip("\"'")
        start, end = match.span("value")
        quoted = text[start] in "\"'"
        if not _is_hidden(name):
            # The value may hold pairs of its own, as a flow mapping or a command line does.
            place = start if not quoted else end
            continue
        if quoted:
            start, end = start + 1, end - (end - start > 1 and text[end - 1] == text[start])
        elif _BLOCK.match(text[start:end]):
            end = _end_of_block(text, match.start("name"), end)
        elif _in_flow(text, match.start("name")):
            end = start + len(re.split(r"[,}\]]|[ \t]#", text[start:end], maxsplit=1)[0].rstrip())
        if end > start:
            yield Secret(name, start, end)
        place = max(end, match.end("name"))


def _is_hidden(name: str) -> bool:
    return is_secret(name) or (is_variable(name) and name not in compiled.KEYS)


def _in_flow(text: str, start: int) -> bool:
    """Say whether a pair stands behind a brace or a comma, where its value ends at the next."""
    return text[:start].rstrip()[-1:] in ("{", ",", "[") and "{" in text[:start]


def _end_of_block(text: str, start: int, end: int) -> int:
    """Return where the deeper lines end that follow a pair."""
    column = start - (text.rfind("\n", 0, start) + 1)
    for line in re.compile(r"\n([ \t]*)([^\n]*)").finditer(text, end):
        if line[2] and len(line[1]) <= column:
            return line.start()
        end = line.end()
    return end


def masked(text: str, start: int, end: int) -> str:
    """Return the characters `start` to `end` of a text, those of secrets starred out."""
    shown = list(text[start:end])
    for secret in secrets_in(text):
        for place in range(max(secret.start, start), min(secret.end, end)):
            if not text[place].isspace():
                shown[place - start] = "*"
    return "".join(shown)


def without(message: str, text: str, key: str | None) -> str:
    """Return what is said of a key of `text`, the values of its secrets starred out."""
    for secret in secrets_in(text):
        value = text[secret.start : secret.end].strip()
        if value and (len(value) >= SHORT or secret.name == key):
            message = message.replace(value, STARS)
    return message

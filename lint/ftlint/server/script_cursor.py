"""What stands at a place of a command that starts LLaMA Factory: a flag, a key to set, a value."""

from __future__ import annotations

import re

from ftlint.server.spot import KEY, VALUE, Spot, word_around
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.launch.record import Launched
    from ftlint.syntax.source import Source

_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|\\[^\n]|[^\s"'\\<>])+""")
_BLANK = re.compile(r"(?:[ \t]|\\\r?\n)+")
_REDIRECTED = re.compile(r"(?<!\\)[<>][&|]?(?:[ \t]|\\\r?\n)*\Z")
_NESTED = re.compile(r"[$<>]\(|`")
_FLAG = re.compile(r"--([A-Za-z_][\w-]*)")


class CursorWord(NamedTuple):
    """A spot in a command. A key is a flag, `--key`, or is set over a file, `key=`.

    Behind a file there are no flags: dashes that are typed there belong to what is replaced.
    """

    spot: Spot
    launched: Launched
    is_flag: bool


def word_at(text: str, launches: Iterable[Launched], offset: int) -> CursorWord | None:
    """Return what is at an offset of a script; None outside of what LLaMA Factory is handed."""
    for launched in launches:
        begin = launched.words[0].start if launched.words else launched.end + 1
        behind = _BLANK.fullmatch(text, launched.end, offset) if offset > launched.end else None
        if begin <= offset and (offset <= launched.end or behind is not None):
            return _in(text, launched, begin, offset)
    return None


def _in(text: str, launched: Launched, begin: int, offset: int) -> CursorWord | None:
    words = [*_WORD.finditer(text, begin, max(launched.end, offset))]
    own = next((one for one in words if one.start() <= offset <= one.end()), None)
    start, end = (offset, offset) if own is None else own.span()
    if _REDIRECTED.search(text, begin, start) or _is_nested(text, launched, offset):
        return None
    config = launched.config
    is_behind = config is not None and config.end < offset
    before = [one[0] for one in words if one.end() < start]
    word, flag = text[start:end], _FLAG.fullmatch(before[-1]) if before else None
    name, sign, _ = word.partition("=")
    at = start + len(name)  # of the sign
    if is_behind or word.startswith("-"):
        if sign and offset > at:
            return _value(text, launched, name, at + 1, end, offset)
        found = _key(text, start, at, offset, bool(sign))
        return CursorWord(found, launched, is_flag=not is_behind)
    if flag is not None:
        return _value(text, launched, flag[0], start, end, offset)
    if config is not None or word or (before and "=" in before[-1]):
        return None
    return CursorWord(_key(text, start, end, offset, follows=False), launched, is_flag=True)


def _is_nested(text: str, launched: Launched, offset: int) -> bool:
    """Return whether an offset is in a command whose output is a word, or part of one."""
    return any(
        one.start < offset <= one.end and _NESTED.search(text, one.start, offset)
        for one in launched.words
    )


def _name(written: str) -> str:
    """Return the key that a flag, or a word to set, is of."""
    return written.lstrip("-").replace("-", "_")


def _key(text: str, start: int, end: int, offset: int, follows: bool) -> Spot:
    return Spot(KEY, _name(text[start:end]), start, end, text[start:offset], follows=follows)


def _value(
    text: str, launched: Launched, name: str, start: int, end: int, offset: int
) -> CursorWord | None:
    """Return the part of a value around an offset; None where the shell expands it."""
    quote = text[start] if text[start:end][:1] in ("'", '"') else ""
    closed = bool(quote) and end - start > 1 and text[end - 1] == quote
    if "$" in text[start:end] or "`" in text[start:end] or (closed and offset == end):
        return None
    first, last = word_around(text[: end - closed], start + len(quote), offset)
    spot = Spot(VALUE, _name(name), first, last, text[first:offset], quote)
    return CursorWord(spot, launched, is_flag=name.startswith("-"))


def flag_at(source: Source, offset: int) -> Spot | None:
    """Return the flag of a command that an offset is in."""
    begin = source.text.rfind("\n", 0, offset) + 1
    end = source.text.find("\n", offset)
    line = source.text[begin : len(source.text) if end < 0 else end]
    for one in _FLAG.finditer(line):
        if begin + one.start() <= offset <= begin + one.end():
            start = begin + one.start(1)
            return Spot(KEY, _name(one[1]), start, begin + one.end(1), "")
    return None

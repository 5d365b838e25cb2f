"""Examples in rule files: what a base leaves out of them, and the spans that « and » enclose."""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEY = re.compile("«?([A-Za-z_][A-Za-z0-9_]*)»?:")


class BadExample(ValueError):
    """An example that cannot be put together; the message says why."""


def expanded(text: str, bases: Mapping[str, str], base: str | None) -> str:
    r"""Return an example in full: its base with the keys that it writes in place of the base's own.

    Keys that the base has not come behind it, in their order. An empty example stays empty.

    >>> expanded("stage: dpo\n«pref_beta»: 2\n", {"sft": "stage: sft\nbf16: true\n"}, "sft")
    'stage: dpo\nbf16: true\n«pref_beta»: 2\n'
    """
    if base is None or not text.strip():
        return text
    if base not in bases:
        raise BadExample(f"base: {base[:60]} is not one of {', '.join(bases)}")
    own = list(_pairs(text))
    written: dict[str | None, str] = {}
    for name, pair in own:
        written[name] = written.get(name, "") + pair
    there = dict(_pairs(bases[base]))
    kept = [written.get(name, pair) for name, pair in there.items()]
    more = [pair for name, pair in own if name is None or name not in there]
    return "".join([*kept, *more])


def _pairs(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield each key of a block mapping with its lines; comments belong to the key below them."""
    name, lines, above = None, "", ""
    for line in text.splitlines(keepends=True):
        match = _KEY.match(line)
        if match is None and not line.startswith("#"):
            lines, above = lines + above + line, ""
            continue
        if match is None:
            above += line
            continue
        if lines:
            yield name, lines
        name, lines, above = match[1], above + line, ""
    if lines + above:
        yield name, lines + above


def spans(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without « and », and what they enclosed.

    >>> spans("a: «1»")
    ('a: 1', [(3, 4)])
    """
    text, found, opened = "", [], []
    for piece in re.split("([«»])", marked):
        if piece == "«":
            opened.append(len(text))
        elif piece == "»":
            if not opened:
                raise BadExample("a » without its «")
            found.append((opened.pop(), len(text)))
        else:
            text += piece
    if opened:
        raise BadExample("a « without its »")
    return text, sorted(found)

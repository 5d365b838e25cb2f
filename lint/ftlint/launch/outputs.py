"""What the few programs print that only work on their words: echo, basename, seq, sed and such."""

from __future__ import annotations

import re

from ftlint.launch.values import HERE, UNKNOWN, ShellString, is_placed
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ftlint.launch.values import Field

_REPLACES = re.compile(r"s(.)((?:(?!\1).)+)\1((?:(?!\1).)*)\1(g?)")
_LITERAL = re.compile(r"[\w /:,=@-]*")


def output_of(words: Sequence[Field]) -> ShellString | None:
    """Return what a program prints; None where that is not known."""
    if not words or words[0].text not in PRINTING:
        return None
    rest = words[1:]
    text = PRINTING[words[0].text]([one.text for one in rest])
    if text is None:
        return None
    assumed = tuple(why for one in rest for why in one.value.assumed)
    return ShellString(text, [words[0].start] * len(text), assumed)


def _echo(texts: list[str]) -> str | None:
    return None if texts and texts[0].startswith("-") else " ".join(texts)


def _basename(texts: list[str]) -> str | None:
    if len(texts) not in (1, 2) or UNKNOWN in "".join(texts):
        return None
    name = texts[0].rstrip("/").rpartition("/")[2]
    return name.removesuffix(texts[1]) if len(texts) == 2 and name != texts[1] else name


def _dirname(texts: list[str]) -> str | None:
    if len(texts) == 1 and texts[0] == f"{HERE}/{UNKNOWN}":
        return HERE  # of the script itself
    if len(texts) == 1 and is_placed(texts[0]):
        folder, _, name = texts[0].rstrip("/").rpartition("/")
        return folder if folder and name not in ("..", ".") else f"{texts[0]}/.."
    if len(texts) != 1 or UNKNOWN in texts[0]:
        return None
    folder, slash, _ = texts[0].rstrip("/").rpartition("/")
    return folder or ("/" if slash else ".")


def _realpath(texts: list[str]) -> str | None:
    """Return a path of the script's folder; links are not followed."""
    path = texts[-1] if texts else ""
    return path if path.startswith(HERE) and len(texts) <= 2 else None


def _seq(texts: list[str]) -> str | None:
    if not 1 <= len(texts) <= 3 or not all(one.isdecimal() and len(one) < 5 for one in texts):
        return None
    numbers = [int(one) for one in texts]
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) > 2 else 1
    return "\n".join(map(str, range(first, numbers[-1] + 1, step or 1)))


PRINTING: dict[str, Callable[[list[str]], str | None]] = {
    "echo": _echo, "basename": _basename, "dirname": _dirname, "seq": _seq,
    "realpath": _realpath, "readlink": _realpath,
}  # fmt: skip


def filtered(value: ShellString, words: Sequence[Field]) -> ShellString | None:
    """Return what `sed s/a/b/` or `tr a b` make of a text, where they name no patterns."""
    texts = [one.text for one in words]
    if not value.known or UNKNOWN in "".join(texts) or "\\" in texts[-1] or "\n" in value.text:
        return None
    new = None
    if texts[0] == "sed" and (len(texts) == 2 or texts[1:-1] == ["-e"]):
        found = _REPLACES.fullmatch(texts[-1])
        if found is not None and _LITERAL.fullmatch(found[2]) and "&" not in found[3]:
            new = value.text.replace(found[2], found[3], -1 if found[4] else 1)
    elif texts[0] == "tr" and [len(one) for one in texts[1:]] == [1, 1]:
        new = value.text.replace(texts[1], texts[2])
    return None if new is None else ShellString(new, [words[0].start] * len(new), value.assumed)

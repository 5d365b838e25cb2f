"""The difference between a file and what it becomes, as `diff -u` shows it."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def unified(path: str, before: str, after: str, context: int = 3) -> Iterator[str]:
    """Yield the lines of a unified diff, each with its end.

    Lines end at a line feed, as for `diff`: a carriage return before it is part of the line.
    """
    from difflib import unified_diff

    for line in unified_diff(_lines(before), _lines(after), path, path, n=context):
        if line.endswith("\n"):
            yield line
        else:
            yield line + "\n"
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def as_patch(diffs: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the differences of several files as one patch, which `git apply` takes.

    Git cuts the first folder off a name (a/, b/), but where no name has one.
    """
    found = [diff for diff in diffs if diff]
    folders = any("/" in diff[0] for diff in found)
    for before, after, *lines in found:
        for line, folder in ((before, "a/"), (after, "b/")):
            mark, name = line[:4], line[4:-1]
            yield f"{mark}{_quoted((folder if folders else '') + name)}\n"
        yield from lines


def _quoted(name: str) -> str:
    """Return a name as git reads it: in C's quotes where it is no plain word."""
    if not any(letter in '"\\' or letter <= " " or letter == "\x7f" for letter in name):
        return name
    return '"' + "".join(_LETTERS.get(letter) or _octal(letter) for letter in name) + '"'


_LETTERS = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _octal(letter: str) -> str:
    return letter if " " <= letter != "\x7f" else f"\\{ord(letter):03o}"

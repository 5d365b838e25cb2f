"""The difference between a file and what it becomes, as `diff -u` shows it."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def unified(path: str, before: str, after: str, context: int = 3) -> Iterator[str]:
    """Yield the lines of a unified diff, each with its end; `patch -p0` takes them.

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

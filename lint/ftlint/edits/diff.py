"""The difference between a file and what it becomes, as `diff -u` shows it."""

from __future__ import annotations

from ftlint.diagnostics import Edit
from ftlint.support.pattern import pattern
from ftlint.target.secrets import secrets_in
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


def line_edits(before: str, after: str) -> Iterator[Edit]:
    """Yield the edits, whole lines each, that make one text of another."""
    from difflib import unified_diff

    old, new = _lines(before), _lines(after)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    place = 0
    removed, added = 0, ""
    for line in [*unified_diff(old, new, n=0)][2:]:
        mark = line[:1]
        if mark == "@":
            if removed or added:
                yield Edit(starts[place], starts[place + removed], added)
            first, _, many = line.split()[1][1:].partition(",")
            place = int(first) - (many != "0")  # a hunk that removes nothing stands behind its line
            removed, added = 0, ""
        elif mark == "-":
            removed += 1
        else:
            added += line[1:]
    if removed or added:
        yield Edit(starts[place], starts[place + removed], added)


def without_secrets(
    diff: Sequence[str], before: str, after: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a difference that shows no secret, and the names of those it would have shown.

    Context is cut where a secret stands in it. A change that cannot do without is left out: a patch
    needs a line behind it, and what is changed itself cannot be starred.
    """
    old, new = _secret_lines(before), _secret_lines(after)
    if not old and not new:
        return tuple(diff), ()
    shown: list[str] = []
    names: list[str] = []
    for hunk in _hunks(diff[2:]):
        lines, told = _cut(hunk, old, new)
        shown += lines
        names += told
    return (*diff[:2], *shown) if shown else (), tuple(dict.fromkeys(names))


def _secret_lines(text: str) -> dict[int, str]:
    """Return the numbers of the lines on which secrets stand, from 1, with their names."""
    found: dict[int, str] = {}
    number, place = 1, 0
    for secret in secrets_in(text):
        number += text.count("\n", place, secret.start)
        place = secret.start
        for more in range(text.count("\n", secret.start, secret.end) + 1):
            found[number + more] = secret.name or secret.kind or "an address"
    return found


def _hunks(lines: Iterable[str]) -> Iterator[list[str]]:
    hunk: list[str] = []
    for line in lines:
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


_PLACE = pattern(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def _cut(hunk: list[str], old: dict[int, str], new: dict[int, str]) -> tuple[list[str], list[str]]:
    """Return a hunk with its context cut at secrets; none of it, and their names, where it is not
    enough.
    """
    place = _PLACE.match(hunk[0])
    assert place is not None
    at, now = int(place[1]), int(place[2])
    body: list[tuple[str, str | None, int, int]] = []
    for line in hunk[1:]:
        name = new.get(now) if line[0] == "+" else old.get(at) if line[0] != "\\" else None
        body.append((line, name, at, now))
        at += line[0] in " -"
        now += line[0] in " +"
    changed = [number for number, (line, *_) in enumerate(body) if line[0] != " "]
    first, last = changed[0], changed[-1]
    low = max((n + 1 for n in range(first) if body[n][1]), default=0)
    high = min((n for n in range(last + 1, len(body)) if body[n][1]), default=len(body))
    kept = body[low:high]
    names = [name for _, name, *_ in kept if name]
    if names or (high == last + 1 < len(body)):
        return [], names or [str(body[high][1])]
    took = sum(line[0] in " -" for line, *_ in kept)
    gives = sum(line[0] in " +" for line, *_ in kept)
    head = f"@@ -{kept[0][2]},{took} +{kept[0][3]},{gives} @@\n"
    return [head, *(line for line, *_ in kept)], []


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

"""Whether a text after its edits is what the fixes said it would be, and nothing else."""

from __future__ import annotations

from ftlint.edits import roundtrip
from ftlint.edits.page import NoEdit, Page, edited
from ftlint.edits.spelling import read
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ftlint.diagnostics import Change, Edit

Data = dict[object, object]


def objection(
    page: Page,
    witness: object | NoEdit,
    edits: tuple[Edit, ...],
    changes: tuple[Change, ...],
    text: str,
) -> str | None:
    """Return what is wrong with `text`, which `edits` made of `page` to bring about `changes`.

    `witness` is what ruamel's round trip loaded of the page (`roundtrip.load`). Held to be right:
    the target reads the old data with the changes in it; so does ruamel; every comment is there;
    bytes are gone from the lines of changed pairs only.
    """
    after = edited(page, text)
    if isinstance(after, NoEdit):
        return after.reason
    return (
        _data(page, changes, after)
        or _ruamel(witness, changes, text)
        or _comments(page, after)
        or _lines(page, edits, changes)
    )


def _data(page: Page, changes: Iterable[Change], after: Page) -> str | None:
    known = [problem.kind for problem in page.constructed.problems]
    for problem in after.constructed.problems:
        if problem.kind not in known:
            return f"the target would reject it ({problem.kind})"
        known.remove(problem.kind)
    wanted = planned(page.constructed.value, changes, lambda text: read(page, text))
    if isinstance(wanted, NoEdit):
        return wanted.reason
    difference = _difference(wanted, after.constructed.value)
    return f"the target would read {difference} differently than planned" if difference else None


def _ruamel(witness: object | NoEdit, changes: Iterable[Change], text: str) -> str | None:
    if isinstance(witness, NoEdit):
        return witness.reason
    after = roundtrip.load(text)
    if isinstance(after, NoEdit):
        return after.reason

    def value_of(text: str) -> object | NoEdit:
        loaded = roundtrip.load(f"k: {text}\n")
        return loaded["k"] if isinstance(loaded, dict) else loaded

    wanted = planned(witness, changes, value_of)
    if isinstance(wanted, NoEdit):
        return wanted.reason
    difference = _difference(wanted, after)
    return f"ruamel.yaml would read {difference} differently than planned" if difference else None


def planned(
    value: object, changes: Iterable[Change], value_of: Callable[[str], object | NoEdit]
) -> Data | NoEdit:
    """Return the data with the changes made to it as data, not as text."""
    if not isinstance(value, dict):
        return NoEdit("the file has no keys")
    data: Data = dict(value)
    for change in changes:
        name = change.key
        if (name in data) == (change.kind == "insert"):
            return NoEdit(f"{name} is {'' if name in data else 'not '}in the file")
        if change.kind in ("replace", "insert"):
            new = value_of(change.text)
            if isinstance(new, NoEdit):
                return new
            data[name] = new
            continue
        old = data.pop(name)
        if change.kind == "rename":
            if change.text in data:
                return NoEdit(f"{change.text} is in the file already")
            data[change.text] = old
    return data


def _difference(wanted: Data, found: object) -> str | None:
    """Name the first key whose value differs, if one does."""
    if not isinstance(found, dict):
        return "the file"
    seen: set[tuple[int, int]] = set()
    for name in (*wanted, *found):
        if name not in wanted or name not in found or not same(wanted[name], found[name], seen):
            return str(name)
    return None


def same(one: Any, other: Any, seen: set[tuple[int, int]]) -> bool:
    """Return whether two values are equal and of the same types all through; NaN equals itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (dict, list)):
        if (id(one), id(other)) in seen:
            return True
        seen.add((id(one), id(other)))
        if len(one) != len(other):
            return False
        if isinstance(one, list):
            return all(same(a, b, seen) for a, b in zip(one, other))
        pairs = zip(sorted(one, key=repr), sorted(other, key=repr))
        return all(same(a, b, seen) and same(one[a], other[b], seen) for a, b in pairs)
    return bool(one == other) or (one != one and other != other)


def _comments(page: Page, after: Page) -> str | None:
    if [comment.text for comment in page.document.comments] != [
        comment.text for comment in after.document.comments
    ]:
        return "a comment would be lost or altered"
    return None


def _lines(page: Page, edits: tuple[Edit, ...], changes: tuple[Change, ...]) -> str | None:
    """Check that bytes are taken from planned lines only, and added where that is planned."""
    lines = planned_lines(page, changes)
    inserts = any(change.kind == "insert" for change in changes)
    for edit in edits:
        for number in range(page.line(edit.start), page.line(max(edit.end - 1, edit.start)) + 1):
            if number in lines:
                continue
            low = max(edit.start, page.source.line_starts[number - 1])
            gone = page.text[low : min(edit.end, page.next_line(number))]
            added = edit.text.strip(", ")
            if gone.strip(", \t\r\n") or (added and not inserts):
                return f"line {number} would change, which is not planned"
    return None


def planned_lines(page: Page, changes: Iterable[Change]) -> set[int]:
    """Return the numbers of the lines that belong to the pairs that the changes name."""
    lines: set[int] = set()
    written: dict[str, str] = {}
    for change in changes:
        name = written.get(change.key, change.key)
        pair = None if change.kind == "insert" else page.find(name)
        if isinstance(pair, tuple) and not isinstance(pair, NoEdit):
            lines.update(range(pair.first, pair.last + 1))
        if change.kind == "rename":
            written[change.text] = name
    return lines

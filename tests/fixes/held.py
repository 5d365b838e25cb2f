"""What holds of every fixed file, told without the engine's own account of its edits."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ftlint.edits.page import Page, read_page
from ftlint.engine import lint
from ftlint.fixes.apply import ONLY_NOW, Fixed, fix
from ftlint.fixes.oracle import planned_lines
from ftlint.syntax.nodes import Document
from ftlint.syntax.parse import compose
from ftlint.syntax.source import BOM

if TYPE_CHECKING:
    from ftlint.diagnostics import Diagnostic
    from ftlint.project.options import Options
    from ftlint.syntax.source import Source


def hold(source: Source, fixed: Fixed, options: Options, unsafe: bool) -> None:
    """Check that a fix ended, did nothing but what it says, and leaves nothing to do.

    But for what it left to be looked at: advice that only the repairs called for.
    """
    assert fixed.converged
    if not fixed.applied:
        assert fixed.source.text == source.text
        return
    before, after = source.text, fixed.source.text
    changes = [change for one in dict.fromkeys(fixed.applied) for change in one.changes]
    assert sorted(comments(before)) == sorted(comments(after))
    page = read_page(source, options.target.dialect_of(source.path))
    assert isinstance(page, Page)
    may_go = planned_lines(page, changes)
    names = {change.text if change.kind == "rename" else change.key for change in changes}
    old, new = lines(before), lines(after)
    for kind, low, high, start, end in SequenceMatcher(None, old, new, False).get_opcodes():
        if kind == "equal":
            continue
        for number in range(low, high):
            assert number + 1 in may_go or is_bare(old[number]), old[number]
        for line in new[start:end]:
            inline = line.startswith("{") and len(line) > 1  # several pairs on one line
            assert inline or is_bare(line) or any(name in line for name in names), line
    assert before.startswith(BOM) == after.startswith(BOM)
    assert ("\r" in before) == ("\r" in after)
    assert after.count("\r") in (0, after.count("\n"))
    assert not new_findings(source, fixed, options) - first_shown(source, fixed, options, unsafe)
    again = fix(fixed.source, options, unsafe)
    late = {(one.code, one.key) for one in fixed.withheld if one.reason == ONLY_NOW}
    assert {(one.code, one.key) for one in again.applied} <= late
    assert again.applied or again.source.text == after


Named = tuple[str, "str | None"]
"""Code and key of a finding."""


def new_findings(source: Source, fixed: Fixed, options: Options) -> set[Named]:
    """Return the errors and warnings that were not there before."""
    known = set(map(named, lint(source, options).diagnostics))
    grave = [one for one in fixed.result.diagnostics if one.severity != "info"]
    return set(map(named, grave)) - known


def first_shown(source: Source, fixed: Fixed, options: Options, unsafe: bool) -> set[Named]:
    """Return the new findings that are there as soon as the file's keys and values are mended."""
    new = new_findings(source, fixed, options)
    if not new:
        return new
    mended = fix(source, options._replace(select=("FT0", "FT1")), unsafe).source
    return new & set(map(named, lint(mended, options).diagnostics))


def named(one: Diagnostic) -> Named:
    return one.code, one.key


def is_bare(line: str) -> bool:
    """Return whether a line holds no key; such lines are alike, and matched crosswise at times."""
    return line.strip()[:1] in ("", "#")


def comments(text: str) -> list[str]:
    document = compose(text)
    assert isinstance(document, Document)
    return [comment.text for comment in document.comments]


def lines(text: str) -> list[str]:
    """Return the lines, commas at their ends left aside: a neighbour in JSON may need one."""
    return [line.rstrip("\r,") for line in text.removeprefix(BOM).split("\n")]

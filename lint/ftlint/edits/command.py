"""Edits of a command in a script: another flag, another word, a flag less or more.

Each touches the bytes it has to. What a variable holds, what is quoted in an unusual way, and what
would need another quote is left to a person; no comment is ever written into a command.
"""

from __future__ import annotations

from ftlint.diagnostics import Change, Edit, Fix
from ftlint.edits.page import NoEdit
from ftlint.edits.plan import collide, ordered
from ftlint.support.files import SCRIPTS
from ftlint.support.pattern import pattern
from ftlint.target.variables import is_secret
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.diagnostics import Applicability
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry

_PLAIN = pattern(r"[\w./:,=+@%-]+\Z")
_TRUTH = {"true": "true", "false": "false"}


def of_changes(
    context: Context, applicability: Applicability, message: str, asked: Iterable[Change]
) -> Fix:
    """Return the fix that makes these changes; for display where one of them cannot be made."""
    asked = tuple(asked)
    if not context.source.path.endswith(SCRIPTS):
        return Fix("display", message, (), asked)
    edits: list[Edit] = []
    for change in _together(asked):
        made = _edit(context, change)
        if isinstance(made, Edit) and any(collide(made, other) for other in edits):
            made = NoEdit("its changes meet in one place")
        if isinstance(made, NoEdit):
            return Fix("display", f"{message} (by hand: {made.reason})", (), asked)
        edits.append(made)
    return Fix(applicability, message, ordered(edits), asked)


def _together(asked: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes by the names that stand in the script: a renamed key keeps its own."""
    written = {one.text: one.key for one in asked if one.kind == "rename"}
    return tuple(
        one if one.kind == "rename" else one._replace(key=written.get(one.key, one.key))
        for one in asked
    )


def _edit(context: Context, change: Change) -> Edit | NoEdit:
    entry = context.entries.get(change.key)
    if change.kind == "insert":
        return NoEdit(f"{change.key} is set") if entry is not None else _insert(context, change)
    if entry is None:
        return NoEdit(f"{change.key} is not set by a flag")
    if is_secret(change.key) and change.kind != "delete":
        return NoEdit("no edit moves a secret")
    text = context.source.text
    written = text[entry.key.start : entry.key.end]
    if text[entry.key.start - 2 : entry.key.start] != "--" or not _PLAIN.match(written):
        return NoEdit("a variable holds the flag")
    if change.kind == "rename":
        return Edit(entry.key.start, entry.key.end, change.text)
    if change.kind == "delete":
        return _delete(context, entry)
    return _replace(context, entry, change.text)


def _replace(context: Context, entry: Entry, yaml: str) -> Edit | NoEdit:
    new = _word(yaml)
    if new is None:
        return NoEdit("the value needs quotes")
    start, end = entry.node.start, entry.node.end
    if start == end:  # a switch that stands alone
        return Edit(start, end, f" {new}")
    written = context.source.text[start:end]
    quote = written[0] if written[0] in "\"'" and written[-1] == written[0] else ""
    inside = written[1:-1] if quote else written
    if inside != getattr(entry.node, "text", None):
        return NoEdit("a variable holds its value")
    return Edit(start, end, quote + new + quote)


def _word(yaml: str) -> str | None:
    """Return a value of YAML as a word of a command; None where that takes quotes."""
    text = yaml.strip()
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        text = text[1:-1]
    return text if _PLAIN.match(text) and not text.startswith("-") else None


def _delete(context: Context, entry: Entry) -> Edit | NoEdit:
    """Return the edit that takes a flag out with what parts it from its neighbours."""
    text, launched = context.source.text, context.launched
    assert launched is not None
    start, end = entry.key.start - 2, max(entry.end, entry.key.end)
    if not launched.start < start <= end <= launched.end:
        return NoEdit("the flag stands outside of the command")
    line = text.rfind("\n", 0, start) + 1
    behind = text.find("\n", end)
    behind = len(text) if behind < 0 else behind
    first = not text[line:start].strip()
    rest = text[end:behind]
    if first and rest.strip() == "\\" and rest.endswith("\\"):
        return Edit(line, behind + 1, "")  # its line is a line of the command
    if first and not rest.strip():  # the last line: the one before it now ends the command
        above = text[:line].rstrip("\n").rstrip()
        if not above.endswith("\\"):
            return NoEdit("the line above is not continued")
        return Edit(len(above[:-1].rstrip(" \t")), end, "")
    return Edit(line + len(text[line:start].rstrip(" \t")), end, "")


def _insert(context: Context, change: Change) -> Edit | NoEdit:
    """Return the edit that puts a flag behind the last one of the command."""
    new, launched = _word(change.text), context.launched
    assert launched is not None
    if new is None:
        return NoEdit("the value needs quotes")
    text = context.source.text
    inside = [
        one for one in context.entries.values() if launched.start < one.key.start < launched.end
    ]
    if not inside or not launched.whole:
        return NoEdit("its flags are not written in the command")
    last = max(inside, key=lambda one: one.end)
    end = max(last.end, last.key.end)
    if end > launched.end or text[last.key.start - 2 : last.key.start] != "--":
        return NoEdit("its last flag does not stand in the command")
    line = text.rfind("\n", 0, last.key.start) + 1
    indent = text[line : last.key.start - 2]
    flag = f"--{change.key} {new}"
    return Edit(end, end, f" {flag}" if indent.strip() or not indent else f" \\\n{indent}{flag}")

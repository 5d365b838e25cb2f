"""What can be done about findings: fixes, each proven before it is offered, and comments.

A proof looks at the same files as the finding rests on, those that are open as they are typed.

A comment is offered when the finding is gone with it and nothing new has come: where a line ends in
the middle of a value, or a file has no comments, none is.
"""

from __future__ import annotations

from ftlint.edits.diff import line_edits
from ftlint.edits.plan import splice
from ftlint.fixes import apply
from ftlint.fixes.ignores import OPENED, above, comment, is_proven
from ftlint.server.judging import at
from ftlint.server.per_file import in_settings
from ftlint.server.protocol import FIX_ALL, QUICK_FIX
from ftlint.support.messages import visible
from ftlint.syntax.source import of_text
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ftlint.diagnostics import Diagnostic, Edit
    from ftlint.server.judging import Judged
    from ftlint.server.protocol import Client
    from ftlint.server.workspace import Workspace
    from ftlint.syntax.source import Source

    Json = dict[str, Any]

UNSAFE = "unsafe: changes the run"
MOST = 12
"""Findings of a stretch for which actions are looked for: each takes a few lints."""


class ActionRequest(NamedTuple):
    """What a client wants to be offered: findings in a stretch of the text, kinds of actions."""

    start: int
    end: int
    only: tuple[str, ...] = ()

    def wants(self, kind: str) -> bool:
        """Return whether actions of a kind are asked for, by its name or that of a wider one."""
        return not self.only or any(kind == one or kind.startswith(f"{one}.") for one in self.only)


def actions(
    judged: Judged,
    asked: ActionRequest,
    shown: Sequence[Json],
    client: Client,
    workspace: Workspace,
) -> Iterator[Json]:
    """Yield what can be done; `shown` are the findings as the client was told."""
    if asked.wants(QUICK_FIX):
        for one in [*dict.fromkeys(at(judged, asked.start, asked.end))][:MOST]:
            ours = [told for told in shown if told["code"] == one.code
                    and told["range"] == judged.document.range(one.start, one.end)]  # fmt: skip
            yield from _fix(judged, one, ours)
            if judged.scope.name.lower().endswith(".json"):  # which has no comments
                found = in_settings(judged, one, workspace)
                yield from [] if found is None else [{**found, "diagnostics": ours}]
            else:
                yield from _ignore(judged, one, ours)
    fixable = any(
        one.fix is not None and one.fix.applicability == "safe" and one.fix.edits
        for one in judged.result.diagnostics
    )
    if asked.wants(FIX_ALL) and fixable:
        whole: Json = {"title": "ftlint: fix all (safe fixes)", "kind": FIX_ALL}
        document = judged.document
        if client.resolves_edits:
            yield {**whole, "data": {"uri": document.uri, "version": document.version}}
        else:
            edit = fix_all(judged)
            if edit is not None:
                yield {**whole, "edit": edit}


def fix_all(judged: Judged) -> Json | None:
    """Return the edit that makes all safe fixes; None where none is made."""
    fixed = apply.fix(_source(judged), judged.scope.options, disk=judged.disk)
    return _edit(judged, fixed.source.text) if fixed.applied else None


def _source(judged: Judged) -> Source:
    return of_text(judged.scope.name, judged.document.text)


def _fix(judged: Judged, one: Diagnostic, shown: list[Json]) -> Iterator[Json]:
    fix = one.fix
    if fix is None or not fix.edits or fix.applicability == "display":
        return
    text = apply.fix_one(_source(judged), one, judged.scope.options, judged.disk)
    if text is None:
        return
    safe = fix.applicability == "safe"
    title = visible(fix.message)
    title = title[:1].upper() + title[1:] + ("" if safe else f" ({UNSAFE})")
    found: Json = {"title": title, "kind": QUICK_FIX, "diagnostics": shown}
    if safe:
        found["isPreferred"] = True
    yield {**found, "edit": _edit(judged, text)}


def _ignore(judged: Judged, one: Diagnostic, shown: list[Json]) -> Iterator[Json]:
    """Yield the comments that leave a finding out: of its line, and of the file."""
    source, options = judged.document.source, judged.scope.options
    before = judged.said._replace(source=source)
    same = [other for other in judged.result.diagnostics if other.code == one.code]
    line = source.position(one.start).line
    here = [other for other in same if source.position(other.start).line == line]
    for where, silenced, texts in (
        ("on this line", here, _on_line(judged, one)),
        ("in this file", same, _above(source, 0, one.code)),
    ):
        proven = (text for text in texts if is_proven(before, text, silenced, options, judged.disk))
        text = next(proven, None)
        if text is not None:
            title = f"Ignore {one.code} {where}"
            edit = _edit(judged, text)
            yield {"title": title, "kind": QUICK_FIX, "diagnostics": shown, "edit": edit}


def _on_line(judged: Judged, one: Diagnostic) -> Iterator[str]:
    """Yield the text with a comment on the line of a finding, or on one of its own above it.

    A comment that leaves out others there takes this one in.
    """
    source = judged.document.source
    text, end = source.text, source.line_end(one.start)
    number = source.position(one.start).line
    begin = source.line_start(one.start)
    place = text.find(OPENED, begin, end)
    close = text.find("]", place, end)
    if place >= 0 and close >= 0:
        yield f"{text[:close]}, {one.code}{text[close:]}"
    yield f"{text[:end].rstrip(' ')}  {comment([one.code])}{text[end:]}"
    yield from _above(source, number, one.code)


def _above(source: Source, line: int, code: str) -> Iterator[str]:
    edit = above(source, line, [code])
    if edit is not None:
        yield splice(source.text, [edit])


def _edit(judged: Judged, text: str) -> Json:
    """Return the edit that makes a text of a document, as little of it as there is to change."""
    document = judged.document
    edits = [_narrowed(document.text, one) for one in line_edits(document.text, text)]
    shown = [{"range": document.range(one.start, one.end), "newText": one.text} for one in edits]
    return {"changes": {document.uri: shown}}


def _narrowed(before: str, edit: Edit) -> Edit:
    """Return an edit without what it leaves as it is at both ends."""
    old, new = before[edit.start : edit.end], edit.text
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    head -= old[head - 1 : head + 1] == "\r\n"  # one line end, of which no place lies inside
    tail -= tail > 0 and before[edit.end - tail - 1 : edit.end - tail + 1] == "\r\n"
    return edit._replace(
        start=edit.start + head, end=edit.end - tail, text=new[head : len(new) - tail]
    )

"""`# ftlint: …` comments: suppressions, and facts that the file cannot say otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.document import Comment
    from ftlint.records import Diagnostic
    from ftlint.source import Source


class Suppression(NamedTuple):
    """Codes (or prefixes, or names) silenced on one line, or everywhere when `line` is None."""

    codes: tuple[str, ...]
    line: int | None
    start: int
    end: int


class BadDirective(NamedTuple):
    """A comment that addresses ftlint and cannot be understood."""

    start: int
    end: int
    reason: str


class Directives(NamedTuple):
    """All that a file's comments ask of ftlint."""

    suppressions: tuple[Suppression, ...]
    facts: dict[str, str]
    bad: tuple[BadDirective, ...]


_COMMENT = r"#\s*ftlint:\s*(.*)"
_IGNORE = r"(ignore|ignore-file)\s*\[([^\]]*)\]"
_FACT = r"([a-z-]+)\s*=\s*([^\s,]+)"
FACTS = ("dataset-size", "gpus", "nodes", "budget")


def read(source: Source, comments: Iterable[Comment]) -> Directives:
    """Return the directives among `comments`."""
    if "ftlint" not in source.text:
        return Directives((), {}, ())
    suppressions: list[Suppression] = []
    facts: dict[str, str] = {}
    bad: list[BadDirective] = []
    for comment in comments:
        match = re.match(_COMMENT, comment.text)
        if match is None:
            continue
        body = match[1]
        ignore = re.match(_IGNORE, body)
        if ignore:
            codes = tuple(code.strip() for code in ignore[2].split(",") if code.strip())
            if not codes:
                bad.append(BadDirective(comment.start, comment.end, "it names no rule"))
                continue
            line = None if ignore[1] == "ignore-file" else _subject(source, comment)
            suppressions.append(Suppression(codes, line, comment.start, comment.end))
            continue
        stated = dict(re.findall(_FACT, body))
        unknown = [name for name in stated if name not in FACTS]
        if stated and not unknown:
            facts.update(stated)
        else:
            reason = (
                f"{unknown[0]} is no fact it takes" if unknown else "it says nothing ftlint knows"
            )
            bad.append(BadDirective(comment.start, comment.end, reason))
    return Directives(tuple(suppressions), facts, tuple(bad))


def apply(
    directives: Directives, diagnostics: Iterable[Diagnostic], source: Source
) -> tuple[list[Diagnostic], list[Suppression]]:
    """Return the diagnostics that stay, and the suppressions that silenced nothing."""
    stay: list[Diagnostic] = []
    used: set[Suppression] = set()
    for diagnostic in diagnostics:
        line = source.position(diagnostic.start).line
        silencers = [
            suppression
            for suppression in directives.suppressions
            if suppression.line in (None, line)
            and any(matches(code, diagnostic.code, diagnostic.name) for code in suppression.codes)
        ]
        used.update(silencers)
        if not silencers:
            stay.append(diagnostic)
    return stay, [one for one in directives.suppressions if one not in used]


def matches(selector: str, code: str, name: str) -> bool:
    """Say whether `FT2`, `FT201` or a rule's name selects this rule."""
    return selector.lower() == name or code.startswith(selector.upper())


def _subject(source: Source, comment: Comment) -> int:
    """Return the line a comment speaks of: its own, or the next when it stands alone."""
    line = source.position(comment.start).line
    alone = not source.text[source.line_starts[line - 1] : comment.start].strip("\ufeff \t")
    while alone and line < len(source.line_starts):
        line += 1
        text = source.line(line).strip()
        if text and not text.startswith("#"):
            break
    return line


def unknown_codes(
    directives: Directives, known: Iterable[tuple[str, str]]
) -> Iterator[BadDirective]:
    """Yield suppressions that name no rule there is."""
    rules = list(known)
    for suppression in directives.suppressions:
        for selector in suppression.codes:
            if not any(matches(selector, code, name) for code, name in rules):
                yield BadDirective(suppression.start, suppression.end, selector)

"""`# ftlint: …` comments: suppressions, and facts that the file cannot say otherwise."""

from __future__ import annotations

import re

from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.syntax.nodes import Comment
    from ftlint.syntax.source import Source


class Suppression(NamedTuple):
    """Codes (or prefixes, or names) silenced on one line, or everywhere when `line` is None."""

    codes: tuple[str, ...]
    line: int | None
    start: int
    end: int


class BadDirective(NamedTuple):
    """A `# ftlint:` comment that is invalid."""

    start: int
    end: int
    reason: str


class Directives(NamedTuple):
    """All that a file's comments ask of ftlint; `places`: the comment that states each fact."""

    suppressions: tuple[Suppression, ...]
    facts: dict[str, str]
    bad: tuple[BadDirective, ...]
    places: dict[str, Comment] = {}  # noqa: RUF012 - never written to

    def without(self, fact: str, reason: str) -> Directives:
        """Return them without a fact that says nothing, for this reason."""
        place = self.places[fact]
        facts = {name: value for name, value in self.facts.items() if name != fact}
        bad = (*self.bad, BadDirective(place.start, place.end, reason))
        return self._replace(facts=facts, bad=bad)


_COMMENT = r"(?i)#\s*ftlint:\s*(.*)"
"""It may follow another comment on its line, such as one for yamllint."""
_IGNORE = r"(ignore|ignore-file)\s*\[([^\]]*)\]"
_FACT = r"(?<![a-z-])([a-z-]+)\s*=\s*([^\s,]+)"
_FACTS = rf"(?:{_FACT}(?:\s*,\s*|\s+|\Z))+"
_COUNT = (r"0*[1-9][0-9]{0,17}", "an integer of 1 or more")
_ROWS_OF = r"(?:[^+:]+:)?0*[1-9][0-9_]{0,17}"
_ROWS = (rf"{_ROWS_OF}(?:\+{_ROWS_OF})*", "a number of rows, or NAME:ROWS+NAME:ROWS")
_AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
BUDGET = rf"(?=[0-9])(?:{_AMOUNT}d)?(?:{_AMOUNT}h)?(?:{_AMOUNT}m(?:in)?)?(?:{_AMOUNT}s)?"
_BUDGET = (BUDGET, "a time such as 30m, 2h or 1h30m")
_VARIABLE = r"[A-Z][A-Z0-9_]*(?:=[^+]*)?"
ENVIRONMENT = "env"
_VARIABLES = (rf"{_VARIABLE}(?:\+{_VARIABLE})*", "NAME or NAME=VALUE, several joined by +")
_GPU = (r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{0,40}", "a GPU such as h100-80g, or 24g")
FACTS = {
    "dataset-size": _ROWS,
    "gpus": _COUNT,
    "nodes": _COUNT,
    ENVIRONMENT: _VARIABLES,
    "budget": _BUDGET,
    "gpu": _GPU,
}
"""Each fact's name, the pattern of its values, and that in words."""


def read(source: Source, comments: Iterable[Comment]) -> Directives:
    """Return the directives among `comments`."""
    if "ftlint" not in source.text.lower():
        return Directives((), {}, ())
    suppressions: list[Suppression] = []
    facts: dict[str, str] = {}
    places: dict[str, Comment] = {}
    bad: list[BadDirective] = []
    subjects: dict[int, int] = {}
    for comment in reversed(list(comments)):  # so that a block of them is walked once
        match = re.search(_COMMENT, comment.text)
        if match is None:
            continue
        body = match[1]
        ignore = re.match(_IGNORE, body)
        if ignore:
            codes = tuple(code.strip() for code in ignore[2].split(",") if code.strip())
            if not codes:
                bad.append(BadDirective(comment.start, comment.end, "no rule is named"))
                continue
            line = None if ignore[1] == "ignore-file" else _subject(source, comment, subjects)
            suppressions.append(Suppression(codes, line, comment.start, comment.end))
            continue
        stated = re.findall(_FACT, body)
        reason = _objection(body, stated)
        if reason is None:
            _state(facts, stated)
            for name, _ in stated:
                places.setdefault(name, comment)
        else:
            bad.append(BadDirective(comment.start, comment.end, reason))
    return Directives(tuple(reversed(suppressions)), facts, tuple(reversed(bad)), places)


def _state(facts: dict[str, str], stated: list[tuple[str, str]]) -> None:
    """Take in what a comment states; of two that state a fact one counts, of variables all do."""
    for name, value in stated:
        if name == ENVIRONMENT and name in facts:
            facts[name] += f"+{value}"
        else:
            facts.setdefault(name, value)


def _objection(body: str, stated: list[tuple[str, str]]) -> str | None:
    """Return why facts are invalid; none of a comment is used when one is."""
    for name, value in stated:
        if name not in FACTS:
            return f"unknown fact `{name}`, use one of {', '.join(FACTS)}"
        pattern, wanted = FACTS[name]
        if not re.fullmatch(pattern, value):
            return f"`{name}` must be {wanted}, got `{value}`"
    if not stated:
        return "it is neither an ignore comment nor a fact"
    return (
        None if re.fullmatch(_FACTS, body) else "facts are written NAME=VALUE, with commas between"
    )


def apply(
    directives: Directives,
    diagnostics: Iterable[Diagnostic],
    source: Source,
    whole: Iterable[tuple[int, int]] = (),
) -> tuple[list[Diagnostic], list[Suppression]]:
    """Return the diagnostics that stay, and the suppressions that silenced nothing.

    What lies in one of the `whole` stretches is silenced on the line on which that begins.
    """
    whole = tuple(whole)
    stay: list[Diagnostic] = []
    used: set[Suppression] = set()
    by_line: dict[int | None, list[Suppression]] = {}
    for suppression in directives.suppressions:
        by_line.setdefault(suppression.line, []).append(suppression)
    for diagnostic in diagnostics:
        around = (start for start, end in whole if start <= diagnostic.start <= end)
        line = source.position(next(around, diagnostic.start)).line
        silencers = [
            suppression
            for suppression in (*by_line.get(None, ()), *by_line.get(line, ()))
            if any(matches(code, diagnostic.code, diagnostic.name) for code in suppression.codes)
        ]
        used.update(silencers)
        if not silencers:
            stay.append(diagnostic)
    return stay, [one for one in directives.suppressions if one not in used]


def matches(selector: str, code: str, name: str) -> bool:
    """Return whether `FT2`, `FT201` or a rule's name, of today or before, selects this rule.

    A family that is full goes on with four digits: FT410 is one rule, and not FT4100 as well.
    """
    wanted = selector.upper()
    whole = len(wanted.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) >= 3  # the digits of a code, at least
    same = code == wanted if whole else code.startswith(wanted)
    return same or is_name(selector, code, name)


def is_name(selector: str, code: str, name: str) -> bool:
    """Return whether a selector is the name of this rule, or one that it had before."""
    return selector.lower() == name or compiled.RENAMED.get(selector.lower()) == code


def _subject(source: Source, comment: Comment, known: dict[int, int]) -> int:
    """Return the line a comment is about: its own, or the next when it stands alone.

    `known` holds what was returned for lines below, and takes this one.
    """
    own = line = source.position(comment.start).line
    alone = not source.text[source.line_starts[line - 1] : comment.start].strip("\ufeff \t")
    while alone and line < len(source.line_starts):
        line += 1
        if line in known:
            line = known[line]
            break
        text = source.line(line).strip()
        if text and not text.startswith("#"):
            break
    if alone:
        known[own] = line
    return line


def unknown_codes(
    directives: Directives, known: Iterable[tuple[str, str]]
) -> Iterator[BadDirective]:
    """Yield suppressions that name no rule there is."""
    rules = list(known)
    selectors = {code for suppression in directives.suppressions for code in suppression.codes}
    unknown = {
        selector
        for selector in selectors
        if not any(matches(selector, code, name) for code, name in rules)
    }
    for suppression in directives.suppressions:
        for selector in suppression.codes:
            if selector in unknown:
                yield BadDirective(suppression.start, suppression.end, selector)

"""Reader problems in words: what the loader meets, and what to do about it."""

from __future__ import annotations

import re

from ftlint.diagnostics import Finding, Related
from ftlint.rulebook import registry
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Fix
    from ftlint.syntax.construct import Problem
    from ftlint.syntax.source import Source

_GAP = re.compile(r"\{\{?([^{}]*)\}?\}")

MOST_CHOICES = 20
"""Repeated keys for which both values are shown; finding them reads the file once more each."""

_WORDS = {
    "malformed-value": ("{reason}", "quote it"),
    "malformed-int": ("{text} looks like a number and is none", "quote it, or mend the number"),
    "malformed-float": ("{text} is no number", "mend the number, or drop its tag"),
    "malformed-bool": ("{text} is neither true nor false", "write true or false"),
    "malformed-date": ("{text} looks like a date and is none ({reason})", "quote it"),
    "malformed-binary": ("{text} is not base64", "drop the !!binary tag"),
    "unknown-tag": ("{tag} is a type tag it does not know", "delete the tag"),
    "unsupported-value": ("this value becomes a Python {type}", "put it in quotes"),
    "unsupported-key": ("{text} as a key is not text", "put the key in quotes"),
    "unhashable-key": ("a list or mapping stands as a key", "write the key as text"),
    "key-not-text": ("the key {text} is not text", "no key of LLaMA Factory looks like this"),
    "expansion": (
        "its aliases expand to {nodes} nodes, more than {limit} or a hundred times the file",
        "write the values out",
    ),
}  # fmt: skip

_SYNTAX = {
    "mapping values are not allowed in this context": (
        "a second `: ` on the line, or a line above it that lacks its colon"
    ),
    "could not find expected ':'": "this line has no colon behind its key",
    "found character that cannot start any token": (
        "no value can start with this character; quote the value, and indent with spaces, not tabs"
    ),
    "found unexpected end of stream": "a quote that is opened is never closed",
    "did not find expected ',' or ']'": "a [ that is opened is never closed",
    "did not find expected ',' or '}'": "a { that is opened is never closed",
    "did not find expected key": "this line does not fit the indentation of those above it",
    "did not find expected <block end>": "this line does not fit the indentation of those above it",
    "block sequence entries are not allowed in this context": (
        "a list item (-) on the line of its key; put it on a line of its own"
    ),
}


def findings(problems: Iterable[Problem], source: Source) -> Iterator[Finding]:
    """Yield the finding of each problem."""
    choices = 0
    for problem in problems:
        gap = _gap(problem, source)
        if gap is not None:
            rule = registry.BUILT_IN.of_problem("placeholder").code
            yield Finding(rule, problem.start, problem.end, None, {"placeholder": gap})
            continue
        rule = registry.BUILT_IN.of_problem(problem.kind).code
        name = problem.values.get("name")
        values = {**problem.values, **_details(problem, source)}
        key = None if name is None else str(name)
        choices += "first" in problem.values
        fix = _fix(problem, source) if choices <= MOST_CHOICES else None
        related = tuple(_first(problem))
        yield Finding(rule, problem.start, problem.end, key, values, fix, related=related)


def _first(problem: Problem) -> Iterator[Related]:
    """Yield where a key that stands twice is set first."""
    first = problem.values.get("first")
    if isinstance(first, int):
        yield Related(first, first + problem.end - problem.start, "first set here")


def _details(problem: Problem, source: Source) -> dict[str, object]:
    words = _WORDS.get(problem.kind)
    if words is not None:
        from ftlint.support.messages import fill

        return {"what": fill(words[0], problem.values), "remedy": words[1]}
    if "first" in problem.values:
        return {"line": source.position(int(str(problem.values["first"]))).line}
    if problem.kind == "syntax":
        reason = str(problem.values["reason"])
        return {"reason": _SYNTAX.get(reason, reason)}
    return {}


def _fix(problem: Problem, source: Source) -> Fix | None:
    """Return what can be shown as a repair: for a key that stands twice, the choice there is."""
    first = problem.values.get("first")
    if not isinstance(first, int):
        return None
    from ftlint.edits.duplicates import choice

    return choice(source, first, problem.start)


def _gap(problem: Problem, source: Source) -> str | None:
    """Return the template gap that the loader reads as a mapping used as a key."""
    if problem.kind != "unhashable-key":
        return None
    match = _GAP.match(source.text, problem.start)
    return "{{" + match[1].strip() + "}}" if match else None

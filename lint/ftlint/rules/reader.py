"""Reader problems in words: what the loader meets, and what to do about it."""

from __future__ import annotations

from ftlint.diagnostics import Finding, Related
from ftlint.rulebook import registry
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Fix
    from ftlint.syntax.construct import Problem
    from ftlint.syntax.source import Source

_GAP = pattern(r"\{\{?([^{}]*)\}?\}")

MOST_CHOICES = 20
"""Repeated keys for which both values are shown; finding them reads the file once more each."""

_WORDS = {
    "malformed-value": ("{reason}", "quote it"),
    "malformed-int": ("`{text}` looks like a number but is not one", "quote it, or correct it"),
    "malformed-float": ("`{text}` is not a number", "correct the number, or remove its tag"),
    "malformed-bool": ("`{text}` is not a bool", "write `true` or `false`"),
    "malformed-date": ("`{text}` looks like a date but is invalid ({reason})", "quote it"),
    "malformed-binary": ("`{text}` is not base64", "remove the `!!binary` tag"),
    "unknown-tag": ("`{tag}` is an unknown type tag", "remove the tag"),
    "unsupported-value": ("this value becomes a Python {type}", "put it in quotes"),
    "unsupported-key": ("the key `{text}` is not a string", "put the key in quotes"),
    "unhashable-key": ("a list or mapping is used as a key", "use a string as the key"),
    "key-not-text": ("the key `{text}` is not a string", "remove it"),
    "expansion": (
        "aliases expand to {nodes} nodes, more than {limit} or 100 times the file",
        "write the values out",
    ),
}  # fmt: skip

_SYNTAX = {
    "mapping values are not allowed in this context": (
        "a second `: ` on this line, or a missing colon on a line above"
    ),
    "could not find expected ':'": "this line has no colon after its key",
    "found character that cannot start any token": (
        "a value cannot start with this character; quote it, and indent with spaces, not tabs"
    ),
    "found unexpected end of stream": "an opened quote is never closed",
    "did not find expected ',' or ']'": "an opened `[` is never closed",
    "did not find expected ',' or '}'": "an opened `{` is never closed",
    "did not find expected key": "this line does not match the indentation above",
    "did not find expected <block end>": "this line does not match the indentation above",
    "block sequence entries are not allowed in this context": (
        "a list item (`-`) on the line of its key; put it on its own line"
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
        yield Related(first, first + problem.end - problem.start, "first set on this line")


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

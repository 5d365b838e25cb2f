"""The examples that every rule file carries, linted, and what is wrong with them."""

from __future__ import annotations

from ftlint.engine import lint
from ftlint.facts.launch import Launch
from ftlint.facts.layers import COMMAND_LINE, Given, Layer
from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.messages import fields
from ftlint.syntax.source import of_text
from ftlint.target.releases import KNOWN, in_range, parse_version, resolve_target
from ftschemas.examples import BadExample, spans
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result
    from ftlint.rulebook.registry import RuleBook
    from ftschemas.rule import About, Rule

TODO = "TODO"
"""What stands in a new file for words that are still to be written."""


class Example(NamedTuple):
    """A rule, what its file says, and the options that judge its examples."""

    rule: Rule
    about: About
    options: Options


def example_of(rule: Rule, about: About, rules: RuleBook = BUILT_IN) -> Example:
    """Return a rule's examples, to be judged for the newest pair that runs and it holds for."""
    fits = [name for name in KNOWN if in_range(parse_version(name), rule.llamafactory)]
    fits = [about.target] if about.target else fits or [KNOWN[-1]]
    pairs = ((name, version) for name in reversed(fits) if (version := _transformers(rule, name)))
    target = resolve_target(*next(pairs, fits[-1:]))
    facts = dict(about.facts)
    launch = {name: facts.pop(name) for name in ("gpus", "nodes") if name in facts}
    layer = Layer(COMMAND_LINE, Launch(**launch)).with_facts(tuple(facts.items()))
    return Example(rule, about, Options(target, Given((layer,)), rules=rules))


def _transformers(rule: Rule, release: str) -> str | None:
    """Return the newest transformers that a release takes and a rule holds for, if there is one.

    That which works with the release comes before all others.
    """
    from ftlint.target.pins import takes
    from ftschemas import compiled

    works = resolve_target(release).transformers
    taken = compiled.PINS.get(release, {}).get("transformers", ("", ""))[0]
    newest_first = (works, *reversed(compiled.TRANSFORMERS_RELEASES))
    held = (
        one
        for one in newest_first
        if in_range(parse_version(one), rule.transformers) and takes(taken, one)
    )
    return next(held, None)


def judge(example: Example, text: str) -> Result:
    """Return what ftlint says of a config under the options of an example."""
    return lint(of_text(example.about.file, text), example.options)


def complaints(example: Example) -> Iterator[str]:
    """Yield what is wrong with a rule's file: words that are missing, examples that do not hold."""
    about = example.about
    for field in ("summary", "why", "source"):
        if TODO in getattr(about, field):
            yield f"{field}: still says {TODO}"
    if TODO in example.rule.message:
        yield f"message: still says {TODO}"
    try:
        text, expected = spans(about.bad)
    except BadExample as error:
        yield f"bad: {error}"
        return
    bad, good = judge(example, text), judge(example, about.good)
    for name, result in (("bad", bad), ("good", good)):
        if result.command is None and result.source.text:
            yield f"{name}: not recognized as a config: begin with a base, such as `base: sft-lora`"
    if bad.command is not None:
        yield from _of_bad(example, bad, expected)
    for one in good.diagnostics:
        if one.code == example.rule.code or one.severity == "error":
            yield f"good: {_told(good, one)}"


def _of_bad(example: Example, bad: Result, expected: list[tuple[int, int]]) -> Iterator[str]:
    code = example.rule.code
    found = [one for one in bad.diagnostics if one.code == code]
    shown = sorted((one.start, one.end) for one in found)
    if not expected:
        yield "bad: marks no span: put « and » around what the finding underlines"
    elif not found:
        yield f"bad: {code} does not fire; what is said: {_all_told(bad)}"
    elif shown != expected:
        spoken = ", ".join(_place(bad, start, end) for start, end in shown)
        marked = ", ".join(_place(bad, start, end) for start, end in expected)
        yield f"bad: {code} is shown at {spoken}; « and » mark {marked}"
    for one in found:
        remedy = "" if one.fix is None else one.fix.message
        for field, text in (("message", one.message), ("fix", remedy)):
            if is_unfilled(text):
                yield f"{field}: a placeholder is not filled: {text}"
    yield from _of_fix(example, bad, found)


def is_unfilled(text: str) -> bool:
    """Return whether a text that is shown still has a placeholder."""
    return bool(fields(text.replace("{{", "").replace("${", "")))


def _of_fix(example: Example, bad: Result, found: list[Diagnostic]) -> Iterator[str]:
    """Yield where what a file says of its fixes is not what the example is offered.

    Any fix may be for display in a file in which no edit can make it; what a module offers may
    depend on the file.
    """
    declared = set(example.rule.applicabilities)
    offered = {one.fix.applicability for one in found if one.fix is not None}
    unknown = offered - declared - {"display"} if declared else offered
    if unknown:
        yield f"fix: {', '.join(sorted(unknown))} is offered, and not declared"
    if found and example.rule.fixes and not offered & declared:
        yield f"fix: {' or '.join(declared)} is declared, and not offered for the bad example"
    if offered & {"safe", "unsafe"}:
        from ftlint.fixes.apply import fix

        fixed = fix(bad.source, example.options, unsafe=True)
        if any(one.code == example.rule.code for one in fixed.result.diagnostics):
            yield "fix: the rule still fires after it"


def _place(result: Result, start: int, end: int) -> str:
    at = result.source.position(start)
    return f"line {at.line}, column {at.column} (`{result.source.text[start:end]}`)"


def _told(result: Result, one: Diagnostic) -> str:
    return f"line {result.source.position(one.start).line}: {one.code} {one.message}"


def _all_told(result: Result) -> str:
    return "; ".join(_told(result, one) for one in result.diagnostics) or "nothing"

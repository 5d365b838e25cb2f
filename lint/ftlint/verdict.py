"""From findings to what is reported of a file: worded, suppressed, selected, sorted."""

from __future__ import annotations

from ftlint.diagnostics import Diagnostic, Finding
from ftlint.results import Result
from ftlint.rulebook import registry
from ftlint.support.messages import fill
from ftlint.syntax import directives as directive
from ftlint.target.classify import NOT_KNOWN
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.project.options import Options
    from ftlint.syntax.dotlist import Overrides
    from ftlint.syntax.source import Source
    from ftlint.target.classify import Command

GAP = "…"
"""How a value is shown that only the run can tell."""


def settle(
    source: Source,
    command: Command,
    findings: Iterable[Finding],
    asked: directive.Directives | None,
    options: Options,
    whole: Iterable[tuple[int, int]] = (),
) -> Result:
    """Return the result of a file: its findings but those that comments or options leave out.

    A comment above one of the `whole` stretches is for all of it.
    """
    found = [worded(source, one, options.rules, options.overrides) for one in findings]
    if asked is not None:
        found, unused = directive.apply(asked, found, source, whole)
        found.extend(_of_directives(source, asked, unused, options.rules))
    options = in_file(options, source.path)
    wanted = [one for one in found if is_selected(one.code, one.name, options)]
    if options.severity:
        wanted = [_weighed(one, options.severity) for one in wanted]
    wanted.sort(key=lambda one: (one.start, one.code, one.end))
    return Result(source, command, tuple(dict.fromkeys(wanted)), target=options.target)


def worded(
    source: Source,
    finding: Finding,
    book: registry.RuleBook = registry.BUILT_IN,
    overrides: Overrides | None = None,
) -> Diagnostic:
    """Return a finding as reports show it: in its rule's words, without secrets.

    One on what is set over the file has no place in that, and names the argument.
    """
    from ftlint.target.secrets import formless, without

    if overrides is not None:
        finding, text, behind = _placed(finding, overrides, source.text)
    else:
        text, behind = source.text, ""
    rule, fix, key = book[finding.rule], finding.fix, finding.key
    related = finding.related
    values = {  # cleared before `fill` cuts what is long
        name: formless(value) if isinstance(value, str) else value
        for name, value in finding.values.items()
    }
    message = finding.message or fill(rule.message, values)
    message = without(message + behind, text, key).replace(NOT_KNOWN, GAP)
    fix = fix and fix._replace(message=without(fix.message, text, key))
    key = key and without(key, text, None)
    related = tuple(one._replace(message=without(one.message, text, None)) for one in related)
    return Diagnostic(
        source.path, rule.code, rule.name, rule.severity, message,  # type: ignore[arg-type]
        key, finding.start, finding.end, fix, related,
    )  # fmt: skip


def _placed(finding: Finding, overrides: Overrides, text: str) -> tuple[Finding, str, str]:
    """Return a finding with places in the file alone, all text that it rests on, and its source.

    That is the argument that it is about, or one that it is about as well.
    """
    about = overrides.at(finding.start)
    others = (overrides.at(one.start) for one in finding.related)
    related = tuple(one for one in finding.related if overrides.at(one.start) is None)
    named = about or next((one for one in others if one is not None), None)
    if about is not None:
        finding = finding._replace(start=0, end=0, fix=None)
    finding = finding._replace(related=related)
    behind = "" if named is None else f" ({overrides.told(named)})"
    return finding, "\n".join((text, *(one.text for one in overrides.arguments))), behind


def _of_directives(
    source: Source,
    asked: directive.Directives,
    unused: list[directive.Suppression],
    book: registry.RuleBook,
) -> Iterator[Diagnostic]:
    unknown = list(directive.unknown_codes(asked, book.named())) if asked.suppressions else []
    for one in unknown:
        yield worded(source, Finding("FT902", one.start, one.end, None, {"code": one.reason}))
    for named in asked.suppressions:
        for old, new in book.renamed(named.codes):
            values = {"old": old, "new": new}
            yield worded(source, Finding("FT910", named.start, named.end, None, values))
    misspelt = {one.start for one in unknown}
    for suppression in unused:
        if suppression.start not in misspelt:
            codes = ", ".join(suppression.codes)
            where = "in this file" if suppression.line is None else f"on line {suppression.line}"
            values = {"codes": codes, "where": where}
            yield worded(source, Finding("FT901", suppression.start, suppression.end, None, values))
    for bad in asked.bad:
        yield worded(source, Finding("FT903", bad.start, bad.end, None, {"reason": bad.reason}))


def in_file(options: Options, path: str) -> Options:
    """Return the options of a file: with what is ignored in it besides."""
    if not options.per_file:
        return options
    from ftlint.support.files import matching

    codes = [
        code
        for root, pattern, codes in options.per_file
        if matching(path, (pattern,), root) is not None
        for code in codes
    ]
    return options._replace(ignore=(*options.ignore, *codes)) if codes else options


def _weighed(one: Diagnostic, severities: tuple[tuple[str, str], ...]) -> Diagnostic:
    """Return a diagnostic with the severity that settings give its rule; the closest decides."""
    weight, severity = max(
        (_weight(code, one.code, one.name), severity) for code, severity in severities
    )
    return one if weight < 0 else one._replace(severity=severity)  # type: ignore[arg-type]


def is_selected(code: str, name: str, options: Options) -> bool:
    """Return whether the rule is wanted: the closest selector decides, `ignore` when both are."""

    def weight(selectors: tuple[str, ...]) -> int:
        return max((_weight(selector, code, name) for selector in selectors), default=-1)

    select = weight(options.select) if options.select else 0
    return select >= 0 and select > weight(options.ignore)


def _weight(selector: str, code: str, name: str) -> int:
    """Return how closely a selector names the rule: a name as closely as a whole code."""
    if selector == "ALL":
        return 0
    if directive.is_name(selector, code, name):
        return len(code)
    return len(selector) if directive.matches(selector, code, name) else -1

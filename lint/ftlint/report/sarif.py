"""SARIF 2.1.0, which code scanning on GitHub and elsewhere reads, with fixes.

Source: docs.oasis-open.org/sarif/sarif/v2.1.0.
"""

from __future__ import annotations

from ftlint import __version__
from ftlint.report.fingerprint import fingerprints
from ftlint.report.json_ import dumped, url
from ftlint.report.places import uri
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.addresses import SITE
from ftlint.support.messages import visible
from ftlint.support.pattern import pattern
from ftlint.syntax.source import BOM
from ftschemas.families import FAMILIES
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Diagnostic, Fix
    from ftlint.results import Result, Run
    from ftlint.syntax.source import Source
    from ftschemas.rule import About

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MARKS = str.maketrans("", "", "«»")
_LINK = pattern(r"\[([^][]+)\]\([^()\s]+\)")
"""Links between pages, which lead nowhere from here."""
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield one log with one run; files that could not be read are notifications in it."""
    rules = {one.code: one for result in run.results for one in result.diagnostics}
    order = {code: number for number, code in enumerate(sorted(rules))}
    driver = {
        "name": "ftlint",
        "version": __version__,
        "informationUri": SITE,
        "rules": [_rule(rules[code], run) for code in order],
    }
    notes = [
        {
            "level": "error",
            "message": {"text": f"not read: {visible(reason)}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(path)}}}],
        }
        for path, reason in run.failures
    ]
    ended = {
        "executionSuccessful": not notes,
        "toolExecutionNotifications": [*notes, *_of_targets(run)],
    }
    results = [found for result in run.results for found in _results(result, order)]
    whole = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [ended],
        "results": results,
    }
    yield dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": [whole]}, indent=1)


def _of_targets(run: Run) -> Iterator[dict[str, object]]:
    """Yield what each target is judged by, where it is no release."""
    for target in run.targets:
        for note in target.origin.notes:
            yield {"level": "note", "message": {"text": visible(note)}}


def _rule(one: Diagnostic, run: Run) -> dict[str, object]:
    """Return what is told of a rule; of a policy that is no more, its name alone."""
    about = BUILT_IN.about(one.code) if one.code in BUILT_IN else run.policies.get(one.code)
    page = url(one.code)
    summary = one.name.replace("-", " ") if about is None else about.summary
    told: dict[str, object] = {
        "id": one.code,
        "name": one.name,
        "shortDescription": {"text": visible(summary)},
    }
    if about is not None:
        why = " ".join(about.why.split())
        told["fullDescription"] = {"text": visible(why)}
    if page is not None:
        told["helpUri"] = page
    more = f"ftlint rule {one.code}" + (f", or {page}" if page else "")
    told["help"] = {"text": more}
    if about is not None:
        told["help"] = {"text": f"{visible(why)} {more}", "markdown": _help(one.code, page, about)}
    told["defaultConfiguration"] = {"level": _LEVELS[_severity(one)]}
    family = FAMILIES.get(one.code[:3])
    told["properties"] = {"tags": ["llama-factory", *([family] if family else [])]}
    return told


def _severity(one: Diagnostic) -> str:
    """Return the severity that a rule has where no settings give it another one."""
    return BUILT_IN[one.code].severity if one.code in BUILT_IN else one.severity


def _help(code: str, page: str | None, about: About) -> str:
    """Return why a rule is there, with its examples, in Markdown."""
    parts = ["\n".join(visible(line) for line in _LINK.sub(r"\1", about.why).splitlines())]
    for title, text in (("Bad", about.bad), ("Good", about.good)):
        lines = "\n".join(visible(line) for line in text.translate(MARKS).splitlines())
        if lines.strip() and "```" not in lines:
            parts.append(f"**{title}**\n\n```yaml\n{lines}\n```")
    parts.append(f"[{code}]({page})" if page else f"`ftlint rule {code}`")
    return "\n\n".join(parts)


def _results(result: Result, order: dict[str, int]) -> Iterator[dict[str, object]]:
    source = result.source
    for one, fingerprint in fingerprints(result):
        place: dict[str, object] = {
            "physicalLocation": {
                "artifactLocation": {"uri": uri(one.path)},
                "region": _region(source, one.start, one.end),
            }
        }
        if one.key is not None:
            place["logicalLocations"] = [{"fullyQualifiedName": visible(one.key), "kind": "member"}]
        found: dict[str, object] = {
            "ruleId": one.code,
            "ruleIndex": order[one.code],
            "level": _LEVELS[one.severity],
            "message": {"text": visible(one.message)},
            "locations": [place],
            "partialFingerprints": {"ftlint/v1": fingerprint},
        }
        related = [*_related(source, one)]
        if related:
            found["relatedLocations"] = related
        if one.fix is not None and one.fix.edits:
            found["fixes"] = [_fix(source, one.path, one.fix)]
        yield found


def _related(source: Source, one: Diagnostic) -> Iterator[dict[str, object]]:
    """Yield the other places that a finding is about, that of its launch last."""
    places = [
        (one.path, _region(source, other.start, other.end), other.message) for other in one.related
    ]
    if one.launch is not None:
        places.append((one.launch.path, {"startLine": one.launch.line}, "started on this line"))
    for path, region, message in places:
        yield {
            "physicalLocation": {"artifactLocation": {"uri": uri(path)}, "region": region},
            "message": {"text": visible(message)},
        }


def _fix(source: Source, path: str, fix: Fix) -> dict[str, object]:
    change = {
        "artifactLocation": {"uri": uri(path)},
        "replacements": [
            {
                "deletedRegion": _region(source, edit.start, edit.end),
                "insertedContent": {"text": edit.text},
            }
            for edit in fix.edits
        ],
    }
    return {
        "description": {"text": visible(fix.message)},
        "artifactChanges": [change],
        "properties": {"applicability": fix.applicability},
    }


def _region(source: Source, start: int, end: int) -> dict[str, int]:
    """Return a region both ways; a byte order mark is no character of it, as in columns."""
    begin, stop = source.position(start), source.position(end)
    mark = source.text.startswith(BOM)
    return {
        "startLine": begin.line,
        "startColumn": begin.column,
        "endLine": stop.line,
        "endColumn": stop.column,
        "charOffset": max(start - mark, 0),
        "charLength": end - start,
    }

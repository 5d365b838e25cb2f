"""JUnit XML, which nearly every CI shows as a table of tests: a suite a file, a test a finding.

A clean file is one test that passed. What is only advice has passed too and says so in its output;
files that could not be read are errors.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.results import Result, Run


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield the lines of one document, with those files that are LLaMA Factory configs."""
    checked = [one for one in run.results if one.command is not None or one.diagnostics]
    tests = sum(max(1, len(one.diagnostics)) for one in checked) + len(run.failures)
    failed = run.count("error") + run.count("warning")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="ftlint" {_counts(tests, failed, len(run.failures))}>'
    for result in checked:
        yield from _suite(result)
    for path, reason in run.failures:
        name = _quoted(path)
        yield f" <testsuite name={name} {_counts(1, 0, 1)}>"
        yield f'  <testcase classname={name} name="read">'
        yield f"   <error message={_quoted(f'not read: {reason}')}/>"
        yield "  </testcase>"
        yield " </testsuite>"
    yield "</testsuites>"


def _suite(result: Result) -> Iterator[str]:
    name = _quoted(result.source.path)
    failed = sum(one.severity != "info" for one in result.diagnostics)
    yield f" <testsuite name={name} {_counts(max(1, len(result.diagnostics)), failed, 0)}>"
    if result.target is not None:
        yield "  <properties>"
        yield f'   <property name="target" value={_quoted(result.target.in_full)}/>'
        for note in result.target.origin.notes:
            yield f'   <property name="note" value={_quoted(note)}/>'
        yield "  </properties>"
    if not result.diagnostics:
        yield f'  <testcase classname={name} name="ftlint"/>'
    for one in result.diagnostics:
        line, column = result.source.position(one.start)
        title = _quoted(f"{one.code} {one.name} {line}:{column}")
        place = f"{one.path}:{line}:{column}: {one.severity} {one.code} {one.message}"
        yield f'  <testcase classname={name} name={title} line="{line}">'
        if one.severity == "info":
            yield f"   <system-out>{escape(visible(place))}</system-out>"
        else:
            kind = f"type={_quoted(one.severity)} message={_quoted(one.message)}"
            yield f"   <failure {kind}>{escape(visible(place))}</failure>"
        yield "  </testcase>"
    yield " </testsuite>"


def _counts(tests: int, failures: int, errors: int) -> str:
    return f'tests="{tests}" failures="{failures}" errors="{errors}"'


def _quoted(text: str) -> str:
    return quoteattr(visible(text))

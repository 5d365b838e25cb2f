"""How often each rule fires, most often first."""

from __future__ import annotations

from collections import Counter

from ftlint.support.messages import plural
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.results import Run


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield `count files CODE name` for each rule that fired."""
    findings: Counter[tuple[str, str]] = Counter()
    files: Counter[tuple[str, str]] = Counter()
    for result in run.results:
        rules = [(one.code, one.name) for one in result.diagnostics]
        findings.update(rules)
        files.update(set(rules))
    for (code, name), count in sorted(findings.items(), key=lambda item: (-item[1], item[0])):
        many = files[code, name]
        yield f"{count:6} in {many:4} {plural('file', many)}  {code}  {name}"
    configs = f"{run.checked} {plural('config', run.checked)}"
    others = f"{run.skipped} other {plural('file', run.skipped)}"
    yield f"{configs}, {others}, {len(run.failures)} unreadable"

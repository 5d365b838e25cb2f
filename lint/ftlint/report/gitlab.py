"""GitLab's Code Quality report: what a merge request shows beside its changes.

Source: docs.gitlab.com/ci/testing/code_quality.
"""

from __future__ import annotations

from hashlib import sha256

from ftlint.report.fingerprint import fingerprints
from ftlint.report.json_ import dumped
from ftlint.report.places import relative
from ftlint.support.messages import visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.results import Run

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield one list; GitLab shows only the first of findings with one fingerprint."""
    found = [
        _entry(
            one.code, visible(one.message), _SEVERITIES[one.severity], one.path, fingerprint,
            result.source.position(one.start).line,
        )
        for result in run.results
        for one, fingerprint in fingerprints(result)
    ]  # fmt: skip
    found += [
        _entry("unreadable", f"not read: {visible(reason)}", "blocker", path, "", 1)
        for path, reason in run.failures
    ]
    yield dumped(found, indent=1)


def _entry(
    code: str, message: str, severity: str, path: str, fingerprint: str, line: int
) -> dict[str, object]:
    shown = visible(relative(path))
    digest = sha256(f"{shown}\0{code}\0{fingerprint}".encode("utf-8", "surrogatepass"))
    return {
        "description": f"{code}: {message}",
        "check_name": code,
        "fingerprint": digest.hexdigest()[:32],
        "severity": severity,
        "location": {"path": shown, "lines": {"begin": line}},
    }

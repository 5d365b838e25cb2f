"""ftlint on LLaMA Factory's own example configs, each release's under that release.

    python -m tests.oracle.examples CHECKOUT    a git checkout of LLaMA Factory with its tags

writes docs/examples.md: every error and warning, with the reason why it is true, from
docs/examples.yaml, and what the parser itself says of a file with an error. The exit status is
1 when a finding has no reason. Nothing of the checkout is kept.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from tests.oracle import environments
from tests.oracle.called import run_ftlint
from tests.oracle.client import Case, Judge

DOCS = environments.ROOT / "docs"
DATA_OF = "0.9.4"
"""Whose data stand in where a tag has none: copies of the repository lack some, and the small
datasets that the examples train on are the same."""
RELEASES = ("0.9.0", "0.9.1", "0.9.2", "0.9.3", "0.9.4", "0.9.5", environments.MAIN)
HEAD = """# LLaMA Factory's own examples

ftlint on the example configs of six releases, each judged for its own release, and of the
development state, judged for `main`. Written by `python -m tests.oracle.examples CHECKOUT`, which
stops at an error or a warning that nobody has argued. Advice (info) sets no exit status and is only
counted: most of it says that so small an example ends before its first checkpoint
([FT621](rules/FT621.md)).

"""


class Finding(NamedTuple):
    """An error or a warning on one of the examples."""

    release: str
    path: str
    code: str
    severity: str
    key: str
    message: str


class Report(NamedTuple):
    """What ftlint says of a release's examples."""

    release: str
    lent: bool
    """Whether its data are another release's."""
    configs: int
    findings: tuple[Finding, ...]
    advice: Counter[str]
    verdicts: dict[str, str]
    """File with an error -> what the release's own parser says of it."""


def examine(checkout: Path, release: str) -> Report:
    """Lint the examples of one release as they lie in its tag."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _lay_out(checkout, release, folder, "examples", "data")
        lent = not (folder / "data" / "dataset_info.json").exists()
        if lent:
            _lay_out(checkout, DATA_OF, folder, "data")
        report = json.loads(run_ftlint(folder, release, ["examples"]))
        findings = tuple(
            Finding(
                *(release, one["path"], one["code"], one["severity"]),
                *(one.get("key") or "", one["message"]),
            )
            for one in report["diagnostics"]
        )
        told = tuple(one for one in findings if one.severity != "info")
        advice = Counter(one.code for one in findings if one.severity == "info")
        verdicts = _verdicts(folder, release, {one.path for one in told if one.severity == "error"})
    return Report(release, lent, report["files"]["checked"], told, advice, verdicts)


def _lay_out(checkout: Path, release: str, folder: Path, *paths: str) -> None:
    """Write folders of a tag."""
    state = "HEAD" if release == environments.MAIN else f"v{release}"
    git = ["git", "-C", str(checkout), "archive", state, *paths]
    archive = subprocess.run(git, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def _verdicts(folder: Path, release: str, paths: set[str]) -> dict[str, str]:
    """Ask the real parser, where there is an environment with it."""
    is_there = release in environments.RELEASES or environments.folder_of(release, True).exists()
    if not is_there or not paths:
        return {}
    with Judge(release, extras=True) as judge:
        verdicts = judge.judge(
            Case(path, path=str(folder / path), cwd=str(folder)) for path in sorted(paths)
        )
    return {one.id: one.error or "accepted" for one in verdicts}


def argument(finding: Finding, arguments: list[dict[str, Any]]) -> str | None:
    """Return why a finding is true, if somebody has argued it."""
    for one in arguments:
        if (
            one["code"] == finding.code
            and fnmatch(finding.path, one.get("files", "*"))
            and finding.release in one.get("releases", RELEASES)
            and finding.key in one.get("keys", [finding.key])
        ):
            return str(one["why"])
    return None


def page(reports: list[Report], arguments: list[dict[str, Any]]) -> str:
    """Return the Markdown page."""
    parts = [HEAD + "| release | configs | errors | warnings | advice |\n|---|---|---|---|---|"]
    for one in reports:
        counts = Counter(finding.severity for finding in one.findings)
        advice = ", ".join(f"{code} {count}×" for code, count in sorted(one.advice.items()))
        name = f"{one.release} \\*" if one.lent else one.release
        row = (name, one.configs, counts["error"], counts["warning"], advice or "none")
        parts.append(f"| {' | '.join(map(str, row))} |")
    if any(one.lent for one in reports):
        parts.append(f"\n\\* with the data of {DATA_OF}: the checkout has none for this tag.")
    parts.append("\n## Every error and warning, and why it is true")
    for report in reports:
        parts += _argued(report, arguments)
    return "\n".join(parts) + "\n"


def _argued(report: Report, arguments: list[dict[str, Any]]) -> list[str]:
    """Return the part on one release: a paragraph for each rule, the files below it."""
    grouped: dict[tuple[str, str], dict[str, list[str]]] = {}
    for finding in report.findings:
        why = argument(finding, arguments) or "Not argued."
        files = grouped.setdefault((finding.code, why), {})
        files.setdefault(finding.path, []).append(finding.key)
    parts = [f"\n### {report.release}\n"] if grouped else []
    for (code, why), files in grouped.items():
        parts.append(f"[{code}](rules/{code}.md): {why}\n")
        for path, keys in files.items():
            real = report.verdicts.get(path, "").partition("\n")[0]
            real = f": LLaMA Factory: {real}" if real else ""
            listed = ", ".join(f"`{key}`" for key in dict.fromkeys(keys))
            parts.append(f"- {path.removeprefix('examples/')}, {listed}{real}")
        parts.append("")
    return parts[:-1]


def main(argv: list[str] | None = None) -> int:
    """Write docs/examples.md and name what nobody has argued."""
    parser = argparse.ArgumentParser(description="Lint LLaMA Factory's own examples.")
    parser.add_argument("checkout", type=Path, help="a git repository with the tags v0.9.0 …")
    parser.add_argument("--only", choices=RELEASES, help="this one alone; writes no page")
    options = parser.parse_args(argv)
    arguments = YAML(typ="safe", pure=True).load((DOCS / "examples.yaml").read_text("utf-8"))
    releases = RELEASES if options.only is None else (options.only,)
    reports = [examine(options.checkout, release) for release in releases]
    if options.only is None:
        (DOCS / "examples.md").write_text(page(reports, arguments), "utf-8")
    missing = [
        finding
        for report in reports
        for finding in report.findings
        if argument(finding, arguments) is None
    ]
    for finding in missing:
        print(f"not argued: {finding.release} {finding.path} {finding.code} {finding.message}")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())

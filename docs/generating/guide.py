"""The cases of the practitioner's guide, and what ftlint says about each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docs.generating.markdown import table
from docs.generating.rules import SOURCE

from ftlint.project.request import CliOptions
from ftlint.run.session import run

if TYPE_CHECKING:
    from ftlint.results import Result


def cases(folder: str) -> str:
    """Return the table of the configs right below a folder of examples/guide."""
    report, _ = run(CliOptions((folder,), isolated=True), bytes, lambda done, total: None)
    rows = [
        _row(result)
        for result in report.results
        if result.command is not None and result.source.path.rpartition("/")[0] == folder
    ]
    return table(("file", "case", "found"), rows)


def _row(result: Result) -> tuple[str, str, str]:
    path = result.source.path
    codes = dict.fromkeys(one.code for one in result.diagnostics)
    found = ", ".join(f"[{name}](rules/{name}.md)" for name in codes)
    title = _first_line(path).lstrip("# ")
    return f"[{path.rpartition('/')[2]}]({SOURCE}/{path})", title, found or "nothing"


def _first_line(path: str) -> str:
    with Path(path).open(encoding="utf-8") as file:
        return file.readline().rstrip("\n")

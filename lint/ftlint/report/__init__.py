"""Results as text: a module a format, each a function from results to lines.

May import: support, syntax, target, steps, facts, rulebook, doctor.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.results import Run


FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown")


def reporter(name: str) -> Callable[[Run, bool], Iterator[str]]:
    """Return the function that writes a run in this format; the flag asks for colour."""
    module = "json_" if name in ("json", "jsonl") else name
    report = __import__(f"ftlint.report.{module}", fromlist=["report"])
    return report.lines if name == "jsonl" else report.report  # type: ignore[no-any-return]

"""One finding a line, as compilers print them."""

from __future__ import annotations

from ftlint.support.messages import shown_path, visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.results import Run


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield `path:line:column: severity CODE message`."""
    for path, reason in run.failures:
        yield f"{shown_path(path)}: not read: {visible(reason)}"
    for result in run.results:
        for one in result.diagnostics:
            line, column = result.source.position(one.start)
            path = shown_path(one.path)
            yield f"{path}:{line}:{column}: {one.severity} {one.code} {visible(one.message)}"
    for repair in run.repairs:
        for made in repair.written:
            place = f"{shown_path(repair.path)}:{made.line}"
            yield f"{place}: fixed {made.code} {visible(made.message)}"

"""What a finding is known by while the file around it changes.

Its rule, its key and the lines it stands on, not their numbers: an edit elsewhere leaves it the
same finding, an edit of its own line makes it a new one. Those that are alike are counted.
"""

from __future__ import annotations

from hashlib import sha256

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result
    from ftlint.syntax.source import Source


def fingerprints(result: Result) -> Iterator[tuple[Diagnostic, str]]:
    """Yield each diagnostic of a file with 32 hexadecimal digits, no two of them alike."""
    seen: dict[tuple[str, ...], int] = {}
    for one in result.diagnostics:
        alike = one.code, one.key or "", _text(result.source, one)
        seen[alike] = number = seen.get(alike, 0) + 1
        digest = sha256("\0".join((*alike, str(number))).encode("utf-8", "surrogatepass"))
        yield one, digest.hexdigest()[:32]


def _text(source: Source, one: Diagnostic) -> str:
    """Return the lines it stands on; nothing for what is said of a whole file.

    What points between two letters, or behind the last line, is about what stands before it.
    """
    if one.end == 0:
        return ""
    start, end = one.start, max(one.end - 1, one.start)
    if one.start == one.end:
        start = end = len(source.text[: one.end].rstrip()) - 1
    first = source.position(max(start, 0)).line
    begin = source.line_starts[first - 1]
    return source.text[begin : source.line_end(max(end, begin))].strip()

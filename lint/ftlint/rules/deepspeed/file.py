"""The file of a DeepSpeed config: a name that is misspelt, keys that stand in it twice."""

from __future__ import annotations

from ftlint.diagnostics import at_value
from ftlint.edits import suggest
from ftlint.facts import deepspeed
from ftlint.target.slips import guess
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.rules.deepspeed.config import DeepSpeedConfig

MISSPELT, REPEATED = "FT128", "FT589"


def missing(context: Context) -> Iterator[Finding]:
    """Yield that a file is not there and one of nearly that name is."""
    entry = context.entries["deepspeed"]
    written = entry.value
    if not isinstance(written, str) or "." not in written or written.lstrip().startswith("{"):
        return
    folder, slash, name = written.rpartition("/")
    near = guess(name, deepspeed.neighbours(written, context.source.path, context.disk))
    if near is None or not near.slip:
        return
    meant = f"{folder}{slash}{near.name}"
    fix = suggest.write(context, entry, meant, safe=False)
    yield at_value(MISSPELT, entry, {"written": written, "meant": meant}, fix)


def repeated(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield the keys that a JSON file has twice, which Python reads as the last of them."""
    for path in dict.fromkeys(config.lines.repeated):
        yield config.finding(REPEATED, path)

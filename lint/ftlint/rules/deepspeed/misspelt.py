"""A DeepSpeed file whose name is misspelt: what it holds is then unknown to all other rules."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context


def check(context: Context) -> Iterator[Finding]:
    """Yield that a file is not there and one of nearly that name is."""
    entry = context.entries.get("deepspeed")
    if entry is None or "deepspeed" in context.instance.unknown | context.instance.facts.keys():
        return
    written = entry.value
    if not isinstance(written, str) or "." not in written or written.lstrip().startswith("{"):
        return
    from ftlint.diagnostics import at_value
    from ftlint.edits import suggest
    from ftlint.facts import deepspeed
    from ftlint.target.slips import guess

    folder, slash, name = written.rpartition("/")
    near = guess(name, deepspeed.neighbours(written, context.source.path, context.disk))
    if near is None or not near.slip:
        return
    meant = f"{folder}{slash}{near.name}"
    fix = suggest.write(context, entry, meant, safe=False)
    yield at_value("FT128", entry, {"written": written, "meant": meant}, fix)

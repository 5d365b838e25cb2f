"""A tuned config as a change of its file: ftlint's own edits, which leave comments alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.diagnostics import Change
from ftlint.edits import diff, recipe, write
from ftlint.edits.plan import splice
from ftlint.edits.spelling import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.facts.context import Context
    from ftlint.loading import Config


class Edited(NamedTuple):
    """The file before and after, and what could not be written into it, with the reason."""

    path: str
    before: str
    after: str
    by_hand: str | None = None

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of a unified difference that shows no secret."""
        lines = tuple(diff.unified(self.path, self.before, self.after))
        return diff.without_secrets(lines, self.before, self.after)[0]


def edited(config: Config, changes: Iterable[tuple[str, Any]]) -> Edited:
    """Return what keys with new values make of a config's text."""
    context = config.context
    text = context.source.text
    fix = recipe.of_changes(context, "unsafe", "", _asked(context, changes))
    if not fix.edits:
        return Edited(config.path, text, text, fix.message.strip() or None)
    return Edited(config.path, text, splice(text, fix.edits))


def _asked(context: Context, changes: Iterable[tuple[str, Any]]) -> Iterator[Change]:
    """Yield the edits: a key that is there is replaced, another one inserted."""
    dialect = context.target.dialect
    for key, value in changes:
        kind = "replace" if key in context.entries else "insert"
        yield Change(kind, key, spell(value, dialect))  # type: ignore[arg-type]


def written(found: Edited, data: bytes) -> str | None:
    """Write the new text over the file of `data`; return why not, None when it is done."""
    return write.replace(found.path, data, found.after.encode("utf-8"))

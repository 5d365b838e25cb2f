"""A tuned config as a change of its file: ftlint's own edits, which leave comments alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.diagnostics import Change
from ftlint.edits import diff, recipe, write
from ftlint.edits.page import NoEdit, page_of
from ftlint.edits.plan import splice
from ftlint.edits.spelling import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.facts.context import Context
    from ftlint.loading import Config


class Edited(NamedTuple):
    """The file before and after, and what could not be written into it, with the reason.

    `comments`: what is said of those that name a value which has changed.
    """

    path: str
    before: str
    after: str
    by_hand: str | None = None
    comments: tuple[str, ...] = ()

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of a unified difference that shows no secret."""
        lines = tuple(diff.unified(self.path, self.before, self.after))
        return diff.without_secrets(lines, self.before, self.after)[0]


def edited(config: Config, changes: Iterable[tuple[str, Any]]) -> Edited:
    """Return what keys with new values make of a config's text."""
    context = config.context
    text = context.source.text
    asked = tuple(_asked(context, changes))
    fix = recipe.of_changes(context, "unsafe", "", asked)
    if not fix.edits:
        return Edited(config.path, text, text, fix.message.strip() or None)
    comments = tuple(_outdated(context, asked))
    return Edited(config.path, text, splice(text, fix.edits), comments=comments)


def _asked(context: Context, changes: Iterable[tuple[str, Any]]) -> Iterator[Change]:
    """Yield the edits: a key that is there is replaced, another one inserted."""
    dialect = context.target.dialect
    for key, value in changes:
        kind = "replace" if key in context.entries else "insert"
        yield Change(kind, key, spell(value, dialect))  # type: ignore[arg-type]


def _outdated(context: Context, asked: Iterable[Change]) -> Iterator[str]:
    """Yield which comments, behind a pair or on the lines above it, name its former value.

    No edit changes a comment: whether it still holds is for a person to say.
    """
    page = page_of(context)
    if isinstance(page, NoEdit):
        return
    for change in asked:
        pair = page.find(change.key)
        if isinstance(pair, NoEdit) or change.kind != "replace":
            continue
        value = page.text[pair.value_start : pair.end].strip()
        first = pair.first
        while page.is_line(first - 1) and page.source.line(first - 1).lstrip().startswith("#"):
            first -= 1
        comments = page.comments(page.line_start(first), page.line_end(pair.last))
        former = re.compile(rf"(?<![\w.]){re.escape(value)}(?!\w|\.\d)")
        for comment in comments:
            if former.search(comment.text):
                yield (
                    f"line {page.line(comment.start)}: the comment names the former value,"
                    f" `{change.key}: {value}`, and stays as it is"
                )


def written(found: Edited, data: bytes) -> str | None:
    """Write the new text over the file of `data`; return why not, None when it is done."""
    return write.replace(found.path, data, found.after.encode("utf-8"))

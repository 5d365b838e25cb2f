"""A key that stands twice: what each says, for a person to choose from."""

from __future__ import annotations

from functools import lru_cache

from ftlint.diagnostics import Fix
from ftlint.edits.page import NoEdit, Pair, read_page
from ftlint.edits.pairs import delete_pair
from ftlint.support.messages import show
from ftlint.syntax.dialect import OMEGACONF
from ftlint.target.variables import is_secret
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.edits.page import Page
    from ftlint.syntax.source import Source


def choice(source: Source, first: int, second: int) -> Fix | None:
    """Return, for display, both pairs and the edit that drops the first; offsets are of the keys.

    PyYAML lets the last one win, so that this is what the file did up to LLaMA Factory 0.9.3.
    """
    page, pairs = _page(source)
    if page is None or first not in pairs or second not in pairs:
        return None
    message = f"keep one of {_said(page, pairs[first])} and {_said(page, pairs[second])}"
    plan = delete_pair(page, pairs[first])
    edits = () if isinstance(plan, NoEdit) else plan.edits
    return Fix("display", message, edits)


@lru_cache(maxsize=1)
def _page(source: Source) -> tuple[Page | None, dict[int, Pair]]:
    """Return the page and its pairs by where they start; kept, as a file may repeat many keys."""
    page = read_page(source, OMEGACONF)
    if isinstance(page, NoEdit):
        return None, {}
    return page, {pair.start: pair for pair in page.pairs if pair is not None}


def _said(page: Page, pair: Pair) -> str:
    value = "…" if is_secret(pair.name) else show(page.text[pair.value_start : pair.end])
    return f"`{pair.name}: {value}` (line {pair.first})"

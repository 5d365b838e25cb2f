"""What bare edits change, for fixes whose rule does not say it."""

from __future__ import annotations

from ftlint.diagnostics import Change
from ftlint.edits.page import NoEdit, Page
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.diagnostics import Edit, Fix


def infer_changes(page: Page, fix: Fix) -> tuple[Change, ...] | NoEdit:
    """Return the changes a fix states, or those that its edits amount to.

    An edit that covers exactly a key renames it, one that covers exactly a value replaces it; any
    other says nothing that could be checked afterwards, and is refused.
    """
    if fix.changes:
        return fix.changes
    found = [_change(page, edit) for edit in fix.edits]
    if None in found:
        return NoEdit("its edits are neither a key nor a value")
    return tuple(sorted((one for one in found if one), key=lambda one: one.kind == "rename"))


def _change(page: Page, edit: Edit) -> Change | None:
    for pair in page.pairs:
        if pair is None:
            continue
        if (pair.start, pair.key.end) == (edit.start, edit.end):
            return Change("rename", pair.name, edit.text.strip("'\""))
        if (pair.node.start, pair.node.end) == (edit.start, edit.end) and not pair.is_block:
            return Change("replace", pair.name, edit.text.strip())
    return None

"""Another key, another value, or both, in the place of the old ones."""

from __future__ import annotations

from ftlint.diagnostics import Change, Edit
from ftlint.edits.columns import comment_gap, lead, realigned
from ftlint.edits.page import NoEdit, Page, Pair
from ftlint.edits.plan import Plan, ordered
from ftlint.edits.spelling import fit
from ftlint.syntax.nodes import Scalar
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUOTES = {"single": "'", "double": '"'}


def rename(page: Page, name: str, to: str, text: str | None = None) -> Plan | NoEdit:
    """Call the key `name` `to`, and write `text` as its value where that is given."""
    if to in page.constructed.entries:
        return NoEdit(f"{to} is already in the file")
    pair = page.find(name)
    if isinstance(pair, NoEdit):
        return pair
    if name in page.merged:
        return NoEdit(f"`<<` would still set {name}")
    change = Change("rename", name, to)
    quote = _QUOTES.get(pair.key.style, "")
    key = quote + to + quote
    if text is None:
        return Plan(ordered(_single(page, pair, key, None)), (change,))
    value = _value(page, pair, text)
    if isinstance(value, NoEdit):
        return value
    spelled, edits = value
    changes = (Change("replace", name, spelled), change)
    return Plan(ordered(_single(page, pair, key, edits)), changes)


def replace(page: Page, name: str, text: str) -> Plan | NoEdit:
    """Write `text`, the YAML of a value, for the value of `name`."""
    pair = page.find(name)
    if isinstance(pair, NoEdit):
        return pair
    value = _value(page, pair, text)
    if isinstance(value, NoEdit):
        return value
    spelled, edits = value
    if all(page.text[edit.start : edit.end] == edit.text for edit in edits):
        return NoEdit(f"{name} is already {spelled}")
    key = page.text[pair.start : pair.key.end]
    return Plan(ordered(_single(page, pair, key, edits)), (Change("replace", name, spelled),))


def _single(page: Page, pair: Pair, key: str, value: Iterable[Edit] | None) -> Iterable[Edit]:
    """Return the edits of key and value, and of the spaces that keep columns on the line."""
    edits = [] if value is None else list(value)
    growth = sum(len(edit.text) - (edit.end - edit.start) for edit in edits)
    if key != page.text[pair.start : pair.key.end]:
        change = len(key) - (pair.key.end - pair.start)
        spaces = realigned(page, pair, len(key)) if pair.first == pair.last else None
        old = lead(page, pair)
        if spaces is None or old is None:
            edits.append(Edit(pair.start, pair.key.end, key))
            growth += change
        else:
            between = f"{spaces[0]}:{spaces[1]}"
            edits.append(Edit(pair.start, pair.value_start, key + between))
            growth += change + len(between) - len(f"{old[0]}:{old[1]}")
    if pair.first == pair.last:
        gap = comment_gap(page, pair, growth)
        if gap is not None:
            edits.append(Edit(*gap))
    return edits


def _value(page: Page, pair: Pair, text: str) -> tuple[str, list[Edit]] | NoEdit:
    """Return the text to write for a value, and the edits that write it."""
    node = pair.node
    anchor = page.aliased_elsewhere(pair)
    if anchor is not None:
        return NoEdit(f"*{anchor} elsewhere in the file refers to the value of {pair.name}")
    if getattr(node, "tag", None) is not None:
        return NoEdit(f"the value of {pair.name} carries a type tag")
    if page.comments(node.start, node.end):
        return NoEdit(f"there are comments inside the value of {pair.name}")
    quote = _QUOTES.get(node.style, "") if isinstance(node, Scalar) else ""
    spelled = fit(page, text, quote)
    if isinstance(spelled, NoEdit):
        return spelled
    if pair.is_block:
        return _unblocked(page, pair, spelled)
    if node.start < node.end:
        return spelled, [Edit(node.start, node.end, spelled)]
    colon = ":" in page.text[pair.key.end : node.start]
    blank = page.text[node.start - 1] in " \t"
    space = "" if colon and blank else " " if colon else ": "
    return spelled, [Edit(node.start, node.start, space + spelled)]


def _unblocked(page: Page, pair: Pair, spelled: str) -> tuple[str, list[Edit]] | NoEdit:
    """Put one word behind the key in the place of a block of lines."""
    colon = page.text.index(":", pair.key.end)
    end = page.line_end(pair.first)
    own = page.comments(colon, end)
    rest = page.comments(end, page.line_end(pair.last))
    if pair.value_start < pair.node.start or rest:
        return NoEdit(f"there are comments or an anchor inside the value of {pair.name}")
    behind = own[0].start if own else end
    keep = page.text[colon + 1 : behind] if own else ""
    return spelled, [
        Edit(colon + 1, behind, f" {spelled}{keep or ''}"),
        Edit(end, pair.node.end, ""),
    ]

"""The edits of a config: delete a pair but for its comment; rename, replace, insert.

Each is a pure function of the page. It touches the bytes it has to and no others, and where that
takes a guess it returns the reason instead.
"""

from __future__ import annotations

from ftlint.diagnostics import Change
from ftlint.edits import block, flow
from ftlint.edits.page import NoEdit, Page, Pair
from ftlint.edits.plan import Plan, ordered
from ftlint.edits.rewrite import rename, replace
from ftlint.edits.sections import place
from ftlint.edits.spelling import fit
from ftlint.support.pattern import pattern
from ftlint.syntax.nodes import Scalar
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.syntax.nodes import Comment

__all__ = ["delete", "delete_pair", "insert", "insert_after", "rename", "replace"]


def delete(page: Page, name: str) -> Plan | NoEdit:
    """Take the pair of `name` out and leave its trailing comment, which then has the line."""
    pair = page.find(name)
    return pair if isinstance(pair, NoEdit) else delete_pair(page, pair)


def delete_pair(page: Page, pair: Pair) -> Plan | NoEdit:
    """Take one pair out, whether or not another sets the same key."""
    name = pair.name
    anchor = page.aliased_elsewhere(pair)
    if anchor is not None:
        return NoEdit(f"*{anchor} elsewhere in the file refers to the value of {name}")
    if name in page.merged:
        return NoEdit(f"without {name} the value from `<<` would apply")
    comment = _own_comment(page, pair)
    if isinstance(comment, NoEdit):
        return comment
    if any(_SILENCES.match(above.text) for above in _comments_above(page, pair)):
        return NoEdit(f"there is a suppression above {name}")
    make = flow if page.root.flow else block
    edits = make.delete(page, pair) if comment is None else make.strip(page, pair, comment)
    if isinstance(edits, NoEdit):
        return edits
    return Plan(ordered(edits), (Change("delete", name),))


def insert(
    page: Page, name: str, text: str, group_of: Callable[[str], str | None]
) -> Plan | NoEdit:
    """Put `name: text` below the key it belongs to; `group_of` names the group of a key."""
    after = place(name, [pair for pair in page.pairs if pair is not None], group_of)
    if after is None:
        return NoEdit("the file has no key next to which another one could go")
    return insert_after(page, name, text, after.name)


def insert_after(page: Page, name: str, text: str, other: str) -> Plan | NoEdit:
    """Put `name: text` below the pair of `other`."""
    if name in page.constructed.entries:
        return NoEdit(f"{name} is already in the file")
    after = page.find(other)
    if isinstance(after, NoEdit):
        return after
    spelled = fit(page, text)
    if isinstance(spelled, NoEdit):
        return spelled
    make = flow.insert if page.root.flow else block.insert
    edits = make(page, name, spelled, after)
    if isinstance(edits, NoEdit):
        return edits
    return Plan(ordered(edits), (Change("insert", name, spelled),))


_ADDRESSED = pattern(r"#\s*ftlint:")
_SILENCES = pattern(r"#\s*ftlint:\s*ignore\s*\[")


def _own_comment(page: Page, pair: Pair) -> Comment | NoEdit | None:
    """Return the comment that goes with a pair: behind its value, or behind the key of a block."""
    behind = page.comments(pair.end, page.line_end(pair.last))
    inside = page.comments(pair.start, pair.end)
    block_text = isinstance(pair.node, Scalar) and pair.node.style in ("literal", "folded")
    if pair.is_block or block_text:
        own, strange = inside[:1], [*inside[1:], *(behind if inside or pair.is_block else ())]
        if own and page.line(own[0].start) != pair.first:
            strange.append(own[0])
        own = own or behind
    else:
        own, strange = behind, list(inside)
    if strange:
        return NoEdit(f"there are comments inside the value of {pair.name}")
    if any(_ADDRESSED.match(comment.text) for comment in own):
        return NoEdit(f"its comment is for ftlint: {own[0].text}")
    return own[0] if own else None


def _comments_above(page: Page, pair: Pair) -> Iterator[Comment]:
    """Yield the comments on lines of their own right above a pair, blank lines passed over."""
    number = pair.first - 1
    while page.is_line(number):
        line = page.source.line(number).strip()
        if line and not line.startswith("#"):
            return
        yield from page.comments(page.line_start(number), page.line_end(number))
        number -= 1

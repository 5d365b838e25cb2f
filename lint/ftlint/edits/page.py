"""A file as edits see it: its lines, its top-level pairs, its comments."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ftlint.support.limits import HIGHEST
from ftlint.syntax.construct import construct
from ftlint.syntax.nodes import Alias, Document, Mapping, Scalar, Sequence, deref, walk
from ftlint.syntax.parse import compose
from ftlint.syntax.source import BOM, of_text
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Constructed
    from ftlint.syntax.dialect import Dialect
    from ftlint.syntax.nodes import Comment, Node
    from ftlint.syntax.source import Source


class NoEdit(NamedTuple):
    """Why an edit cannot be made without guessing: a clause about the file."""

    reason: str


class Pair(NamedTuple):
    """A top-level pair as it lies in the file. Lines count from 1."""

    place: int
    """Which pair of the root it is, from 0."""
    name: str
    key: Scalar
    node: Node
    value_start: int
    """Where the value begins, anchor and tag included; `node.start` lies behind them."""
    end: int
    first: int
    last: int

    @property
    def start(self) -> int:
        """Where the key starts, quotes included."""
        return self.key.start

    @property
    def is_block(self) -> bool:
        """Return whether the value is a collection in block style."""
        return isinstance(self.node, (Sequence, Mapping)) and not self.node.flow


class Page(NamedTuple):
    """One config: its text, its nodes, its data, and the pairs of its root."""

    source: Source
    document: Document
    root: Mapping
    constructed: Constructed
    dialect: Dialect
    pairs: tuple[Pair | None, ...]
    """In the order of the file; None where a key is not a plain word: `<<`, an alias, `? key`."""

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.source.text

    @property
    def is_json(self) -> bool:
        """Return whether keys and values are written as JSON writes them."""
        keys = self.root.pairs
        quoted = bool(keys) and self.text.startswith('"', keys[0][0].start)
        return self.source.path.endswith(".json") or (self.root.flow and quoted)

    def find(self, name: str) -> Pair | NoEdit:
        """Return the pair that sets `name`, if it is one that can be edited."""
        entry = self.constructed.entries.get(name)
        if entry is None:
            return NoEdit(f"{name} is not in the file")
        for problem in self.constructed.problems:
            if problem.kind in _TWICE and problem.values.get("name") == name:
                return NoEdit(f"{name} is in the file twice")
        for pair in self.pairs:
            if pair is not None and pair.start == entry.key.start:
                return pair
        return NoEdit(f"{name} is not written as a plain `key: value` of the file itself")

    @property
    def merged(self) -> frozenset[str]:
        """The keys that `<<` brings into the root."""
        found: set[str] = set()
        for key, node in self.root.pairs:
            if isinstance(key, Scalar) and key.text == "<<":
                found.update(_keys_below(node))
        return frozenset(found)

    def line(self, offset: int) -> int:
        """Return the number of the line of `offset`."""
        return bisect_right(self.source.line_starts, offset)

    def line_start(self, number: int) -> int:
        """Return where line `number` begins, behind a byte order mark."""
        start = self.source.line_starts[number - 1]
        return start + (start == 0 and self.text.startswith(BOM))

    def line_end(self, number: int) -> int:
        """Return where line `number` ends, before its break."""
        return self.source.line_end(self.source.line_starts[number - 1])

    def next_line(self, number: int) -> int:
        """Return where the line behind `number` begins, or the end of the text."""
        starts = self.source.line_starts
        return starts[number] if number < len(starts) else len(self.text)

    def column(self, offset: int) -> int:
        """Return how many characters stand before `offset` on its line."""
        return offset - self.line_start(self.line(offset))

    def is_line(self, number: int) -> bool:
        """Return whether the file has a line of this number; nothing after a break is not one."""
        starts = self.source.line_starts
        return 1 <= number <= len(starts) and starts[number - 1] < len(self.text)

    def is_blank(self, number: int) -> bool:
        """Return whether the line is there and holds only white space."""
        return self.is_line(number) and not self.source.line(number).strip(" \t")

    def line_break(self, number: int) -> str:
        """Return the break that the lines around `number` end with."""
        for line in (number, max(number - 1, 1)):
            found = self.text[self.line_end(line) : self.next_line(line)]
            if found:
                return found
        return "\n"

    def comments(self, start: int, end: int) -> tuple[Comment, ...]:
        """Return the comments that begin from `start` up to before `end`."""
        all_of_them = self.document.comments
        low = bisect_left(all_of_them, start, key=_start)
        return all_of_them[low : bisect_left(all_of_them, end, key=_start)]

    def aliased_elsewhere(self, pair: Pair) -> str | None:
        """Return an anchor inside the value of `pair` that an alias outside of it uses."""
        anchors = {
            node.anchor
            for node in walk(pair.node)
            if not isinstance(node, Alias) and node.anchor is not None
        }
        if anchors:
            for node in walk(self.root):
                inside = pair.start <= node.start <= pair.end
                if isinstance(node, Alias) and node.name in anchors and not inside:
                    return node.name
        return None


_TWICE = frozenset(["duplicate-key", "overridden-key"])
_RARE_BREAKS = ("\x85", "\u2028", "\u2029")
"""Line breaks to YAML 1.1, and to nothing else that shows or counts lines."""


def page_of(context: Context) -> Page | NoEdit:
    """Return the page of a file that is being linted."""
    dialect = context.target.dialect_of(context.source.path)
    written = context.written or context.constructed
    return _page(context.source, context.document, written, dialect)


def read_page(source: Source, dialect: Dialect) -> Page | NoEdit:
    """Parse a text into a page.

    It was linted within its limits, or will be: what a person lifted for it is not held against it.
    """
    document = compose(source.text, HIGHEST)
    if not isinstance(document, Document):
        return NoEdit(f"the result would not be YAML: {document.reason}")
    return _page(source, document, construct(document.root, dialect, HIGHEST), dialect)


def edited(page: Page, text: str) -> Page | NoEdit:
    """Return the page that the same file is with another text."""
    return read_page(of_text(page.source.path, text), page.dialect)


def _page(
    source: Source, document: Document, constructed: Constructed, dialect: Dialect
) -> Page | NoEdit:
    root = document.root
    if not isinstance(root, Mapping):
        return NoEdit("the file has no keys")
    if any(mark in source.text for mark in _RARE_BREAKS):
        return NoEdit("the file has line breaks that only YAML 1.1 counts (U+0085, U+2028)")
    page = Page(source, document, root, constructed, dialect, ())
    return page._replace(pairs=tuple(_pairs(page)))


def _pairs(page: Page) -> Iterator[Pair | None]:
    behind = page.root.start + page.root.flow  # behind the brace, or where the block begins
    for index, (key, node) in enumerate(page.root.pairs):
        yield _pair(page, index, key, node, behind)
        behind = max(node.end, key.end)


def _pair(page: Page, index: int, key: Node, node: Node, behind: int) -> Pair | None:
    """Return the pair, if its key is a word that begins its line or follows a brace or comma."""
    if not isinstance(key, Scalar) or key.anchor or key.tag or key.text == "<<":
        return None
    if page.root.flow:
        between = blanked(page, behind, key.start).strip()
        if between != ("," if index else ""):
            return None
    elif page.text[page.line_start(page.line(key.start)) : key.start].strip(" "):
        return None
    end = max(node.end, key.end)
    first, last = page.line(key.start), page.line(end)
    return Pair(index, key.text, key, node, _value_start(page.text, key, node), end, first, last)


def _value_start(text: str, key: Scalar, node: Node) -> int:
    if isinstance(node, Alias) or not (node.anchor or node.tag):
        return node.start
    place = key.end
    while place < node.start and text[place] in " \t:":
        place += 1
    return place if text[place] in "&!" else node.start


def blanked(page: Page, start: int, end: int) -> str:
    """Return a stretch of the text with its comments turned into spaces."""
    text = page.text[start:end]
    for comment in page.comments(start, end):
        low, high = comment.start - start, min(comment.end, end) - start
        text = text[:low] + " " * (high - low) + text[high:]
    return text


def _keys_below(node: Node) -> Iterator[str]:
    """Yield the keys of the mappings that a merge names, and of those that these merge."""
    pending, seen = [deref(node)], set()
    while pending:
        target = pending.pop()
        if id(target) in seen:
            continue
        seen.add(id(target))
        if isinstance(target, Sequence):
            pending += map(deref, target.items)
        elif isinstance(target, Mapping):
            for key, item in target.pairs:
                if isinstance(key, Scalar) and key.text == "<<":
                    pending.append(deref(item))
                elif isinstance(key, Scalar):
                    yield key.text


def _start(comment: Comment) -> int:
    return comment.start

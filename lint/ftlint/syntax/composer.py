"""Text to nodes by way of ruamel.yaml's events.

The tree is built here from its events, because composed nodes lose what a linter needs: where an
alias stands, where an empty value belongs, where a block really ends. With ruamel's C parser
(libyaml, the parser OmegaConf uses too) this takes a fortieth of the time of the Python one and
accepts what the target accepts.
"""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ftlint.support.limits import DEFAULT, Limits, reason
from ftlint.syntax.nodes import (
    Alias,
    Broken,
    Comment,
    Document,
    Mapping,
    Scalar,
    Sequence,
    line_end,
    walk,
)
from ftlint.syntax.source import BOM
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ftlint.syntax.nodes import Node, Style

    Event = Any
    """ruamel's events carry attributes that their common class does not declare."""


MAX_SECOND_READING = 1 << 16
"""Characters for which the slow parser is worth asking when the fast one refuses."""


def compose(text: str, limits: Limits = DEFAULT) -> Document | Broken:
    """Return the only document of `text`, or what is wrong with it. Never raises."""
    document = _compose(text, limits, _fast_events)
    refused = isinstance(document, Broken) and document.reason in _OLD_FLOW_RULES
    if refused and len(text) <= MAX_SECOND_READING:
        # ruamel's C parser follows libyaml 0.1 here; the targets' own (0.2) take `[a:b]` as text.
        again = _compose(text, limits, _python_events)
        if isinstance(again, Document) and not _ends_in_colon(again.root):
            return again
    return document


def _ends_in_colon(root: Node | None) -> bool:
    """Return whether `[x:]` was read as text, which only ruamel's Python parser does."""
    return any(
        isinstance(node, Scalar) and node.style == "plain" and node.text.endswith(":")
        for node in (walk(root) if root else ())
    )


_OLD_FLOW_RULES = frozenset(["found unexpected ':'"])


def _compose(
    text: str, limits: Limits, events: Callable[[str], Iterator[Event]]
) -> Document | Broken:
    shift = len(text) - len(text.lstrip(BOM))  # libyaml drops a second mark, too
    try:
        root, scalars = _Composer(text, limits, shift).document(events)
    except _Stop as stop:
        return stop.broken
    except MarkedYAMLError as error:
        return _marked(text, error, shift)
    except YAMLError as error:
        return _unreadable(text, error, shift)
    return Document(root, tuple(_comments(text, scalars)))


class _Stop(Exception):
    """Carries a `Broken` out of the composer."""

    def __init__(self, broken: Broken) -> None:
        self.broken = broken


class _Open:
    """A collection whose end has not come yet."""

    __slots__ = ("event", "height", "nodes", "start")

    def __init__(self, event: Event, start: int) -> None:
        self.event = event
        self.start = start
        self.height = 1
        self.nodes: list[Node] = []


_PROPERTIES = (
    r"(?:(?:&[^\s,\[\]{}]*|!<[^>\s]*>|![^\s{}]*)(?:\s+(?:#[^\r\n]*[\r\n]\s*)*|(?=[,\[\]{}])|\Z))+"
)
"""Anchor and tag of a node that is not empty, and the white space and comments behind them."""

_STYLES: dict[str | None, Style] = {
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}


class _Composer:
    """One pass over the events of one text, without recursion."""

    def __init__(self, text: str, limits: Limits, shift: int) -> None:
        self.text = text
        self.limits = limits
        self.shift = shift
        self.anchors: dict[str, Node] = {}
        self.heights: dict[str, int] = {}
        self.named: set[str] = set()
        self.scalars: list[Scalar] = []
        self.count = 0
        self.last = shift
        """Where the last event ended: an empty value belongs right behind it."""

    def document(
        self, events: Callable[[str], Iterator[Event]]
    ) -> tuple[Node | None, list[Scalar]]:
        root: Node | None = None
        stack: list[_Open] = []
        documents = 0
        for event in events(self.text[self.shift :]):
            node: Node
            height = 0
            if isinstance(event, ScalarEvent):
                node = self.scalar(event)
            elif isinstance(event, AliasEvent):
                node = self.alias(event, stack)
                height = self.heights[node.name]
                if len(stack) + height > self.limits.depth:
                    raise self.beyond("too-deep", event, "depth", "levels")
            elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                if len(stack) >= self.limits.depth:
                    raise self.beyond("too-deep", event, "depth", "levels")
                start = self.own_start(event)
                stack.append(_Open(event, start))
                opened = event.end_mark.index + self.shift if event.flow_style else start
                self.last = max(self.last, opened)
                continue
            elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                height = stack[-1].height
                node = self.collection(stack.pop(), event)
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.stop("several-documents", event, "a second document begins")
                self.last = max(self.last, event.end_mark.index + self.shift)
                continue
            else:
                continue
            self.count += 1
            if self.count > self.limits.nodes:
                raise self.beyond("too-many-nodes", event, "nodes", "keys and values")
            self.last = max(self.last, node.end)
            anchor = None if isinstance(node, Alias) else node.anchor
            if anchor is not None:
                self.anchors[anchor], self.heights[anchor] = node, height
            if stack:
                stack[-1].nodes.append(node)
                stack[-1].height = max(stack[-1].height, height + 1)
            else:
                root = node
        if isinstance(root, Scalar) and root.start == root.end and root.style == "plain":
            root = None  # comments only: the reader sees an empty scalar
        return root, self.scalars

    def scalar(self, event: ScalarEvent) -> Scalar:
        start, end = self.own_start(event), event.end_mark.index + self.shift
        style = _STYLES.get(event.style, "plain")
        if style == "plain" and not event.value:
            bare = event.anchor is None and event.tag is None
            start = end = self.empty_at() if bare else end
        elif style in ("literal", "folded") and not event.value.strip():
            end = start + len(re.split(r"[^|>+\-1-9]", self.text[start:end], maxsplit=1)[0])
        elif style in ("literal", "folded"):
            end = start + len(self.text[start:end].rstrip(" \t\r\n"))
        if len(event.value) > self.limits.scalar:
            raise self.beyond("too-long", event, "scalar", "characters in one value")
        node = Scalar(start, max(start, end), event.value, style, event.tag, event.anchor)
        self.scalars.append(node)
        return node

    def alias(self, event: AliasEvent, stack: list[_Open]) -> Alias:
        name: str = event.anchor
        start, end = event.start_mark.index + self.shift, event.end_mark.index + self.shift
        target = self.anchors.get(name)
        if target is None:
            if any(level.event.anchor == name for level in stack):
                raise self.stop("recursive-alias", event, f"*{name} stands inside &{name}")
            raise self.stop("unknown-alias", event, f"nothing above is marked &{name}")
        return Alias(start, end, name, target)

    def collection(self, level: _Open, event: Event) -> Sequence | Mapping:
        opened, nodes = level.event, level.nodes
        end = event.end_mark.index + self.shift
        if not opened.flow_style:
            # A block's end event lies at the next token: the block ends where its last child does.
            end = nodes[-1].end if nodes else level.start
        if isinstance(opened, SequenceStartEvent):
            flow = bool(opened.flow_style)
            return Sequence(level.start, end, tuple(nodes), flow, opened.tag, opened.anchor)
        if len(nodes) > 2 * self.limits.keys:
            raise self.beyond("too-many-keys", event, "keys", "keys in one mapping")
        pairs = tuple(zip(nodes[::2], nodes[1::2]))
        return Mapping(level.start, end, pairs, bool(opened.flow_style), opened.tag, opened.anchor)

    def own_start(self, event: Event) -> int:
        """Return where the node itself starts, behind its anchor and tag."""
        start: int = event.start_mark.index + self.shift
        if event.anchor is None and event.tag is None:
            return start
        if event.anchor in self.named:
            raise self.stop("duplicate-anchor", event, f"&{event.anchor} is used a second time")
        if event.anchor is not None:
            self.named.add(event.anchor)
        properties = re.compile(_PROPERTIES).match(self.text, start)
        return properties.end() if properties else start

    def empty_at(self) -> int:
        """Return where an empty value would stand: behind the `:`, `-` or `?` that asks for it."""
        match = re.compile(_INDICATOR).match(self.text, self.last)
        return match.end() if match else self.last

    def beyond(self, kind: str, event: Event, limit: str, unit: str) -> _Stop:
        return self.stop(kind, event, reason(limit, unit, self.limits))

    def stop(self, kind: str, event: Event, reason: str) -> _Stop:
        start = event.start_mark.index + self.shift
        end = max(event.end_mark.index + self.shift, start)
        return _Stop(Broken(kind, start, end, reason))


_INDICATOR = r"\s*(?:#[^\r\n]*[\r\n]\s*)*[:\-?](?=[\s,\]}]|\Z)"


def _fast_events(text: str) -> Iterator[Event]:
    try:
        from _ruamel_yaml import CParser
    except ImportError:  # no wheel for this platform: the Python parser does the same, slower
        yield from _python_events(text)
        return
    get = CParser(text).get_event
    event = get()
    while event is not None:
        yield event
        event = get()


def _python_events(text: str) -> Iterator[Event]:
    from io import StringIO

    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).parse(StringIO(text))  # type: ignore[no-any-return]


def _comments(text: str, scalars: list[Scalar]) -> Iterator[Comment]:
    """Yield every comment: a `#` at a line's start or behind white space, outside all scalars."""
    spans = iter(scalars)
    inside = next(spans, None)
    position = text.find("#")
    while position >= 0:
        while inside is not None and inside.end <= position:
            inside = next(spans, None)
        if inside is not None and _covers(inside, position, text):
            position = text.find("#", inside.end)
            continue
        end = line_end(text, position)
        if position == 0 or text[position - 1] in " \t\r\n\ufeff":
            yield Comment(position, end, text[position:end])
            position = text.find("#", end)
        else:
            position = text.find("#", position + 1)


def _covers(scalar: Scalar, position: int, text: str) -> bool:
    if scalar.style in ("literal", "folded"):  # a comment may follow the header: `key: |  # why`
        return line_end(text, scalar.start) <= position < scalar.end
    return scalar.start <= position < scalar.end


def _marked(text: str, error: MarkedYAMLError, shift: int) -> Broken:
    mark = error.problem_mark or error.context_mark
    start = min((mark.index if mark else 0) + shift, len(text))
    reason = str(error.problem or error.context or "not YAML")
    context = error.context_mark
    if context is not None and reason in _BLAME_CONTEXT:
        # The reader notices these too late: what lacks its colon or its end is the context.
        start = min(context.index + shift, len(text))
        return Broken("syntax", start, max(start, line_end(text, start)), reason)
    end = line_end(text, start)
    return Broken("syntax", start, end if end - start <= 40 else start + 1, reason)


_BLAME_CONTEXT = frozenset(
    [
        "could not find expected ':'",
        "found unexpected end of stream",
        "did not find expected ',' or ']'",
        "did not find expected ',' or '}'",
    ]
)


def _unreadable(text: str, error: YAMLError, shift: int) -> Broken:
    """Turn a reader error (control characters) into a place: it names no line of its own."""
    match = re.compile(_UNPRINTABLE).search(text, shift)
    if match:
        name = f"control character U+{ord(match.group()):04X}"
        return Broken("control-character", match.start(), match.end(), name)
    return Broken("syntax", shift, shift, str(error).splitlines()[0])


_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A pattern, compiled only when a text turns out to hold such a character: that takes 3 ms."""

"""From a text to its nodes.

Most configs are flat and plain; `flat` reads those line by line. Everything else goes to a YAML
parser (`composer`), which takes ten times as long and whose import alone doubles the start-up.
"""

from __future__ import annotations

import re

from ftlint.support.limits import DEFAULT, Limits
from ftlint.syntax import fast_path
from ftlint.syntax.nodes import Scalar, line_end, walk
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.syntax.nodes import Broken, Document


def compose(text: str, limits: Limits = DEFAULT) -> Document | Broken:
    """Return the only document of `text`, or what is wrong with it. Never raises."""
    document = fast_path.read(text, limits)
    if document is None:
        from ftlint.syntax import composer

        return composer.compose(text, limits)
    return document


def tabs(text: str, document: Document) -> list[tuple[int, int]]:
    """Return runs of tabs between tokens or in plain text, which PyYAML's scanner refuses."""
    if "\t" not in text:
        return []
    runs = [match.span() for match in re.finditer("\t+", text)]
    covered = [(comment.start, comment.end) for comment in document.comments]
    for node in walk(document.root) if document.root else ():
        if isinstance(node, Scalar) and node.style != "plain":
            block = node.style in ("literal", "folded")
            covered.append((line_end(text, node.start) if block else node.start, node.end))
    spans = iter(sorted(covered))
    start, end = next(spans, (len(text), len(text)))
    found = []
    for run in runs:
        while end <= run[0]:
            start, end = next(spans, (len(text), len(text)))
        if run[0] < start:
            found.append((run[0], min(run[1], start)))
    return found

"""A DeepSpeed config with the places of its keys: in the file itself, or on lines of another."""

from __future__ import annotations

import json

from ftlint.diagnostics import Finding
from ftlint.facts import deepspeed
from ftlint.syntax.nodes import Mapping, Scalar, deref
from ftlint.target.classify import placeholder_in
from ftlint.target.secrets import formless
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.facts.context import Context
    from ftlint.facts.deepspeed import Lines

LONGEST_VALUE = 40
"""Characters of a value that a message shows."""


class DeepSpeedConfig:
    """The DeepSpeed config of one file."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.content: dict[str, Any] = context.instance.facts["deepspeed"]
        self._lines: Lines | None = None

    @property
    def lines(self) -> Lines:
        """Where the keys are written, when another file holds them."""
        if self._lines is None:
            value = self.context.entries["deepspeed"].value
            self._lines = deepspeed.lines(value, self.context.source.path, self.context.disk)
        return self._lines

    def get(self, path: str) -> object:
        """Return the value at a dotted path, None where there is none or a placeholder."""
        found: object = self.content
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return None if placeholder_in(found) is not None else found

    def where(self, path: str) -> str:
        """Return the file and line of a key in words; nothing where the config itself has it."""
        entry = self.context.entries["deepspeed"]
        line = self.lines.of.get(path)
        if not isinstance(entry.value, str) or entry.value.lstrip().startswith("{"):
            return ""
        name = entry.value.replace("\\", "/").rpartition("/")[2]
        return f" (`{name}`, line {line})" if line else f" (`{name}`)"

    def finding(self, code: str, path: str, **values: object) -> Finding:
        """Return a finding on a key of the DeepSpeed config, shown where this file has it."""
        entry = self.context.entries["deepspeed"]
        start, end = _span(entry.node, path.split(".")) or entry.value_span
        values = {"path": path, "where": self.where(path), **values}
        return Finding(code, start, end, "deepspeed", values)


def shown(value: object) -> str:
    """Return a value as JSON has it, short."""
    text = formless(json.dumps(value, ensure_ascii=False, default=str))  # before it is cut
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _span(node: object, parts: list[str]) -> tuple[int, int] | None:
    """Return the span of a key that is written in the config itself."""
    span = None
    for part in parts:
        node = deref(node)  # type: ignore[arg-type]
        if not isinstance(node, Mapping):
            return None
        for key, value in node.pairs:
            if isinstance(key, Scalar) and key.text == part:
                span, node = (key.start, key.end), value
                break
        else:
            return span
    return span

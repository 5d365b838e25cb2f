"""Markdown from values."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ftlint.support.messages import format_float

if TYPE_CHECKING:
    from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return a value as inline code."""
    return f"`{text}`"


def codes(values: Iterable[object]) -> str:
    """Return values as inline code, one after the other."""
    return ", ".join(map(code, values))


def plain(value: object) -> str:
    """Return a value as YAML would take it."""
    if isinstance(value, float):
        return format_float(value)
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def fence(language: str, text: str) -> str:
    """Return a code block."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def sentence(text: str) -> str:
    """Return a summary as a sentence; a key at its head keeps its case."""
    head = text.split()[0]
    first = head if not head.isalpha() else head[0].upper() + head[1:]
    return f"{first}{text[len(head) :]}."


def tidy(text: str) -> str:
    """Return a page without blanks at line ends or doubled empty lines."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"

"""The pages that people read, and what stands in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    + list((ROOT / "docs").rglob("*.md"))
)


class Block(NamedTuple):
    """A fenced code block."""

    language: str
    text: str


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, language: str) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text("utf-8"), re.S | re.M)
    return [Block(kind, text) for kind, text in found if kind == language]


def prose(path: Path) -> str:
    """Return a page without its code: what stands there is no link."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def column(path: Path, heading: str) -> list[str]:
    """Return the code words in the first column of the table below a heading."""
    section = path.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.M)
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page, as GitHub and MkDocs make them of its headings."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.S | re.M)
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}

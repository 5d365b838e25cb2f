"""YAML texts written piece by piece, so that where each node stands is known without a parser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

LETTERS = "abkxyzEN019_한글数据é😀𝒳"
GLUED = [*LETTERS, "#x", ":x", "'s", "-", ".", "/", "%", "@", "!", "&", "*", "[", "}", ",", "|"]
"""What may stand inside a plain scalar of a block: a `#` or `:` glued to its neighbours is text."""
IN_FLOW = [*LETTERS, "#x", "'s", "-", ".", "/", "%", "@", "!", "*", "|"]
QUOTED = [*LETTERS, " # no", ": no", "''", " ", "{", "]", "\\", '"', "- ", "&a", "*a", "\t", "%"]


class Stands(NamedTuple):
    """A node that must be found: the way to it, and its exact span."""

    way: tuple[str, ...]
    kind: str
    start: int
    end: int


class Writer:
    """Writes one document and notes what stands where."""

    def __init__(self, r: random.Random, line_end: str) -> None:
        self.r = r
        self.line_end = line_end
        self.text = ""
        self.nodes: list[Stands] = []
        self.comments: list[tuple[int, int]] = []
        self.anchors: list[str] = []
        self.open: list[str] = []

    def document(self) -> None:
        """Write a document: maybe a byte order mark, a head and an end, and a mapping."""
        if self.chance(0.2):
            self.text += "\ufeff"
        self.between(0)
        if self.chance(0.2):
            self.text += self.r.choice(["---", "%YAML 1.1" + self.line_end + "---"])
            self.aside()
            self.text += self.line_end
        self.between(0)
        self.mapping((), 0, 0)
        end = self.r.choice(["", self.line_end, self.line_end * 3, self.line_end + "..."])
        if end.strip():
            self.text += end + self.line_end
        elif not end:
            self.text = self.text.rstrip("\r\n")
        else:
            self.text += end
        assert not self.open

    def chance(self, share: float) -> bool:
        return self.r.random() < share

    def note(self, way: tuple[str, ...], kind: str, start: int) -> int:
        """Record a node from `start` to here; return where it ends."""
        self.nodes.append(Stands(way, kind, start, len(self.text)))
        return len(self.text)

    def mapping(self, way: tuple[str, ...], indent: int, depth: int) -> int:
        """Write a block mapping whose first line is indented already; return where it ends."""
        start, end = len(self.text), 0
        size = self.r.randint(1, 4)
        for number in range(size):
            if number:
                self.between(indent)
                self.text += " " * indent
            here = (*way, str(number))
            if self.chance(0.1):
                self.text += "? "
                self.key(here)
                self.aside()
                self.text += self.line_end + " " * indent + ":"
            elif self.chance(0.06) and self.anchors:
                begin = len(self.text)
                self.text += "<<"
                self.note((*here, "key"), "plain", begin)
                self.text += ":"
                end = self.alias((*here, "value"))
                self.finish_line()
                continue
            else:
                self.key(here)
                self.text += self.r.choice(["", "", "", " "]) + ":"
            end = self.value((*here, "value"), indent, depth)
        self.nodes.append(Stands(way, "mapping", start, end))
        return end

    def sequence(self, way: tuple[str, ...], indent: int, depth: int) -> int:
        """Write a block sequence whose first line is indented already; return where it ends."""
        start, end = len(self.text), 0
        for number in range(self.r.randint(1, 3)):
            if number:
                self.between(indent)
                self.text += " " * indent
            self.text += "-"
            here = (*way, str(number))
            if depth < 3 and self.chance(0.2):
                self.text += " "
                end = self.mapping(here, indent + 2, depth + 1)
            else:
                end = self.value(here, indent, depth)
        self.nodes.append(Stands(way, "sequence", start, end))
        return end

    def key(self, way: tuple[str, ...]) -> None:
        start = len(self.text)
        kind, text = self.scalar(self.r.choice([GLUED, LETTERS]))
        self.text += text
        self.note((*way, "key"), kind, start)

    def value(self, way: tuple[str, ...], indent: int, depth: int) -> int:
        """Write what stands behind a `:` or `-`, and the line break; return the value's end."""
        kind = self.r.random()
        if kind < 0.08:
            self.properties(trailing=False)
            end = self.note(way, "plain", len(self.text))
        elif kind < 0.14 and self.anchors:
            end = self.alias(way)
        elif kind < 0.26:
            return self.block_scalar(way, indent)
        elif kind < 0.38 and depth < 3:
            return self.nested(way, indent, depth)
        elif kind < 0.52:
            self.text += " "
            self.properties()
            end = self.flow(way, depth, indent)
        elif kind < 0.6:
            end = self.several_lines(way, indent)
        else:
            self.text += " "
            self.properties()
            start = len(self.text)
            style, text = self.scalar(GLUED)
            self.text += text
            end = self.note(way, style, start)
        self.settle()
        self.finish_line()
        return end

    def nested(self, way: tuple[str, ...], indent: int, depth: int) -> int:
        if self.chance(0.3):
            self.text += " "
            self.properties(
                trailing=False, tag="!!map" if (is_map := self.chance(0.5)) else "!!seq"
            )
        else:
            is_map = self.chance(0.5)
        mine, self.open = self.open, []
        self.finish_line()
        self.between(indent)
        deeper = indent + self.r.choice([1, 2, 4])
        if not is_map and way[-1] == "value" and self.chance(0.5):
            deeper = indent  # a list may stand right below its key
        self.text += " " * deeper
        end = (self.mapping if is_map else self.sequence)(way, deeper, depth + 1)
        self.anchors += mine
        return end

    def block_scalar(self, way: tuple[str, ...], indent: int) -> int:
        self.text += " "
        self.properties()
        start = len(self.text)
        style = self.r.choice("|>")
        deeper = indent + self.r.choice([1, 2, 4])
        fixed = self.chance(0.4)
        chomp = self.r.choice(["", "-", "+"])
        step = str(deeper - indent) if fixed else ""
        self.text += style + self.r.choice([step + chomp, chomp + step])
        end = len(self.text)
        self.aside()
        self.text += self.line_end
        for number in range(self.r.randint(0, 3)):
            if number and self.chance(0.3):
                self.text += self.line_end
            more = "  " if (fixed or number) and self.chance(0.3) else ""
            content = self.r.choice(["x", "# no comment", "한 국", "a: b", "- c", "'", "😀"])
            self.text += " " * deeper + more + content
            end = len(self.text)
            self.text += self.r.choice(["", "", "  "]) + self.line_end
        self.nodes.append(Stands(way, "literal" if style == "|" else "folded", start, end))
        self.settle()
        return end

    def several_lines(self, way: tuple[str, ...], indent: int) -> int:
        """Write a plain or quoted scalar that goes on in the next line."""
        self.text += " "
        start = len(self.text)
        quote = self.r.choice(["", "'", '"'])
        words = [
            self.r.choice(["one", "두", "#3", "f:our"][: 2 if n == 0 else 4]) for n in range(3)
        ]
        if not quote:
            words = [word.lstrip("#") for word in words]
        pause = self.line_end * self.r.choice([1, 1, 2]) + " " * (indent + 1)
        self.text += quote + pause.join(words) + quote
        kinds = {"": "plain", "'": "single", '"': "double"}
        return self.note(way, kinds[quote], start)

    def flow(self, way: tuple[str, ...], depth: int, indent: int) -> int:
        """Write a list or mapping in brackets, maybe over several lines."""
        start = len(self.text)
        mine, self.open = self.open, []
        is_map = self.chance(0.5)
        self.text += "{" if is_map else "["
        for number in range(self.r.randint(0, 3)):
            if number:
                self.text += ","
            self.pause(indent)
            here = (*way, str(number))
            if is_map:
                begin = len(self.text)
                kind, text = self.scalar(IN_FLOW)
                self.text += text
                self.note((*here, "key"), kind, begin)
                here = (*here, "value")
                if self.chance(0.1):  # a key alone
                    self.note(here, "plain", len(self.text))
                    continue
                self.text += ":"
                if self.chance(0.1):
                    self.note(here, "plain", len(self.text))
                    self.text += " "
                    continue
                self.text += " "
            if depth < 3 and self.chance(0.25):
                self.flow(here, depth + 1, indent)
            elif self.anchors and self.chance(0.1):
                self.text += " "
                self.alias(here)
                self.text += " "
            else:
                begin = len(self.text)
                kind, text = self.scalar(IN_FLOW)
                self.text += text
                self.note(here, kind, begin)
        self.pause(indent)
        self.text += "}" if is_map else "]"
        self.anchors += mine
        return self.note(way, "mapping" if is_map else "sequence", start)

    def pause(self, indent: int) -> None:
        """Write white space inside brackets: a space, or a new line with or without a comment."""
        if self.chance(0.7):
            self.text += self.r.choice([" ", "  ", ""]) if self.text[-1] in ",[{" else " "
            return
        self.aside()
        self.text += self.line_end + " " * (indent + 1)

    def alias(self, way: tuple[str, ...]) -> int:
        self.text += "" if self.text.endswith(" ") else " "
        start = len(self.text)
        self.text += "*" + self.r.choice(self.anchors)
        return self.note(way, "alias", start)

    def properties(self, trailing: bool = True, tag: str = "!!str") -> None:
        """Write an anchor, a tag, both or (mostly) neither; they are no part of the node."""
        parts = []
        if self.chance(0.15):
            name = f"a{len(self.text)}"
            self.open.append(name)
            parts.append("&" + name)
        if self.chance(0.1):
            parts.append(self.r.choice([tag, "!x", "!<tag:yaml.org,2002:str>", "!"]))
        if parts:
            self.r.shuffle(parts)
            self.text += "" if self.text.endswith(" ") else " "
            self.text += " ".join(parts) + (" " if trailing else "")

    def settle(self) -> None:
        """Let aliases refer to the anchors of the node just finished."""
        self.anchors += self.open
        self.open = []

    def scalar(self, letters: Sequence[str]) -> tuple[str, str]:
        """Return a style and a text of that style, of one line."""
        r = self.r
        style = r.choice(["plain", "plain", "single", "double"])
        if style == "plain":
            words = [
                r.choice(LETTERS) + "".join(r.choices(letters, k=r.randint(0, 3)))
                for _ in range(r.choice([1, 1, 2]))
            ]
            return style, " ".join(words)
        content = "".join(r.choices(QUOTED, k=r.randint(0, 4)))
        if style == "single":
            return style, "'" + content.replace("''", "'").replace("'", "''") + "'"
        escaped = content.isascii() or max(content) < "\uffff"  # YAML takes no surrogate pairs
        return style, json.dumps(content, ensure_ascii=escaped and r.random() < 0.3)

    def aside(self) -> None:
        """Write a comment behind something, sometimes."""
        if self.chance(0.25):
            self.text += self.r.choice([" ", "  "])
            self.comment()

    def comment(self) -> None:
        start = len(self.text)
        self.text += "#" + self.r.choice(["", " why", " 이유: 'x", " a # b", "# {"])
        self.comments.append((start, len(self.text)))

    def finish_line(self) -> None:
        self.aside()
        self.text += self.line_end

    def between(self, indent: int) -> None:
        """Write blank lines and comments of their own between two entries."""
        while self.chance(0.2):
            if self.chance(0.6):
                self.text += " " * self.r.choice([0, indent])
                self.comment()
            self.text += self.line_end

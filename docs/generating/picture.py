"""The picture of the README and the home page: what ftlint prints on a terminal, as SVG."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ("ftlint", "examples/bad/slips.yaml")
COLUMNS, CHARACTER, LINE, EDGE = 100, 8.0, 19, 20
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
PAPER, INK = "#101419", "#e4e8ee"
COLOURS = {"31": "#ff8a80", "34": "#79b3ff", "33": "#e6b450", "32": "#4cc38a", "2": "#98a3b1"}
"""By the number with which a terminal is asked for them; 2 is faint."""
ESCAPE = re.compile(r"\x1b\[(\d*)m")


def pages() -> dict[str, str]:
    """Return the picture, by path below docs."""
    return {"assets/ftlint.svg": drawn(["$ " + " ".join(COMMAND), "", *printed(COMMAND)])}


def printed(command: tuple[str, ...]) -> list[str]:
    """Return what a command prints in colour, in the repository's root."""
    paths = os.pathsep.join(str(ROOT / name) for name in ("lint", "schemas"))
    done = subprocess.run(
        [sys.executable, "-m", *command, "--color", "always"], cwd=ROOT, capture_output=True,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUTF8": "1"}, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode > 1:
        raise SystemExit(f"{command!r} failed: {done.stderr}")
    return [part for line in done.stdout.splitlines() for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    """Return a line in pieces that fit, those after the first as deep as its message."""
    bare = ESCAPE.sub("", line)
    if len(bare) <= COLUMNS or "\x1b" in line[line.find("= ") :]:
        return [line]
    depth = bare.find("= ") + 2 if "= " in bare else 0
    head = line[: len(line) - len(bare) + depth] if depth else ""
    first, *others = textwrap.wrap(bare[depth:], COLUMNS - depth)
    return [head + first, *(" " * depth + one for one in others)]


def drawn(lines: list[str]) -> str:
    """Return lines of a terminal as SVG."""
    width = round(COLUMNS * CHARACTER + 2 * EDGE)
    height = len(lines) * LINE + 2 * EDGE - 6
    rows = "\n".join(
        f'<text x="{EDGE}" y="{EDGE + 10 + at * LINE}">{"".join(_spans(line))}</text>'
        for at, line in enumerate(lines)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' role="img" aria-label="What {" ".join(COMMAND)} prints">\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>\n'
        f'<g font-family="{FONT}" font-size="13" fill="{INK}">\n'
        f"{rows}\n</g></svg>\n"
    )


def _spans(line: str) -> Iterator[str]:
    """Yield the pieces of a line, each in its colour and at its column, whatever font there is."""
    column, style = 0, "0"
    for at, piece in enumerate(ESCAPE.split(line)):
        if at % 2:
            style = piece
            continue
        indent = len(piece) - len(piece.lstrip(" "))
        column += indent
        words = piece[indent:]
        if words:
            look = f' fill="{COLOURS[style]}"' if style in COLOURS else ""
            look += ' font-weight="700"' if style == "1" else ""
            size = f"{len(words) * CHARACTER:g}"
            yield (
                f'<tspan x="{EDGE + column * CHARACTER:g}" textLength="{size}"'
                f' lengthAdjust="spacing"{look}>{_kept(words)}</tspan>'
            )
        column += len(words)


def _kept(words: str) -> str:
    """Return words as SVG that joins no blanks."""
    return escape(words, quote=False).replace(" ", "\u00a0")

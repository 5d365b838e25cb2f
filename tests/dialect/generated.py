"""Scalars and small documents, most of them near a border of some loader's grammar."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS = ["", "", "", "+", "-"]
_NUMERALS = [
    "0", "1", "7", "10", "042", "0o17", "0x1F", "0x", "0b101", "0b_", "0b2", "1_000", "1__0", "08",
    "1:30", "1:60", "190:20:30", "1:30.5", "00", "0_", "_1", "9" * 20, "1.", ".1", "1.0", "1._0",
    "1.5e3", "1e3", "1e-4", "1E+5", "1e+", "5.e-5", "1.0e-4", "1.0E4", ".5e-3", ".5e3", "1_0e3",
    "1_e3", ".inf", ".Inf", ".INF", ".iNF", ".nan", ".NaN", ".NAN", "inf", "nan", "1e400", "0.",
    "2024-01-01", "2024-1-1", "2024-13-01", "2024-01-01 10:00:00", "2024-01-01T10:00:00Z",
    "2024-01-01t1:00:00.5 +01:00", "2024-02-30", "1,000", "1.2.3", "1e5.0", "0.1.", "1-2", "1e4e",
    "0x1G", "0b", "0_0x1", "1:2:3:4", "0:0", "1:", "12:34:56", "0o8", ".", "..", "-", "._1", "1_.5",
]  # fmt: skip
_WORDS = [
    "true", "True", "TRUE", "tRUE", "yes", "Yes", "YES", "y", "Y", "no", "No", "n", "on", "On",
    "off", "OFF", "null", "Null", "NULL", "nULL", "~", "None", "none", "", "=", "<<", "nil",
    "auto", "all", "lora", "a, b", "a b", "${x}", "${oc.env:HOME}", "${", "$", "\\${x}", "${a}b",
    "{{X}}", "<your_path>", "__X__", "path/to", "C:\\dir", "http://x/y", "a:b", "a#b", "한국어",
    "数据", "é", "@x", "`x", "%x", "!!", "*", "&", "?x", "-x", ":x", "x:", "|x", ">x", "'", '"',
]  # fmt: skip
_TAGS = ["", "", "", "", "", "", "", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ",
         "!!binary ", "!!timestamp ", "!x ", "! ", "&a ", "!!python/name:os.system "]  # fmt: skip


def scalar(r: random.Random) -> str:
    """Return the text of one scalar: plain, or quoted one time in six."""
    text = r.choice(_SIGNS) + r.choice(_NUMERALS) if r.random() < 0.55 else r.choice(_WORDS)
    if r.random() < 0.12:
        place = r.randrange(len(text) + 1)
        text = text[:place] + r.choice("0_.:eE+-x ") + text[place:]
    style = r.random()
    if style < 0.08:
        text = "'" + text.replace("'", "''") + "'"
    elif style < 0.16:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return r.choice(_TAGS) + text


def document(r: random.Random, depth: int = 0) -> str:
    """Return a block mapping of a few keys: nested, in flow style, with anchors and merges."""
    indent = "  " * depth
    lines = []
    for number in range(r.randint(1, 4)):
        key = r.choice(["a", "b", "c", "key", f"k{number}", "'a'", "1", "null", "yes", "<<", "한"])
        kind = r.random()
        if kind < 0.6 or depth > 1:
            value = " " + scalar(r)
        elif kind < 0.7:
            value = " [" + ", ".join(scalar(r) for _ in range(r.randint(0, 3))) + "]"
        elif kind < 0.78:
            value = " {" + ", ".join(f"{r.choice('xyz')}: {scalar(r)}" for _ in range(2)) + "}"
        elif kind < 0.84:
            value = "".join(f"\n{indent}- {scalar(r)}" for _ in range(r.randint(1, 3)))
        elif kind < 0.88:
            value = f" |\n{indent}  {r.choice(_WORDS)}\n{indent}  text"
        elif kind < 0.92:
            value = " *a"
        else:
            value = (" &a\n" if r.random() < 0.5 else "\n") + document(r, depth + 1).rstrip("\n")
        comment = r.choice(["", "", "", "  # note", "\t# tab", " #"])
        lines.append(f"{indent}{key}:{value}{comment}")
    text = "\n".join(lines) + "\n"
    return text.replace("\n", "\r\n") if depth == 0 and r.random() < 0.1 else text


def texts(seed: int, scalars: int, documents: int) -> Iterator[str]:
    """Yield `scalars` one-key documents and `documents` small ones, fixed by `seed`."""
    r = random.Random(seed)
    for _ in range(scalars):
        yield f"key: {scalar(r)}\n"
    for _ in range(documents):
        yield document(r)

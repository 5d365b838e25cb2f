"""Documents that are drawn rather than written, for what must hold of every one."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.document.written import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator


LINE_ENDS = ["\n", "\n", "\r\n", "\r"]


MARKED = "ab1:#-?,[]{}&*!|>'\"%@`~= \t\n\r\x85\u2028한😀<.\\"
"""Letters and everything that has a meaning somewhere in YAML."""


LINES = st.lists(
    st.sampled_from(
        """a: 1|b: two words # c|c:|d: |- |? k|: v|- x|  - y|    z: [1, {q: 'r'}]|  w: "s" #|e: |2
        |f: >-  # c|   text # no|# own|&a g: *a|h: !!str|---|...|i: [|]|{j: |}|<<: *a|'k': l:m
        |\tm: n|%YAML 1.1|o: p #q|"r|s': t|  |u: 한 😀|v: - w""".split("|")
    ),
    max_size=14,
)


def written(seed: int) -> Writer:
    r = random.Random(seed)
    writer = Writer(r, r.choice(LINE_ENDS))
    writer.document()
    return writer


def comments_of_ruamel(text: str) -> Iterator[str]:
    """Yield the comments that ruamel's round-trip scanner hangs on its tokens."""
    tokens = YAML(typ="rt", pure=True).scan(io.StringIO(text))
    pending: list[object] = [getattr(token, "_comment", None) for token in tokens]
    while pending:
        part = pending.pop(0)
        if isinstance(part, list):
            pending[:0] = part
        elif part is not None:
            for line in getattr(part, "value", str(part)).splitlines():
                if line.strip().startswith("#"):
                    yield line.strip()

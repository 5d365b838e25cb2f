"""The table of hostile inputs in docs/reliability.md: `python -m tests.hostile.page` writes it."""

from __future__ import annotations

import re

from docs.generating.markdown import code, table, tidy

from tests.cli.calls import ROOT
from tests.hostile.inputs import ELSEWHERE, INPUTS

PAGE = ROOT / "docs" / "reliability.md"
REGION = re.compile(
    r"^(<!-- written by: python -m tests\.hostile\.page -->\n).*?^(<!-- end -->)$", re.S | re.M
)


def inputs() -> str:
    """Return each hostile input with how ftlint ends on it and the test that shows it."""
    rows = []
    for sent in INPUTS:
        found = ", ".join(f"[{one}](rules/{one}.md)" for one in sent.codes)
        said = f"status {sent.status}" + (f": {code(sent.said)}" if sent.said else "")
        rows.append((sent.name, found or said, code("test_hostile")))
    rows += [(name, ending, code(test.rpartition("::")[2])) for name, ending, test in ELSEWHERE]
    return table(("input", "finding or end", "test"), rows)


def written() -> str:
    """Return the page with its table made anew."""
    text, count = REGION.subn(
        lambda match: match[1] + tidy(inputs()) + match[2], PAGE.read_text("utf-8")
    )
    assert count == 1, f"{PAGE} has no place for the table"
    return text


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")

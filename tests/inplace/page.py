"""The page of figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ftlint.rulebook.registry import BUILT_IN
from tests.inplace.judged import WORDS, count
from tests.shared import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.inplace.found import Found, Seen
    from tests.inplace.judged import Judgement, Verdict

PAGE = ROOT / "docs" / "in-place.md"
_REGION = re.compile(r"(<!-- in place -->\n).*(<!-- end -->\n)", re.S)


def write(seen: Seen, judged: Verdict) -> None:
    """Put the figures between the markers of the page."""
    text = PAGE.read_text("utf-8")
    figures = "\n".join(region(seen, judged))
    PAGE.write_text(_REGION.sub(lambda match: f"{match[1]}{figures}\n{match[2]}", text), "utf-8")


def region(seen: Seen, judged: Verdict) -> Iterator[str]:
    """Yield the lines of the figures."""
    every = judged.judged
    advice = [one for one in every if one[0].severity != "error"]
    errors = [one for one in every if one[0].severity == "error" and not one[0].forked]
    forked = [one for one in every if one[0].forked]
    yield f"{seen.in_trees} configs in their trees, {seen.alone} by themselves.\n"
    yield "| findings | number | " + " | ".join(WORDS) + " | welcome or neutral |"
    yield "|---|---|" + "---|" * len(WORDS) + "---|"
    yield _row("warnings and advice", advice)
    yield _row("errors", errors)
    yield _row("keys and values where the tree has its own LLaMA Factory", forked)
    yield "\n| rule | number | " + " | ".join(WORDS) + " |"
    yield "|---|---|" + "---|" * len(WORDS)
    for code in sorted({one.code for one, _ in every}, key=lambda code: (len(code), code)):
        of_code = [pair for pair in every if pair[0].code == code]
        counted = count(of_code)
        cells = " | ".join(str(counted[word] or "") for word in WORDS)
        yield f"| [{code}](rules/{code}.md) {BUILT_IN[code].name} | {len(of_code)} | {cells} |"


def _row(title: str, some: Sequence[tuple[Found, Judgement]]) -> str:
    counted, all_ = count(some), len(some)
    good = counted["welcome"] + counted["neutral"]
    share = f"{good / all_:.1%}" if all_ else ""
    cells = " | ".join(str(counted[word]) for word in WORDS)
    return f"| {title} | {all_} | {cells} | {share} |"

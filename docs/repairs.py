"""Write docs/benchmarks/fixes.md from what was counted: `make repairs` (about half an hour).

python -m tests.fixes.corpus --json CORPUS
python bench/suites/fixes.py --json BESIDE
python docs/repairs.py CORPUS BESIDE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = """# Repairs

What fixing does to published configs, counted. Written by `make repairs`.
"""
EDITS = """
## Every single edit

At every key of {files} published configs, in four forms of each file, one edit at a time: the pair
deleted, renamed, given another value, another pair put below
it. After each the file is held to be what was planned, by ftlint's own reading, by ruamel's
round-trip loader and by its lines and comments counted from the two texts alone; a refused edit is
one that ftlint would not make without guessing.

{tried:,} edits tried: {done:,} made, {refused:,} refused, **{failed:,} failures**.

"""
REFUSED = """
Refused, and why:

"""
FIXES = """
## Every fix

What `--fix` and `--unsafe-fixes` do to the same files in the same forms. Held of each: it ends;
a second run changes nothing; every comment is there, that of a deleted pair on the line it had;
every line that changed is one of a fixed key; no error or warning is new but what the file had all
along and a misread key hid. Fixes that would break one of these are withheld.

"""
BESIDE = """
## Beside ruamel

The same repairs by ftlint's text edits and by ruamel's load and dump (round trip, quotes kept, no
line wrapped), one single edit in {step}; lines and comments that nobody asked to change.

"""
VERDICTS = ("done", "refused", "failed")


def edits(sheet: dict[str, Any]) -> str:
    """Return the part on single edits: totals, a table by form and kind, reasons."""
    counts = {tuple(kind): count for *kind, count in sheet["counts"]}
    totals = {verdict: _sum(counts, verdict) for verdict in VERDICTS}
    styles, forms, operations = (
        list(dict.fromkeys(kind[place] for kind in counts)) for place in range(3)
    )
    head = ["style", "form of the file", *operations, "failures"]
    rows = [
        [style, form, *(f"{_sum(counts, style, form, one):,}" for one in operations),
         str(_sum(counts, style, form, "failed"))]
        for style in styles
        for form in forms
    ]  # fmt: skip
    reasons = sorted(sheet["reasons"].items(), key=lambda one: -one[1])
    return (
        EDITS.format(files=sheet["files"], tried=sum(counts.values()), **totals)
        + _table(head, rows)
        + REFUSED
        + _table(["edits", "why"], [[f"{count:,}", reason] for reason, count in reasons])
    )


def fixes(sheet: list[dict[str, Any]]) -> str:
    """Return the part on whole fixes."""
    keys = ("files", "changed", "fixes", "withheld", "comments", "comments kept")
    head = ["release", "fixes", "files", "changed", "fixes made", "withheld",
            "comments in changed files", "kept", "failures"]  # fmt: skip
    rows = [
        [one["release"], "unsafe too" if one["unsafe"] else "safe",
         *(f"{one['counts'].get(key, 0):,}" for key in keys), str(len(one["failures"]))]
        for one in sheet
    ]  # fmt: skip
    return FIXES + _table(head, rows)


def beside(sheet: dict[str, Any]) -> str:
    """Return the part on ruamel."""
    head = ["repair", "tried"]
    for name in ("ftlint", "ruamel"):
        head += [f"{name}: other lines changed", "median", "worst", "repairs that lose a comment"]
    rows = [
        [one["repair"], f"{one['tried']:,}",
         *(f"{one[name][key]:,g}" if key == "median" else f"{one[name][key]:,}"
           for name in ("ftlint", "ruamel") for key in ("lines", "median", "worst", "losing"))]
        for one in sheet["table"]
    ]  # fmt: skip
    text = BESIDE.format(step=sheet["step"]) + _table(head, rows)
    text += f"\nruamel's load and dump alone gives {sheet['same']} of {sheet['files']} files back"
    text += " as they were.\n"
    if sheet["broken"]:
        left = ", ".join(f"{count} of {kind}" for kind, count in sheet["broken"].items())
        text += f"Left out, because ruamel fails on them: {left}.\n"
    return text


def _sum(counts: dict[tuple[str, ...], int], *wanted: str) -> int:
    return sum(count for kind, count in counts.items() if set(wanted) <= set(kind))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    corpus, other = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:])
    page = HEAD + edits(corpus["edits"]) + fixes(corpus["fixes"]) + beside(other)
    (Path(__file__).parent / "benchmarks" / "fixes.md").write_text(page, encoding="utf-8")

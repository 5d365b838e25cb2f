"""Write docs/accuracy.md from what the oracle measured: `make accuracy` (about an hour).

python -m tests.oracle.score 0.9.5 0.9.4 0.9.3 --count 3000 --json SCORES
python -m tests.oracle.rescue 0.9.5 0.9.4 0.9.3 --json RESCUES
python docs/accuracy.py RESCUES SCORES…
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HEAD = """# Accuracy

How often ftlint's errors agree with LLaMA Factory itself. Written by `make accuracy`.

- **Refused**: configs that the release's own parser refuses, only checks of the machine (GPU,
  installed packages) neutralised.
- **Recall**: of those, the share with at least one ftlint error.
- **Precision**: of the configs with an ftlint error whose fate is known, the share that the parser
  refuses or that crash when the real trainer runs them on a tiny model.
  Counted as well: a run that takes no step, or one, where the error says just that (FT2).
- **Late**: of the accepted configs with an error that were trained, how many crashed as foreseen.

Corpus: published configs of 58 repositories. Generated: valid bases with one to three mutations
over all keys and edge values; the number in brackets is the seed.

| release | configs | files | refused | recall | precision | late |
|---|---|---|---|---|---|---|
"""

KINDS = {
    "missed": "refused, and ftlint reports no error",
    "false": "an ftlint error, and the run trains",
    "late": "accepted, then crashed without an error",
    "open": "an ftlint error whose fate this machine cannot settle (a package, a device, data)",
}


RESCUE = """
## What `--fix` rescues

Published configs that the release refuses, judged again by its own parser after `ftlint --fix`, and
after `ftlint --fix --unsafe-fixes` (which may change the run). Spoilt: taken before, refused after.

| release | refused | accepted after --fix | after --fix --unsafe-fixes | spoilt |
|---|---|---|---|---|
"""
LEFT = """
What stays refused for 0.9.5, and why ftlint does not repair it by itself:

| config | ftlint still says | LLaMA Factory |
|---|---|---|
"""


def rescued(rescues: list[dict[str, Any]]) -> str:
    """Return the part of the page on what fixing does."""
    rows = [
        f"| {r['release']} | {r['refused']} | {r['safe']} | {r['unsafe']} | {len(r['spoilt'])} |"
        for r in rescues
    ]
    left = [
        f"| {one['file']} | {' '.join(dict.fromkeys(one['codes'])) or '-'} | {_cell(one['real'])} |"
        for r in rescues
        if r["release"] == "0.9.5"
        for one in r["left"]
    ]
    return RESCUE + "\n".join(rows) + "\n" + LEFT + "\n".join(left) + "\n"


def page(sheets: list[dict[str, Any]], rescues: list[dict[str, Any]]) -> str:
    """Return the Markdown page for the sheets of a score, and what was rescued."""
    rows = [
        f"| {s['release']} | {s['source']} | {s['files']} | {s['refused']} "
        f"| {s['recalled']}/{s['refused']} | {s['confirmed']}/{s['flagged']} "
        f"| {s['foreseen']}/{s['crashed']} |"
        for s in sheets
    ]
    parts = [HEAD + "\n".join(rows), rescued(rescues), "## Every disagreement\n"]
    for kind, meaning in KINDS.items():
        listed = [
            f"| {s['release']} | {_cell(d.get('note') or Path(d['file']).name)} "
            f"| {' '.join(dict.fromkeys(d['codes'])) or '-'} | {_cell(d['real'])} |"
            for s in sheets
            for d in s["disagreements"]
            if d["kind"] == kind
        ]
        parts.append(f"### {kind}: {meaning} ({len(listed)})\n")
        if listed:
            parts.append("| release | config | ftlint | LLaMA Factory |\n|---|---|---|---|")
            parts.append("\n".join(listed) + "\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    flat = " ".join(re.sub(r'"/[^"]*/([^/"]+)"', r"\1", text).split())
    flat = flat.replace("|", "\\|").replace("<", "&lt;")
    return flat if len(flat) <= 160 else flat[:159] + "…"


def _read(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    scores = [sheet for path in sys.argv[2:] for sheet in _read(path)]
    text = page(scores, _read(sys.argv[1]))
    (Path(__file__).parent / "accuracy.md").write_text(text, encoding="utf-8")

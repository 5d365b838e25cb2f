"""Write docs/accuracy.md from what the oracle measured: `make accuracy` (about an hour).

python -m tests.oracle.score 0.9.5 0.9.4 0.9.3 --count 3000 --json SCORES
python -m tests.oracle.rescue 0.9.5 0.9.4 0.9.3 --json RESCUES
python docs/accuracy.py RESCUES SCORES…

Without SCORES the page keeps those it has, and what was rescued is written anew.
Reasons for what is left come from docs/accuracy.yaml; the exit status is 1 when one is missing.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HEAD = """# Accuracy

How often ftlint's errors agree with LLaMA Factory itself. Written by `make accuracy`.

- **Refused**: configs that the release's own parser refuses, only checks of the machine (GPU,
  installed packages) neutralised.
- **Recall**: of those, the share with at least one ftlint error.
- **Precision**: of the configs with an ftlint error whose fate is known, the share that the parser
  refuses or that crash when the real program (train, export, chat) runs them on a tiny model.
  Counted as well: a run that takes no step, or one, where the error says just that (FT2). A crash
  that comes in the same way without the keys that the error is about confirms nothing; a config of
  several mutations is then run with the others taken back.
- **Late**: of the accepted configs with an error that were run, how many crashed as foreseen.

What needs a package, a device, a launcher or the network is run without the keys that need it, if
no error is about those. What is then still unknown counts nowhere and is listed below as open.

Corpus: published configs of 58 repositories. Generated: valid bases with one to three mutations
over all keys and edge values; the number in brackets is the seed, used for this page alone.

| release | configs | files | refused | recall | precision | late |
|---|---|---|---|---|---|---|
"""

KINDS = {
    "missed": "refused, and ftlint reports no error",
    "false": "an ftlint error, and the run trains",
    "late": "accepted, then crashed without an error",
    "open": "an ftlint error whose fate this machine cannot settle",
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

| config | ftlint still says | LLaMA Factory | why it is not repaired |
|---|---|---|---|
"""
DISAGREEMENTS = "## Every disagreement\n"
UNKNOWN = "nobody has found out yet"
UNSAFE = """
What 0.9.5 takes only after unsafe fixes, and why they are none that leave the run as it is meant:

| config | what is done | why it is not safe |
|---|---|---|
"""


def rescued(rescues: list[dict[str, Any]], reasons: dict[str, Any]) -> str:
    """Return the part of the page on what fixing does."""
    rows = [
        f"| {r['release']} | {r['refused']} | {r['safe']} | {r['unsafe']} | {len(r['spoilt'])} |"
        for r in rescues
    ]
    none: dict[str, Any] = {"left": [], "by_unsafe": []}
    newest = next((r for r in rescues if r["release"] == "0.9.5"), none)
    left = [
        f"| {one['file']} | {' '.join(dict.fromkeys(one['codes'])) or '-'} | {_cell(one['real'])} "
        f"| {next((reasons['left'][c] for c in one['codes'] if c in reasons['left']), UNKNOWN)} |"
        for one in newest["left"]
    ]
    unsafe = [
        f"| {one['file']} | {'; '.join(one['done'])} "
        f"| {'; '.join(reasons['unsafe'].get(code, UNKNOWN) for code in one['codes'])} |"
        for one in newest["by_unsafe"]
    ]
    tables = ((RESCUE, rows), (LEFT, left), (UNSAFE, unsafe))
    return "".join(head + "\n".join(lines) + "\n" for head, lines in tables)


def with_rescues(page: str, part: str) -> str:
    """Return a page that was written before, with another part on what fixing does."""
    start, end = page.index(part[: part.index("\n\n", 1)]), page.index(DISAGREEMENTS)
    return f"{page[:start]}{part}\n{page[end:]}"


def page(
    sheets: list[dict[str, Any]], rescues: list[dict[str, Any]], reasons: dict[str, Any]
) -> str:
    """Return the Markdown page for the sheets of a score, and what was rescued."""
    rows = [
        f"| {s['release']} | {s['source']} | {s['files']} | {s['refused']} "
        f"| {s['recalled']}/{s['refused']} | {s['confirmed']}/{s['flagged']} "
        f"| {s['foreseen']}/{s['crashed']} |"
        for s in sheets
    ]
    parts = [HEAD + "\n".join(rows), rescued(rescues, reasons), DISAGREEMENTS]
    for kind, meaning in KINDS.items():
        listed = [
            (s["release"], d) for s in sheets for d in s["disagreements"] if d["kind"] == kind
        ]
        parts.append(f"### {kind}: {meaning} ({len(listed)})\n")
        grouped: dict[str, list[str]] = {}
        for release, one in listed:
            grouped.setdefault(reason(one, reasons), []).append(
                f"| {release} | {_cell(one.get('note') or Path(one['file']).name)} "
                f"| {' '.join(dict.fromkeys(one['codes'])) or '-'} | {_cell(one['real'])} |"
            )
        for why, lines in grouped.items():
            parts.append(f"{why[0].upper()}{why[1:]}:\n")
            parts.append("| release | config | ftlint | LLaMA Factory |\n|---|---|---|---|")
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def reason(one: dict[str, Any], reasons: dict[str, Any]) -> str:
    """Return why a disagreement is left: the first reason that fits what was recorded of it."""
    for entry in reasons["open" if one["kind"] == "open" else "other"]:
        same = entry.get("because", one.get("because")) == one.get("because")
        fits = (re.search(entry.get(at, ""), one.get(at) or "", re.I) for at in ("real", "note"))
        if same and all(fits):
            return str(entry["why"])
    return UNKNOWN


def _cell(text: str) -> str:
    flat = " ".join(re.sub(r'"/[^"]*/([^/"]+)"', r"\1", text).split())
    flat = flat.replace("|", "\\|").replace("<", "&lt;")
    return flat if len(flat) <= 160 else flat[:159] + "…"


def _read(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def main(arguments: list[str]) -> int:
    """Write the page; 1 when something on it has no reason."""
    here = Path(__file__).parent
    reasons = YAML(typ="safe", pure=True).load((here / "accuracy.yaml").read_text(encoding="utf-8"))
    rescues, *scores = map(_read, arguments)
    written = here / "accuracy.md"
    if scores:
        text = page([sheet for score in scores for sheet in score], rescues, reasons)
    else:
        text = with_rescues(written.read_text(encoding="utf-8"), rescued(rescues, reasons))
    written.write_text(text, encoding="utf-8")
    return int(UNKNOWN in text.casefold())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the plan knows of published configs, and what FT2 and FT3 say about them.

    python bench/suites/plans.py [--draw 40] [--seed 4] [--page docs/benchmarks/plans.md]

Prints a Markdown table: of the training configs of the corpus (`FTLINT_CORPUS`), how many get a
plan, and how many a finding, for each release, as they are and with the rows of their data stated
(`--dataset-size`). `--draw` also lists that many findings, drawn by chance, for somebody to read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("FTLINT_CORPUS", str(ROOT.parent / "shared" / "corpus")))
RELEASES = ("0.9.5", "0.9.4", "0.9.3")
SIZES = (None, 500, 5_000, 50_000)
FAMILIES = ("FT2", "FT3")


class Sheet(NamedTuple):
    """What one release says of all configs with so many rows stated, by the file's name."""

    release: str
    rows: int | None
    plans: dict[str, str]  # one of the words of `state`
    findings: list[dict[str, Any]]


def ftlint(*arguments: str) -> Any:
    """Run the linter of this checkout on the corpus and return what it prints as JSON."""
    paths = os.pathsep.join([str(ROOT / "lint"), str(ROOT / "schemas")])
    command = [sys.executable, "-m", "ftlint", *arguments, "--isolated", "--output-format", "json"]
    answer = subprocess.run(
        [*command, *names()], cwd=CORPUS / "files", env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    return json.loads(answer.stdout)


def names() -> list[str]:
    """Return the training configs of the corpus."""
    lines = (CORPUS / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return [row["file"] for row in rows if row["kind"] == "train"]


def state(plan: dict[str, Any]) -> str:
    """Return how much a plan says: every count, the steps, bounds on them, the epochs, or none."""
    if "reason" in plan:
        return "refused"
    if plan["bounds"].keys() <= {"evaluated"}:  # how long an eval_dataset is changes no count
        return "every count"
    if plan["total_steps"] is not None:
        return "steps"
    if plan["bounds"]["total_steps"][1] is not None:
        return "bounds"
    return "no steps"


def sheet(release: str, rows: int | None) -> Sheet:
    """Plan and judge every config."""
    stated = ("--target", release, *(("--dataset-size", str(rows)) if rows else ()))
    plans = {plan["path"]: state(plan) for plan in ftlint("steps", *stated)}
    found = ftlint("check", *stated, "--no-cache", "--select", ",".join(FAMILIES))["diagnostics"]
    return Sheet(release, rows, plans, found)


STATES = ("every count", "steps", "bounds", "no steps", "refused")


def table(sheets: list[Sheet]) -> list[str]:
    """Return the counts as Markdown."""
    lines = [
        "| release | rows stated | " + " | ".join(STATES) + " | unread | FT2 | FT3 | codes |",
        "|---" * (len(STATES) + 6) + "|",
    ]
    for one in sheets:
        states = Counter(one.plans.values())
        codes = Counter(finding["code"] for finding in one.findings)
        files = [
            len({finding["path"] for finding in one.findings if finding["code"].startswith(family)})
            for family in FAMILIES
        ]
        counted = " ".join(f"{code}:{number}" for code, number in sorted(codes.items()))
        states_of = [str(states[name]) for name in STATES]
        unread = len(names()) - len(one.plans)
        rows = f"{one.rows:,}" if one.rows else "none"
        cells = [one.release, rows, *states_of, str(unread), *map(str, files), counted]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def drawn(sheets: list[Sheet], count: int, seed: int) -> list[str]:
    """Return findings of the newest release drawn by chance: a file and code once, at some size."""
    pool: dict[tuple[str, str], list[tuple[int | None, dict[str, Any]]]] = {}
    for one in sheets:
        for finding in one.findings if one.release == RELEASES[0] else ():
            pool.setdefault((finding["path"], finding["code"]), []).append((one.rows, finding))
    rng = random.Random(seed)
    lines = []
    for key in sorted(rng.sample(sorted(pool), min(count, len(pool)))):
        rows, finding = rng.choice(pool[key])
        where = f"{key[0]}:{finding['start']['line']} {key[1]}, {rows or 'no'} rows stated"
        lines.append(f"{where}: {finding['message']}")
    return lines


def main() -> None:
    """Print the table, and findings to be read."""
    parser = argparse.ArgumentParser(description="Plans and findings of published configs.")
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    sheets = [sheet(release, rows) for release in RELEASES for rows in SIZES]
    print(*table(sheets), sep="\n")
    if options.draw:
        print(*drawn(sheets, options.draw, options.seed), sep="\n")


if __name__ == "__main__":
    main()

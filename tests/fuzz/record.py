"""`python -m tests.fuzz.record RUNS.jsonl`: put what runs recorded into docs/reliability.md."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
REGION = re.compile(r"(<!-- fuzzing -->\n).*?(<!-- end -->\n)", re.S)


def table(lines: list[str]) -> str:
    """Return executions, hours and failures by target and engine, and their sums."""
    sums: dict[tuple[str, str], list[float]] = {}
    for line in lines:
        one = json.loads(line)
        found = sums.setdefault((one["target"], one["engine"]), [0, 0, 0])
        for place, key in enumerate(("executions", "seconds", "failures")):
            found[place] += one[key]
    sums["**all**", ""] = [sum(column) for column in zip(*sums.values())]
    rows = [
        f"| {target} | {engine} | {runs:,.0f} | {seconds / 3600:.2f} | {failures:.0f} |"
        for (target, engine), (runs, seconds, failures) in sums.items()
    ]
    head = ["| target | engine | executions | hours | failing inputs |", "| - | - | -: | -: | -: |"]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    made = table(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(REGION.sub(lambda match: match[1] + made + match[2], page), encoding="utf-8")

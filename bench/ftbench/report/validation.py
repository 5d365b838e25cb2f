"""What a validation found, as JSON and for a terminal."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ftbench.validation.checks import BOUNDED, EXACT, FAILED, WRONG
from ftlint import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.validation.campaign import ValidatedRun
    from ftbench.validation.checks import Check


def as_json(runs: Sequence[ValidatedRun]) -> dict[str, Any]:
    """Return the report as JSON, version 1."""
    around = next((run.result["environment"] for run in runs if run.result["environment"]), None)
    return {
        "version": 1,
        "kind": "validation",
        "tool": {"ftlint": __version__},
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": ["bench", *sys.argv[1:]],
        "environment": around,
        "summary": summary(runs),
        "runs": [
            {
                "path": run.path,
                "verdict": run.verdict,
                "rows_from_run": run.rows_from_run,
                "checks": [check._asdict() for check in run.checks],
                "said": run.said,
                "config": run.result["config"],
                "plan": run.result["plan"],
                "trainer": run.result["trainer"],
                "wall": None if run.result["phases"] is None else run.result["phases"]["wall"],
                "error": run.result["error"],
            }
            for run in runs
        ],
    }


def summary(runs: Sequence[ValidatedRun]) -> dict[str, int]:
    """Count the verdicts."""
    kinds = (EXACT, BOUNDED, WRONG, FAILED)
    return {kind: sum(run.verdict == kind for run in runs) for kind in kinds}


_COLUMNS = (
    ("rows", "rows of the train set"), ("steps", "steps planned"), ("done", "steps done"),
    ("warmup", "warmup"), ("logs", "logs"), ("evals", "evaluations"), ("saves", "checkpoints"),
)  # fmt: skip


def lines(runs: Sequence[ValidatedRun]) -> Iterator[str]:
    """Yield a line for each config, then what does not agree, then the sum."""
    width = max([len(run.path) for run in runs], default=6)
    heads = "".join(f"{head:>9}" for head, _ in _COLUMNS)
    yield f"{'config':<{width}}{heads}  verdict"
    for run in runs:
        by_name = {check.name: check for check in run.checks}
        cells = "".join(f"{_cell(by_name.get(name)):>9}" for _, name in _COLUMNS)
        note = " (rows as tokenised)" if run.rows_from_run else ""
        yield f"{run.path:<{width}}{cells}  {run.verdict}{note}"
    for run in runs:
        for text in run.said:
            yield f"{run.path}: {text}"
    yield ", ".join(f"{count} {kind}" for kind, count in summary(runs).items())


def _cell(check: Check | None) -> str:
    if check is None:
        return "–"
    same = check.verdict != WRONG
    return str(check.seen) if same else f"{check.planned}≠{check.seen}"

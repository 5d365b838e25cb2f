"""The step plan against the real trainer.

`FTLINT_STEP_CASES` sets how many configs (default 40), `FTLINT_STEP_SEED` repeats a run; the seed
is printed. `python -m tests.oracle.steps_campaign` runs more of them and writes a page.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from .steps_campaign import EXACT, WRONG, run, table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

CASES = int(os.environ.get("FTLINT_STEP_CASES", "40"))
SEED = int(os.environ.get("FTLINT_STEP_SEED", str(time.time_ns() % 1_000_000)))


def test_random_runs(tmp_path: Path) -> None:
    print(f"FTLINT_STEP_SEED={SEED} FTLINT_STEP_CASES={CASES} in {tmp_path}")
    verdicts = run(CASES, SEED, tmp_path)
    print(*table(verdicts), sep="\n")
    wrong = [f"{one.text}: {one.case}" for one in verdicts if one.outcome == WRONG]
    assert not wrong, "\n".join(wrong)
    assert sum(one.outcome == EXACT for one in verdicts) >= 0.6 * CASES

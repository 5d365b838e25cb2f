"""Published configs and recorded runs, which the tests read and the repository does not hold.

`FTLINT_CORPUS` and `FTLINT_REFERENCE` name their folders. Tests that need one are marked `shared`;
`make test` says so when it has to leave them out.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BESIDE = ROOT.parent / "shared"
CORPUS = Path(os.environ.get("FTLINT_CORPUS") or _BESIDE / "corpus").resolve()
"""`manifest.jsonl` and `files/`: 308 configs of 58 public repositories, each release's verdict."""
REFERENCE = Path(os.environ.get("FTLINT_REFERENCE") or _BESIDE / "reference").resolve()
"""`step_cases.jsonl` with `step_data/`, `parse_cases.jsonl`, `keys/`: observed in real programs."""

"""Configs for old releases that fixing brings to a new one."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "migration"


OLD = sorted(path.name for path in (FOLDER / "old").iterdir())

"""Budgets of wall clock: `30m`, `2h`, `1h30m`, `90s`; and times as people say them."""

from __future__ import annotations

import re

from ftlint.syntax.directives import BUDGET

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}


def parse_budget(text: str) -> float | None:
    """Return the seconds of a budget above 0; None for anything else."""
    word = text.strip().lower()
    if not re.fullmatch(BUDGET, word):
        return None
    parts = re.findall(r"([0-9.]+)([dhms])", word)
    return sum(float(number) * UNITS[unit] for number, unit in parts) or None


def format_duration(seconds: float) -> str:
    """Return `42 s`, `6.5 min`, `2 h 41 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 10:
        return f"{seconds / 60:.1f} min"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"
